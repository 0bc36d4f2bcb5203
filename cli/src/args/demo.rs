//! The arguments of `demo`.

use std::path::PathBuf;

use clap::Args;

use super::values::number;

/// The arguments of `demo`.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct DemoArgs {
    /// The port to listen on, or another one if it is in use; 0 takes a free one
    #[arg(long, default_value_t = 7000, value_parser = number("a port", 0..=u16::MAX))]
    pub(crate) port: u16,
    /// End after the first response, instead of serving until Ctrl-C
    #[arg(long)]
    pub(crate) once: bool,
    /// The `bootstrap` binary [env: BOOTSTREAM_BOOTSTRAP] [default: an installed one, else this command]
    #[arg(long, value_name = "PATH")]
    pub(crate) bootstrap: Option<PathBuf>,
}

const HELP: &str = "\
Examples:
  bootstream demo
  curl -N http://127.0.0.1:7000/     meanwhile, in another terminal

Runs a component that lies in this command, and shows when each line of its response arrives. Needs neither a \
compiler nor a project.

Exit codes: 0 streamed, 1 failed, 2 wrong usage.";
