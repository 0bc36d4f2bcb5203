//! Wasmtime, set up for handlers: the settings, what machine code is accepted, and loading it.

mod cache;
mod config;
mod digest;
mod engines;
mod error;
mod find;
mod fingerprint;
mod helper;
mod load;
mod memory;
mod page_map;
mod recycle;
mod region;
mod sources;
mod stamp;
mod target;

pub use cache::Cache;
pub use config::{FirstContent, PRECOMPILED_EXTENSION, config};
pub(crate) use digest::{Digest, check_digest};
pub(crate) use engines::Engines;
pub use error::LoadError;
pub(crate) use error::cause;
pub use find::{FileKind, find_handler};
pub use fingerprint::{Difference, Fingerprint};
pub(crate) use load::load_component;
pub(crate) use sources::Sources;
pub use stamp::{Checksum, Origin, Stamp, Unfit};
pub use target::Target;
