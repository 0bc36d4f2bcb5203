//! The arguments of `compile`, and of `bootstream-compile`.

use std::path::PathBuf;

use artifact::Arch;
use clap::{Args, Parser};

use super::values::{arch, triple};

/// The arguments of `compile`.
#[derive(Args, Debug)]
#[command(after_help = PRECOMPILE_HELP)]
pub(crate) struct PrecompileArgs {
    /// The component
    #[arg(value_name = "FILE.wasm")]
    pub(crate) input: PathBuf,
    /// The file to write [default: the component's name with `.cwasm`]
    #[arg(short, long, value_name = "FILE.cwasm")]
    pub(crate) output: Option<PathBuf>,
    /// The architecture to compile for [default: this machine's]
    #[arg(long, value_parser = arch())]
    pub(crate) arch: Option<Arch>,
}

const PRECOMPILE_HELP: &str = "\
Examples:
  bootstream compile hello.wasm
  bootstream compile hello.wasm --arch arm64 -o handler.cwasm

Exit codes: 0 compiled, 1 failed, 2 wrong usage.";

/// Precompile a component to machine code that `bootstrap` loads
#[derive(Debug, Parser)]
#[command(name = "bootstream-compile", version, after_help = COMPILE_HELP)]
pub(crate) struct CompileArgs {
    /// The component
    #[arg(value_name = "FILE.wasm")]
    pub(crate) input: PathBuf,
    /// The file to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The machine to compile for: x86_64-unknown-linux-gnu or aarch64-unknown-linux-gnu [default:
    /// this one]
    #[arg(long, value_name = "TRIPLE", value_parser = triple)]
    pub(crate) target: Option<Arch>,
}

const COMPILE_HELP: &str = "\
Examples:
  bootstream-compile handler.wasm > handler.cwasm
  bootstream-compile handler.wasm --target aarch64-unknown-linux-gnu > arm.cwasm

Exit codes: 0 compiled, 1 failed, 2 wrong usage.";
