//! `bootstream host`: installs the host, or is one.

use std::process::ExitCode;

use anyhow::Result;
use artifact::Arch;

use crate::args::{HostArgs, HostCommand, InstallArgs};
use crate::bootstrap::install::install;
use crate::printer::{Printer, Tone};

/// Installs the executables and prints where they are, or serves invocations until the process is asked to end.
///
/// # Errors
///
/// The archive cannot be read or is refused.
pub(crate) fn run(args: &HostArgs, printer: &Printer) -> Result<ExitCode> {
    match &args.command {
        HostCommand::Install(args) => install_from(args, printer),
        HostCommand::Run => bootstream_host::serve(),
    }
}

fn install_from(args: &InstallArgs, printer: &Printer) -> Result<ExitCode> {
    let arch = args.arch.unwrap_or(Arch::HOST);
    printer.message(Tone::Faint, &format!("installing the host for {arch} ..."));
    for path in install(arch, args.from.as_deref(), args.sha256.as_deref())? {
        printer.data_line(&path.display().to_string())?;
    }
    Ok(ExitCode::SUCCESS)
}
