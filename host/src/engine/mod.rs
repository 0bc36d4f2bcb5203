//! Wasmtime, set up for handlers: the settings, what machine code is accepted, and loading it.

mod cache;
mod config;
mod digest;
mod error;
mod find;
mod fingerprint;
mod helper;
mod load;
mod stamp;
mod target;

pub(crate) use config::config_with_stack;
pub use config::{PRECOMPILED_EXTENSION, config};
pub(crate) use digest::{Digest, check_digest};
pub use error::LoadError;
pub(crate) use error::cause;
pub use find::{FileKind, find_handler};
pub use fingerprint::{Difference, Fingerprint};
pub use load::load_component;
pub use stamp::{Checksum, Origin, Stamp, Unfit};
pub use target::Target;
