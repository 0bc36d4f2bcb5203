//! Writes, reads and checks the zips for Lambda.
//!
//! `layout.rs` defines the content of each zip, `include/` finds the included files, `archive.rs`
//! writes and reads zips, and `inspect/` checks them.

pub(crate) mod archive;
pub(crate) mod elf;
pub(crate) mod include;
pub(crate) mod inspect;
pub(crate) mod layout;
