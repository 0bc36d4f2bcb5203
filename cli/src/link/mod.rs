//! Links the libraries of a component into one module.
//!
//! componentize-py makes components of shared libraries: Python, libc, and others, each a module, which are linked
//! when the component is instantiated. Each start of a handler then pays for thousands of imports, exports and
//! elements of a table of functions. All of them are known when the component is built, and one module needs none.
//!
//! The component has the same imports and exports, and does the same. A component that is not made of libraries,
//! or whose modules run code when they are instantiated, stays as it is.

mod emit;
mod items;
mod merge;
mod module;
mod plan;
#[cfg(test)]
mod tests;

use anyhow::Result;
use plan::Plan;

/// Links the libraries of a binary component. Returns nothing if there are none, or they cannot be linked.
///
/// # Errors
///
/// The component is damaged.
pub(crate) fn link(component: &[u8]) -> Result<Option<Vec<u8>>> {
    match Plan::new(component)? {
        Some(plan) => emit::emit(&plan),
        None => Ok(None),
    }
}
