//! The arguments of `deploy`.

use std::path::PathBuf;

use clap::Args;

use super::values::parse_variable;
use crate::finding::Rule;

/// The arguments of `deploy`.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct DeployArgs {
    /// The template
    #[arg(value_name = "TEMPLATE", default_value = "template.yaml")]
    pub(crate) template: PathBuf,
    /// The stack to create or update
    #[arg(long, value_name = "NAME")]
    pub(crate) stack: Option<String>,
    /// The Region [default: what the AWS tools say]
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// A parameter of the template, may be repeated
    #[arg(short, long = "parameter", value_name = "NAME=VALUE", value_parser = parse_variable)]
    pub(crate) parameters: Vec<(String, String)>,
    /// Replace the code of the function, and nothing else
    #[arg(long, conflicts_with_all = ["parameters", "allow"])]
    pub(crate) handler_only: bool,
    /// The function whose code is replaced: a name or an ARN [default: that of --stack]
    #[arg(long, value_name = "NAME", requires = "handler_only")]
    pub(crate) function: Option<String>,
    /// The function's package
    #[arg(
        long,
        value_name = "FILE",
        default_value = "dist/function.zip",
        requires = "handler_only"
    )]
    pub(crate) zip: PathBuf,
    /// Deploy despite the findings of a rule of `doctor`; may be repeated
    #[arg(long, value_name = "RULE", hide_possible_values = true)]
    pub(crate) allow: Vec<Rule>,
    /// Print the commands, and run only those that change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Further arguments of `sam deploy`
    #[arg(last = true, value_name = "ARGUMENT")]
    pub(crate) more: Vec<String>,
}

const HELP: &str = "\
Examples:
  bootstream deploy --stack hello -p Architecture=arm64
  bootstream deploy --stack hello -- --guided          SAM asks for everything
  bootstream deploy --stack hello --dry-run            only print the command
  bootstream deploy --handler-only --stack hello       only dist/function.zip

Deploys the output of `bootstream package`, after checking template and zips as `doctor` does; an \
error there stops it. Runs `sam`, or with --handler-only `aws`. If the tool is \
missing, the commands are printed, and the exit code is 1.

Exit codes: 0 deployed, or printed with --dry-run; 1 failed, refused, or no tool; 2 wrong usage.";
