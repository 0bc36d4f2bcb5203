//! Finds what would not work once deployed, before it is deployed.
//!
//! A template is read to nodes with lines (`yaml.rs`), its parameters and conditions are put in
//! (`intrinsics.rs`), and each file of `rules/` looks at one kind of resource. `artefacts.rs` opens
//! the zips that the template names, `machine.rs` looks at the tools of this machine.

pub(crate) mod args;
pub(crate) mod artefacts;
pub(crate) mod intrinsics;
pub(crate) mod machine;
pub(crate) mod rules;
pub(crate) mod samconfig;
pub(crate) mod template;
pub(crate) mod yaml;
