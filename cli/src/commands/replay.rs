//! `bootstream replay`: runs a recorded invocation again, and compares what the handler writes.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use bootstream_host::rehearsal::{Capsule, Ending, Outcome, Replay};
use serde_json::json;

use super::build::component_for;
use crate::args::ReplayArgs;
use crate::deployment::{HANDLER_NAME, project_file};
use crate::files;
use crate::printer::{Printer, Tone};
use crate::project::Effort;
use crate::source::Source;

/// Replays the capsule, and prints whether the handler wrote the same.
///
/// # Errors
///
/// The capsule cannot be read, or the handler does not load.
pub(crate) fn run(args: &ReplayArgs, printer: &Printer) -> Result<ExitCode> {
    Replay::prepare_process();
    let name = args.capsule.display();
    let capsule = Capsule::parse(&read(&args.capsule)?).with_context(|| format!("`{name}`"))?;
    let component = component_for(&args.handler, Effort::Full, *printer)?;
    let source = Source::component(component, None, project_file(&args.handler))?;
    let deployment = source.prepare(&source.included()?, None, *printer)?;
    let replay = Replay::load(&capsule, deployment.task_root(), HANDLER_NAME)
        .with_context(|| format!("cannot replay with `{}`", source.file().display()))?;
    for note in notes(&capsule, replay.component()) {
        printer.message(Tone::Plain, &note);
    }
    let mut outcome = replay.run(capsule.clone());
    for _ in 1..args.times {
        if outcome.difference.is_some() {
            break;
        }
        outcome = replay.run(capsule.clone());
    }
    print(&outcome, &capsule, args.json, printer)?;
    Ok(ExitCode::from(u8::from(outcome.difference.is_some())))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    if path != Path::new("-") {
        return files::read(path);
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .read_to_end(&mut bytes)
        .context("cannot read standard input")?;
    Ok(bytes)
}

/// Returns what may explain a difference.
fn notes(capsule: &Capsule, component: &str) -> Vec<String> {
    let mut notes = Vec::new();
    match &capsule.component {
        Some(recorded) if recorded != component => {
            notes.push("the component is not the one that was recorded".to_owned());
        }
        _ => {}
    }
    if capsule.masked > 0 {
        notes.push(format!(
            "the capsule has `***` in place of secrets, {} times: a handler that checks them differs",
            capsule.masked
        ));
    }
    let here = (artifact::release::VERSION, std::env::consts::ARCH);
    if (capsule.release.as_str(), capsule.architecture.as_str()) != here {
        notes.push(format!(
            "it was recorded by release {} on {}, and this is {} on {}",
            capsule.release, capsule.architecture, here.0, here.1
        ));
    }
    notes
}

fn print(outcome: &Outcome, capsule: &Capsule, is_json: bool, printer: &Printer) -> Result<()> {
    if is_json {
        printer.data_line(&object(outcome, capsule).to_string())?;
        return Ok(());
    }
    printer.data_line(&text(outcome, capsule))?;
    Ok(())
}

fn result(outcome: &Outcome) -> &'static str {
    match outcome.difference {
        Some(_) => "different",
        None if outcome.ended_early => "equal-until-cut",
        None => "equal",
    }
}

fn object(outcome: &Outcome, capsule: &Capsule) -> serde_json::Value {
    let difference = outcome.difference.as_ref().map(|it| {
        json!({
            "place": it.place,
            "recorded": it.recorded,
            "replayed": it.replayed,
            "offset": it.offset,
        })
    });
    json!({
        "result": result(outcome),
        "requestId": capsule.request_id,
        "writes": outcome.writes,
        "difference": difference,
        "sameCalls": outcome.same_calls,
        "unanswered": outcome.unanswered,
        "truncatedAt": capsule.truncated_at,
    })
}

fn text(outcome: &Outcome, capsule: &Capsule) -> String {
    let mut text = String::new();
    // A string takes any text.
    let _ = match &outcome.difference {
        Some(it) => {
            let offset = it.offset.map(|offset| format!(", from byte {offset} on"));
            write!(
                text,
                "different at {}{}\n  recorded: {}\n  replayed: {}",
                it.place,
                offset.unwrap_or_default(),
                it.recorded,
                it.replayed
            )
        }
        None if outcome.ended_early => {
            let why = match (capsule.truncated_at, &capsule.ending) {
                (Some(bytes), _) => format!("the capsule was cut at its limit of {bytes} bytes"),
                (None, Some(Ending::Failed { error_type, .. })) => {
                    format!("the handler was stopped there: {error_type}")
                }
                (None, _) => "the recording ends there".to_owned(),
            };
            write!(
                text,
                "equal: {} as far as it was recorded; {why}",
                writes(outcome)
            )
        }
        None => {
            let end = match &outcome.ending {
                Some(Ending::Failed {
                    error_type,
                    message,
                    ..
                }) => format!("the same failure: {error_type}: {message}"),
                _ => "the same end".to_owned(),
            };
            write!(text, "equal: {}, and {end}", writes(outcome))
        }
    };
    for request in &outcome.unanswered {
        let _ = write!(text, "\n  no answer was recorded for {request}");
    }
    text
}

fn writes(outcome: &Outcome) -> String {
    match outcome.writes {
        1 => "1 write".to_owned(),
        writes => format!("{writes} writes"),
    }
}
