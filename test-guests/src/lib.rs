//! A guest that takes its event for a script and does what it says, right or wrong.
//!
//! It uses the bare bindings and not the SDK, whose types would keep it from breaking the rules.
//! The language is described in the README of this crate.

mod bindings;
mod outcome;
mod report;
mod resources;
mod runner;
mod script;
mod stream;

use bindings::{Context, Guest};
use runner::Runner;
use script::Instructions;

struct ScriptedGuest;

impl Guest for ScriptedGuest {
    fn handle(event: Vec<u8>, context: Context) -> Result<(), String> {
        match script::read(&event)? {
            Instructions::Script(script) => Runner::new(&event, &context).run(&script.steps),
            Instructions::None => stream::write(format!("event bytes: {}\n", event.len()))
                .map_err(|refusal| refusal.to_string()),
        }
    }
}

#[expect(unsafe_code, reason = "generated code of the component's export")]
const _: () = {
    bindings::export!(ScriptedGuest with_types_in bindings);
};
