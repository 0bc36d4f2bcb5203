//! Finds what would not work once deployed, before it is deployed.
//!
//! A template is read to nodes with lines (`yaml.rs`), loops and included files are written out
//! (`expand.rs`), parameters, conditions and other intrinsic functions are put in (`scope.rs`,
//! `intrinsics.rs`), and what is in files of its own is read (`parts.rs`). `function.rs` tells which
//! functions are this runtime's, `callee.rs` which function an ARN means, and each file of `rules/`
//! looks at one kind of resource that calls them. `artefacts.rs` opens the zips that the template names,
//! `machine.rs` looks at the tools of this machine.
//!
//! What only the deployment knows is unknown (`known.rs`): neither a fault nor in order, but a note.

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
