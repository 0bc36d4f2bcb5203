//! The arguments of `completions` and `man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// The arguments of `completions`.
#[derive(Args, Debug)]
#[command(after_help = COMPLETIONS_HELP)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: Shell,
}

const COMPLETIONS_HELP: &str = "\
Examples:
  source <(bootstream completions bash)
  bootstream completions zsh > ~/.zfunc/_bootstream
  bootstream completions fish > ~/.config/fish/completions/bootstream.fish

Exit codes: 0 printed, 1 failed, 2 wrong usage.";

/// The arguments of `man`.
#[derive(Args, Debug)]
#[command(after_help = MAN_HELP)]
pub(crate) struct ManArgs {
    /// The folder to write to
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}

const MAN_HELP: &str = "\
Examples:
  bootstream man share/man/man1

Writes a page for each command.

Exit codes: 0 written, 1 failed, 2 wrong usage.";
