//! Deploying with the tools of AWS, or saying how.
//!
//! `plan.rs` decides on the command lines, without running anything; `tool.rs` runs them.

pub(crate) mod plan;
pub(crate) mod tool;
