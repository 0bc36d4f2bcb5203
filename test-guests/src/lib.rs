//! A guest that runs its event as a script, right or wrong.
//!
//! The README of this crate describes the language.

use guest_steps::bindings::{self, Context, Guest};
use guest_steps::runner::Runner;
use guest_steps::script::{self, Step};
use guest_steps::stream;

struct ScriptedGuest;

impl Guest for ScriptedGuest {
    fn handle(event: Vec<u8>, context: Context) -> Result<(), String> {
        match script::read::<Step>(&event)? {
            Some(steps) => Runner::new(&event, &context).run(&steps, Runner::step),
            None => stream::write(format!("event bytes: {}\n", event.len()))
                .map_err(|refusal| refusal.to_string()),
        }
    }
}

bindings::export!(ScriptedGuest with_types_in bindings);

#[cfg(test)]
mod tests {
    use guest_steps::script::{Step, read};

    #[test]
    fn every_script_in_the_readme_is_valid() {
        let readme = include_str!("../README.md");
        let scripts: Vec<_> = readme.split("```json\n").skip(1).collect();
        assert_eq!(scripts.len(), 3);

        for script in scripts {
            let (script, _) = script.split_once("```").unwrap();
            let steps = read::<Step>(script.as_bytes()).unwrap().unwrap();
            assert!(!steps.is_empty());
        }
    }
}
