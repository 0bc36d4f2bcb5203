//! The files of a handler as data: components and machine code, and the facts that programs must agree on.
//!
//! A fact about a file that the compiler and the host must agree on belongs here: the names of a handler's
//! files, the content of a stamp, the layout of a source map, the versions of the contract that a component
//! may import.
//!
//! This crate has no engine: it neither compiles nor runs WebAssembly, and does not depend on Wasmtime. It
//! does no I/O: it takes bytes and names, and returns bytes and facts. It never panics on untrusted bytes.
#![warn(missing_docs)]

mod arch;
mod concurrency;
pub mod contract;
mod file_kind;
mod fingerprint;
mod flavour;
mod forms;
mod hex;
mod memory_init;
pub mod release;
pub mod source_map;
mod stamp;
mod tables;
pub mod world;

pub use arch::{Arch, UnknownArch};
pub use concurrency::Concurrency;
pub use file_kind::FileKind;
pub use fingerprint::{Difference, Fingerprint};
pub use flavour::Flavour;
pub use forms::{
    COMPONENT_EXTENSION, Forms, PRECOMPILED_EXTENSION, handler_names, is_inside_package,
};
pub use hex::hex;
pub use memory_init::MemoryInit;
pub use stamp::{Checksum, Origin, Stamp, Unfit};
pub use tables::{Called, Tables};
