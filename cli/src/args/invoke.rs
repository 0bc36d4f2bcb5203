//! The arguments of `invoke`.

use std::path::PathBuf;

use clap::Args;

use super::dev::FunctionArgs;

/// The arguments of `invoke`.
#[derive(Args, Debug)]
#[command(after_help = INVOKE_HELP)]
pub(crate) struct InvokeArgs {
    /// A component or the folder of a handler to run once; without it the event goes to `--url`
    pub(crate) handler: Option<PathBuf>,
    /// The event: JSON text, `@FILE`, or `@-` for standard input
    #[arg(short, long, value_name = "JSON", default_value = "{}")]
    pub(crate) data: String,
    /// Where to send the event when no handler is given
    #[arg(
        long,
        default_value = "http://127.0.0.1:7000/invoke",
        conflicts_with = "handler"
    )]
    pub(crate) url: String,
    /// Print the seconds since the start before each chunk
    #[arg(long)]
    pub(crate) timing: bool,
    /// Print the status and the headers first
    #[arg(short, long)]
    pub(crate) include: bool,
    #[command(flatten)]
    pub(crate) function: FunctionArgs,
}

const INVOKE_HELP: &str = "\
Examples:
  bootstream invoke                           an empty event to `bootstream dev`
  bootstream invoke -d '{\"count\":3}' --timing
  bootstream invoke hello -d @event.json      a handler, without a server

The machine code of a component is cached in ~/.cache/bootstream, or in $XDG_CACHE_HOME/bootstream.

Exit codes: 0 the whole response arrived, 1 the handler failed or the stream was cut, 2 wrong usage.";
