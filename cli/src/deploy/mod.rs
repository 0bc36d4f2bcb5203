//! Deploys with the tools of AWS, or prints the commands.
//!
//! `plan.rs` decides on the command lines, without running anything; `tool.rs` runs them.

pub(crate) mod plan;
pub(crate) mod tool;
