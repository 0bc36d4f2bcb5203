//! `bootstream inspect`: what a component, its machine code or a package is.

use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::args::InspectArgs;
use crate::inspect::Subject;
use crate::printer::Printer;

/// Prints a description. The exit code is 1 if a host of this release does not run the file.
///
/// # Errors
///
/// The file cannot be read, or is none of the three kinds.
pub(crate) fn run(args: &InspectArgs, printer: &Printer) -> Result<ExitCode> {
    let subject =
        Subject::read(&args.file).with_context(|| format!("`{}`", args.file.display()))?;
    if args.json {
        printer.data_line(&subject.to_json().to_string())?;
    } else {
        for line in subject.lines() {
            printer.data_line(&line)?;
        }
    }
    Ok(if subject.runs() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
