//! Wasmtime, set up for handlers.

mod config;

pub use config::{PRECOMPILED_EXTENSION, config};
