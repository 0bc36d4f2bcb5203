//! Wasmtime, set up for handlers: the settings, and loading a component.

mod config;
mod error;
mod load;

pub use config::{PRECOMPILED_EXTENSION, config};
pub use error::LoadError;
pub(crate) use error::cause;
pub use load::{FileKind, find_handler, load_component};
