//! Running the tools of AWS.

use std::io::ErrorKind;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::plan::CommandLine;

/// How a run ended.
#[derive(Debug)]
pub(crate) enum Ran {
    /// With success, and what it printed, if it was asked for.
    Well(String),
    /// There is no such program.
    NoTool,
}

/// Runs a tool at this terminal.
///
/// # Errors
///
/// It fails, after having said why.
pub(crate) fn at_terminal(line: &CommandLine) -> Result<Ran> {
    run(line, Stdio::inherit())
}

/// Runs a tool and returns what it prints.
///
/// # Errors
///
/// It fails, after having said why.
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
