//! The same handler for each world of components.

use std::path::Path;

use super::Target;
use super::ours::{Builds, ours, precompiled};

const PROXY: &str = "guests/wasm32-wasip2/lambda/bench_standard_handler.wasm";

/// The handler of the contract, and the same as a component of `wasi:http/proxy` of WASI 0.2.
///
/// # Errors
///
/// When something was not built.
pub(crate) fn worlds(root: &Path) -> anyhow::Result<Vec<Target>> {
    let package = root.join("target/bench/worlds");
    Ok(vec![
        ours(root)?,
        Target {
            name: "WASI 0.2",
            ..precompiled(root, &Builds::of_root(root)?, PROXY, &package, &[])?
        },
    ])
}
