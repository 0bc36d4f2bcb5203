//! The arguments of `test`.

use std::path::PathBuf;

use clap::Args;

use super::dev::FunctionArgs;
use super::values::number;

/// The arguments of `test`.
#[derive(Args, Debug)]
#[command(after_help = TEST_HELP)]
pub(crate) struct TestArgs {
    /// A component, or the folder of a handler
    #[arg(default_value = ".")]
    pub(crate) handler: PathBuf,
    /// The file with the cases [default: bootstream.test.toml in the folder, or beside the component]
    #[arg(long, value_name = "FILE")]
    pub(crate) cases: Option<PathBuf>,
    /// Run only the cases whose names contain this text
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Option<String>,
    /// How many cases run at once [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = number("a number", 1..=1000_u16))]
    pub(crate) jobs: Option<u16>,
    /// Write what the handler does now into the expectations that it does not meet
    #[arg(long)]
    pub(crate) update: bool,
    /// Print JSON objects, one for each case
    #[arg(long)]
    pub(crate) json: bool,
    /// Also write the results to this file, in JUnit's format
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) function: FunctionArgs,
}

const TEST_HELP: &str = "\
Examples:
  bootstream test                        the cases of the project in this folder
  bootstream test hello --only count
  bootstream test hello --update         accept what the handler does now

A bootstream.test.toml beside the handler has its cases:
  [[case]]
  name = \"counts to two\"
  event = { from = \"url\", path = \"/numbers?count=2\" }
  [case.expect]
  status = 200
  body = { contains = \"Number: 2\" }

With clock = \"fake\" waits take no time. A [[case.outbound]] answers requests in place of another host; no case \
reaches the network. Each case runs in a process of its own. The log of a case that fails is printed with it.

Exit codes: 0 every case passed, 1 one failed or none was found, 2 wrong usage.";
