//! The steps of a script, right and wrong, and doing them.
//!
//! Uses the bare bindings and not the SDK, whose types would keep a guest from breaking the rules.
//! The language is described in the README of the guest that does nothing else.

pub mod bindings;
pub mod outcome;
mod report;
mod resources;
pub mod runner;
pub mod script;
pub mod stream;
