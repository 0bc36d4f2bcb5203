//! The samples are examples of this package: see `Cargo.toml`.
