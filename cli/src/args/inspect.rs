//! The arguments of `inspect`.

use std::path::PathBuf;

use clap::Args;

/// The arguments of `inspect`.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct InspectArgs {
    /// A component (`.wasm`), machine code (`.cwasm`), or a zip of `bootstream package`
    pub(crate) file: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

const HELP: &str = "\
Examples:
  bootstream inspect handler.wasm            world, imports, settings, tools
  bootstream inspect handler.cwasm           what it was compiled for
  bootstream inspect dist/function.zip       everything in a package
  bootstream inspect handler.wasm --json     for programs

Reads files and runs nothing. A component may import more than it calls: the settings listed are those \
without which a call of an import fails or shows nothing.

Exit codes: 0 a host of this release runs it, 1 it does not, or the file cannot be read, 2 wrong usage.";
