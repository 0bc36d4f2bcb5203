//! The arguments of `package`.

use std::path::PathBuf;

use artifact::Arch;
use clap::{Args, ValueEnum};

use super::values::arch;

/// The arguments of `package`.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct PackageArgs {
    /// A component (`.wasm`, `.cwasm`) or the folder of a handler
    #[arg(default_value = ".")]
    pub(crate) handler: PathBuf,
    /// The architecture of the function [default: this machine's]
    #[arg(long, value_parser = arch())]
    pub(crate) arch: Option<Arch>,
    /// The folder to write to
    #[arg(long, value_name = "DIR", default_value = "dist")]
    pub(crate) out_dir: PathBuf,
    /// Make one of the two zips
    #[arg(long, value_name = "PART", conflicts_with = "combined")]
    pub(crate) only: Option<Part>,
    /// Make one zip of host and function, for a function without a layer
    #[arg(long)]
    pub(crate) combined: bool,
    /// The `bootstrap` binary [env: BOOTSTREAM_BOOTSTRAP, for this machine's architecture] [default: an installed one
    /// for the architecture]
    #[arg(long, value_name = "PATH")]
    pub(crate) bootstrap: Option<PathBuf>,
    /// Add the compiler beside `bootstrap`, for components that are not precompiled; an installed one, or the
    /// one at PATH
    #[arg(long, value_name = "PATH", num_args = 0..=1, require_equals = true)]
    pub(crate) compiler: Option<Option<PathBuf>>,
    /// Leave the machine code out; the layer must have the compiler
    #[arg(long)]
    pub(crate) portable: bool,
    /// The component's name in the package
    #[arg(long, value_name = "NAME", default_value = "handler", value_parser = parse_name)]
    pub(crate) name: String,
    /// The settings to include [default: the bootstream.toml beside the handler, if there is one]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The format of the report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: Format,
}

/// The parts of a deployment, each with a lifetime of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Part {
    /// The layer with `bootstrap`
    Host,
    /// The function's code
    Function,
}

/// The formats of a report.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// One JSON object
    Json,
}

const HELP: &str = "\
Examples:
  bootstream package                             the crate in this folder
  bootstream package hello.wasm --arch arm64     for Graviton
  bootstream package hello.wasm --only function  to swap the handler
  bootstream package hello.wasm --combined       for a function without a layer

Writes reproducible zips, the same bytes for the same content:
  dist/host-layer.zip  -> /opt       bootstrap, and with --compiler
                                     bootstream-compile
  dist/function.zip    -> /var/task  handler.wasm, handler.cwasm,
                                     bootstream.toml, and included files
or with --combined:
  dist/combined.zip    -> /var/task  all of them

bootstream.toml lists the files to include, relative to its folder and in the pattern syntax of \
.gitignore; a wildcard does not match a name that begins with a dot:
  [package]
  include = [\"web/**\", \"!web/drafts\", \"certs/*.pem\"]

Checks before Lambda does: processor, C library and other libraries of the executables, modes, 250 MB \
unpacked, that the function's handler exists, and the files that settings name. Downloads nothing.

Environment: BOOTSTREAM_BOOTSTRAP, and those of `bootstream build`.

Exit codes: 0 written, 1 failed or refused, 2 wrong usage.";

fn parse_name(text: &str) -> Result<String, String> {
    const LONGEST: usize = 100;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if text.is_empty() || text.len() > LONGEST || !text.chars().all(plain) {
        return Err(format!(
            "use at most {LONGEST} letters, digits, `-` and `_`, without an extension"
        ));
    }
    Ok(text.to_owned())
}
