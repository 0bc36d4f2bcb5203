//! Finds what would fail once deployed.
//!
//! A template is parsed to nodes with line numbers (`yaml.rs`), loops and included files are expanded
//! (`expand.rs`), parameters, conditions and other intrinsic functions are resolved (`scope.rs`,
//! `intrinsics.rs`), and parts in other files are read (`parts.rs`). `function.rs` finds the functions
//! of this runtime, `callee.rs` resolves ARNs to functions, and each file of `rules/` checks one kind of
//! resource that calls them. `artefacts.rs` checks the zips that the template names, `machine.rs` the
//! tools on this machine.
//!
//! Values that only the deployment knows are unknown (`known.rs`) and reported in notes.

pub(crate) mod artefacts;
mod callee;
pub(crate) mod diagnosis;
mod expand;
mod files;
mod function;
mod globals;
mod intrinsics;
mod known;
mod lenient;
pub(crate) mod machine;
mod parts;
mod rules;
pub(crate) mod samconfig;
mod scope;
mod settings;
mod template;
mod text;
mod yaml;
