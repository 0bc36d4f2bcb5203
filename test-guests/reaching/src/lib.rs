//! A guest that reaches for what lies outside of its sandbox, and writes what it got, a line for
//! each step of its event: `{"steps": [{"fetch": {"url": "https://example.com/"}}, ...]}`.

mod fetch;
mod reach;

use bootstream::{Error, Event, Response, handler};
use serde::Deserialize;

/// What to do, in order. An outcome is `ok: ...` or `error: ...`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    Fetch(fetch::Fetch),
    /// Sends so many requests before it waits for the first answer.
    FetchAtOnce(u32, fetch::Fetch),
    /// Connects to `host:port` with a socket of the standard library.
    Connect(String),
    /// Binds and listens.
    Listen(String),
    /// Sends a datagram to `host:port`.
    Datagram(String),
    /// Looks a name up.
    Resolve(String),
    ReadFile(String),
    List(String),
    WriteFile(WriteFile),
    RemoveFile(String),
    /// The value of a variable.
    Env(String),
    /// Counts in memory that an instance keeps.
    Count,
    /// Prints a line to standard output.
    Print(String),
    Trap,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WriteFile {
    path: String,
    bytes: usize,
}

#[expect(clippy::needless_pass_by_value, reason = "the signature of a handler")]
fn handle(event: Event, response: Response) -> Result<(), Error> {
    let script: Script = event.json()?;
    let mut body = response.write_headers(bootstream::Head::new(200))?;
    for step in script.steps {
        let line = match run(step) {
            Ok(outcome) => format!("ok: {outcome}"),
            Err(reason) => format!("error: {reason}"),
        };
        writeln!(body, "{}", line.replace('\n', " "))?;
    }
    body.finish()
}

fn run(step: Step) -> Result<String, String> {
    match step {
        Step::Fetch(fetch) => fetch.run(),
        Step::FetchAtOnce(count, fetch) => fetch.run_at_once(count),
        Step::Connect(address) => reach::connect(&address),
        Step::Listen(address) => reach::listen(&address),
        Step::Datagram(address) => reach::datagram(&address),
        Step::Resolve(name) => reach::resolve(&name),
        Step::ReadFile(path) => reach::read_file(&path),
        Step::List(path) => reach::list(&path),
        Step::WriteFile(WriteFile { path, bytes }) => reach::write_file(&path, bytes),
        Step::RemoveFile(path) => reach::remove_file(&path),
        Step::Env(name) => std::env::var(name).map_err(|error| error.to_string()),
        Step::Count => Ok(reach::count().to_string()),
        Step::Print(text) => reach::print(&text),
        Step::Trap => reach::trap(),
    }
}

handler!(handle);
