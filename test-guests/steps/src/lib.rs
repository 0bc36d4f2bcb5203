//! The steps of a script, right and wrong, and their execution.
//!
//! Uses the bare bindings and not the SDK, whose types would keep a guest from breaking the rules.
//! The README of the scripted guest describes the language.

pub mod bindings;
pub mod outcome;
mod report;
mod resources;
pub mod runner;
pub mod script;
pub mod stream;
