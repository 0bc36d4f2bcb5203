//! Runs the tools of AWS.

use std::io::ErrorKind;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::plan::CommandLine;

/// The outcome of a run.
#[derive(Debug)]
pub(crate) enum Ran {
    /// Success, with the captured output.
    Well(String),
    /// The program does not exist.
    NoTool,
}

/// Runs a tool at this terminal.
///
/// # Errors
///
/// The tool fails. It has printed the reason.
pub(crate) fn at_terminal(line: &CommandLine) -> Result<Ran> {
    run(line, Stdio::inherit())
}

/// Runs a tool and captures its output.
///
/// # Errors
///
/// The tool fails. It has printed the reason.
pub(crate) fn asked(line: &CommandLine) -> Result<Ran> {
    run(line, Stdio::piped())
}

fn run(line: &CommandLine, stdout: Stdio) -> Result<Ran> {
    let child = Command::new(line.program)
        .args(&line.arguments)
        .stdout(stdout)
        .stderr(Stdio::inherit())
        .spawn();
    let child = match child {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Ran::NoTool),
        Err(error) => return Err(error).with_context(|| format!("cannot run `{}`", line.program)),
    };
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("`{line}` failed: {}", output.status);
    }
    Ok(Ran::Well(
        String::from_utf8_lossy(&output.stdout).into_owned(),
    ))
}
