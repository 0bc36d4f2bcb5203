//! A guest that makes spans and log records by `wasi:otel`, right and wrong. It also knows every step of the scripted
//! guest.

mod bindings;
mod spans;

use guest_steps::bindings::{Context, Guest, export};
use guest_steps::outcome::Failure;
use guest_steps::runner::Runner;
use guest_steps::script::{self, Step};
use guest_steps::stream;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Instruction {
    Otel(spans::Otel),
    Step(Step),
}

fn follow(runner: &mut Runner<'_>, instruction: &Instruction) -> Result<(), Failure> {
    match instruction {
        Instruction::Step(step) => runner.step(step),
        Instruction::Otel(step) => match step.run() {
            Some(line) => Ok(stream::write(line + "\n")?),
            None => Ok(()),
        },
    }
}

struct OtelGuest;

impl Guest for OtelGuest {
    fn handle(event: Vec<u8>, context: Context) -> Result<(), String> {
        let instructions = script::read::<Instruction>(&event)?.ok_or("no script")?;
        Runner::new(&event, &context).run(&instructions, follow)
    }
}

export!(OtelGuest with_types_in guest_steps::bindings);
