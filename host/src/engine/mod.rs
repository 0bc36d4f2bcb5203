//! Wasmtime for handlers: its settings, the check of machine code, and loading.

mod cache;
mod config;
mod digest;
mod engines;
mod error;
mod find;
mod helper;
mod load;
mod origin;
mod read_ahead;
mod sources;

pub use cache::Cache;
pub use config::{check_fits, compiler_digest, config, fingerprint};
pub(crate) use digest::{Digest, check_digest};
pub(crate) use engines::Engines;
pub use error::LoadError;
pub(crate) use error::cause;
pub use find::find_handler;
pub(crate) use load::{Loaded, load_component};
pub(crate) use read_ahead::ReadAhead;
pub(crate) use sources::Sources;
