//! The files of a handler as data: components, machine code, and what programs must agree on about them.
//!
//! A fact about a file that the compiler and the host must agree on belongs here: which file a handler
//! is, what a stamp says, where a source map has its numbers, which version of the contract a component
//! may import.
//!
//! This crate never holds an engine: it neither compiles nor runs WebAssembly, and does not depend on
//! Wasmtime. It does no I/O: it takes bytes and names, and returns bytes and facts. Outside bytes never
//! make it panic.
#![warn(missing_docs)]

mod arch;
pub mod contract;
mod file_kind;
mod fingerprint;
mod forms;
mod hex;
mod memory_init;
pub mod source_map;
mod stamp;

pub use arch::{Arch, UnknownArch};
pub use file_kind::FileKind;
pub use fingerprint::{Difference, Fingerprint};
pub use forms::{
    COMPONENT_EXTENSION, Forms, PRECOMPILED_EXTENSION, handler_names, is_inside_package,
};
pub use hex::hex;
pub use memory_init::MemoryInit;
pub use stamp::{Checksum, Origin, Stamp, Unfit};
