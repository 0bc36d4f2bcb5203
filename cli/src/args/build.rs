//! The arguments of `build`.

use std::path::PathBuf;

use artifact::Arch;
use clap::Args;

use super::values::arch;

/// The arguments of `build`.
#[derive(Args, Debug)]
#[command(after_help = BUILD_HELP)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option")]
pub(crate) struct BuildArgs {
    /// The folder of the handler: a crate, or a project whose bootstream.toml says how it is built
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// Copy the component to this file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Cargo's target directory [default: cargo's own, which `CARGO_TARGET_DIR` may set]
    #[arg(long, value_name = "DIR")]
    pub(crate) target_dir: Option<PathBuf>,
    /// Call the handler's `#[bootstream::preinit]` function now, and keep the memory as it leaves it;
    /// writes NAME.preinit.wasm
    #[arg(long)]
    pub(crate) preinit: bool,
    /// Keep the line tables, for files and lines in stack traces, whatever the crate's profile says
    #[arg(long)]
    pub(crate) line_tables: bool,
    /// Also print where the component's bytes are: its sections, crates and largest functions
    #[arg(long)]
    pub(crate) report: bool,
    /// Also write the machine code, `NAME.cwasm`, beside the component
    #[arg(long)]
    pub(crate) precompile: bool,
    /// The architecture to precompile for [default: this machine's]
    #[arg(long, requires = "precompile", value_parser = arch())]
    pub(crate) arch: Option<Arch>,
    /// Install the wasm32-wasip2 target first if the compiler lacks it
    #[arg(long)]
    pub(crate) setup: bool,
}

const BUILD_HELP: &str = "\
Examples:
  bootstream build                              the crate in this folder
  bootstream build examples/streaming-numbers -o numbers.wasm
  bootstream build --precompile --arch arm64    also NAME.cwasm for Graviton
  bootstream build --preinit -o handler.wasm    with its start-up work done
  bootstream build --report                     where the component's bytes are
  bootstream build js-project                   as set in its bootstream.toml
  bootstream build --setup                      install the target first

A bootstream.toml in the folder may say how to build the component, for `package`, `dev` and \
`invoke` as well:
  [build]
  command = [\"npm\", \"run\", \"build\"]   # optional if the component exists
  component = \"handler.wasm\"          # without it, the folder has a crate
  module = \"handler.core.wasm\"       # a core module to make it of, for C and Go
  preinit = true                      # like --preinit
  line-tables = true                  # like --line-tables, for crates

A crate without a `[profile.release]`, in the manifest of its workspace or in cargo's configuration, is \
built with opt-level = \"s\", lto = true and strip = \"debuginfo\".

Prints the component's path and size. Cargo runs in the folder of the crate. The compiler is the \
rustc in use there if it has the target wasm32-wasip2, else the one that `--setup` installed in \
~/.cache/wasm-guest-toolchain, which uses a target folder of its own (`guests` in the target folder).

Environment: RUSTC, CARGO_TARGET_DIR, WASM_TOOLCHAIN_DIR, BOOTSTREAM_NO_RUSTUP (never call rustup).

Exit codes: 0 built, 1 failed, 2 wrong usage.";
