//! The zips that Lambda takes: making them, reading them, and what can be wrong with them.
//!
//! Read `layout.rs` for what goes where, `include/` for what goes along, then `archive.rs` and
//! `inspect.rs`.

pub(crate) mod archive;
pub(crate) mod elf;
pub(crate) mod include;
pub(crate) mod inspect;
pub(crate) mod layout;
