//! A guest that tries to leave its sandbox, and writes one line for the outcome of each such step of its
//! event: `{"steps": [{"fetch": {"url": "https://example.com/"}}, ...]}`. It also knows every step of
//! the scripted guest.

mod fetch;
mod reach;

use guest_steps::bindings::{self, Context, Guest};
use guest_steps::outcome::Failure;
use guest_steps::runner::Runner;
use guest_steps::script::{self, Step};
use guest_steps::stream;
use serde::Deserialize;

/// One step of the script.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Instruction {
    PassOn(PassOn),
    Reach(Reach),
    Step(Step),
}

/// Requests a URL and writes the body of its response while it comes. A request that fails ends the invocation
/// with its reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PassOn {
    pass_on: fetch::Fetch,
}

/// A step out of the sandbox. Its outcome is `ok: ...` or `error: ...`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reach {
    Fetch(fetch::Fetch),
    /// Sends this many requests before it waits for the first response.
    FetchAtOnce(u32, fetch::Fetch),
    /// Connects to `host:port` with a socket of the standard library.
    Connect(String),
    /// Binds and listens.
    Listen(String),
    /// Sends a datagram to `host:port`.
    Datagram(String),
    /// Resolves a name.
    Resolve(String),
    ReadFile(String),
    List(String),
    WriteFile(WriteFile),
    RemoveFile(String),
    /// The value of a variable.
    Env(String),
    /// The time of both clocks, and random numbers.
    Surroundings,
    /// Counts in memory that lives as long as the instance.
    Count,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WriteFile {
    path: String,
    bytes: usize,
}

impl Reach {
    fn run(&self) -> Result<String, String> {
        match self {
            Self::Fetch(fetch) => fetch.run(),
            Self::FetchAtOnce(count, fetch) => fetch.run_at_once(*count),
            Self::Connect(address) => reach::connect(address),
            Self::Listen(address) => reach::listen(address),
            Self::Datagram(address) => reach::datagram(address),
            Self::Resolve(name) => reach::resolve(name),
            Self::ReadFile(path) => reach::read_file(path),
            Self::List(path) => reach::list(path),
            Self::WriteFile(WriteFile { path, bytes }) => reach::write_file(path, *bytes),
            Self::RemoveFile(path) => reach::remove_file(path),
            Self::Env(name) => std::env::var(name).map_err(|error| error.to_string()),
            Self::Surroundings => reach::surroundings(),
            Self::Count => Ok(reach::count().to_string()),
        }
    }
}

fn follow(runner: &mut Runner<'_>, instruction: &Instruction) -> Result<(), Failure> {
    let reach = match instruction {
        Instruction::Step(step) => return runner.step(step),
        Instruction::PassOn(PassOn { pass_on }) => {
            return pass_on.pass_on(|part| Ok(stream::write(part)?));
        }
        Instruction::Reach(reach) => reach,
    };
    // The response starts before anything can fail.
    stream::write("")?;
    let line = match reach.run() {
        Ok(outcome) => format!("ok: {outcome}"),
        Err(reason) => format!("error: {reason}"),
    };
    Ok(stream::write(line.replace('\n', " ") + "\n")?)
}

struct ReachingGuest;

impl Guest for ReachingGuest {
    fn handle(event: Vec<u8>, context: Context) -> Result<(), String> {
        let instructions = script::read::<Instruction>(&event)?.ok_or("no script")?;
        Runner::new(&event, &context).run(&instructions, follow)
    }
}

bindings::export!(ReachingGuest with_types_in bindings);
