//! `bootstream completions` and `bootstream man`: what shells and `man` read, made from the arguments.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::CommandFactory as _;

use crate::args::{Cli, CompletionsArgs, ManArgs};
use crate::printer::Printer;

/// Prints the completions for a shell.
///
/// # Errors
///
/// They cannot be written.
pub(crate) fn run(args: &CompletionsArgs, printer: &Printer) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "bootstream", &mut script);
    printer.data(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes a manual page for each command.
///
/// # Errors
///
/// They cannot be written.
pub(crate) fn man(args: &ManArgs) -> Result<ExitCode> {
    let folder = &args.folder;
    let name = folder.display();
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder `{name}`"))?;
    clap_mangen::generate_to(Cli::command(), folder)
        .with_context(|| format!("cannot write the pages to `{name}`"))?;
    Ok(ExitCode::SUCCESS)
}
