//! The arguments of `replay`.

use std::path::PathBuf;

use clap::Args;

/// The arguments of `replay`.
#[derive(Args, Debug)]
#[command(after_help = REPLAY_HELP)]
pub(crate) struct ReplayArgs {
    /// A file of `dev --record`, or a text with a capsule from the log; `-` for standard input
    pub(crate) capsule: PathBuf,
    /// A component, or the folder of a handler
    #[arg(default_value = ".")]
    pub(crate) handler: PathBuf,
    /// How often to run it; the first replay that differs is the last
    #[arg(long, value_name = "N", default_value_t = 1,
        value_parser = super::values::number("a number", 1..=1_000_000_u32))]
    pub(crate) times: u32,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

const REPLAY_HELP: &str = "\
Examples:
  bootstream dev --record capsules            keep each invocation as a file
  bootstream replay capsules/ID.capsule       run one again, with this project
  bootstream replay ID.capsule old.wasm       with another component
  bootstream replay line.txt                  a line copied from CloudWatch Logs

The handler gets what it got when it was recorded: event, time, random numbers, variables, answers of other hosts. \
No request leaves this machine, and waits take no time. On Lambda, `observe.record = \"failures\"` logs the capsule of \
each failed invocation.

Exit codes: 0 it wrote the same, 1 it did not or cannot be replayed, 2 wrong usage.";
