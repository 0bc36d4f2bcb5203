//! The arguments of `doctor`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::package::Format;
use super::values::parse_variable;
use crate::finding::Rule;

/// The arguments of `doctor`.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct DoctorArgs {
    /// The templates to read [default: template.yaml, template.yml and template-url.yaml, if they
    /// exist]
    #[arg(value_name = "TEMPLATE")]
    pub(crate) templates: Vec<PathBuf>,
    /// A parameter of the template, if it overrides its default and the value in the samconfig.toml
    /// beside it; may be repeated
    #[arg(short, long = "parameter", value_name = "NAME=VALUE", value_parser = parse_variable)]
    pub(crate) parameters: Vec<(String, String)>,
    /// Accept the findings of a rule; may be repeated
    #[arg(long, value_name = "RULE", hide_possible_values = true)]
    pub(crate) allow: Vec<Rule>,
    /// Check only one of the two
    #[arg(long, value_name = "SUBJECT")]
    pub(crate) only: Option<Subject>,
    /// The format of the report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: Format,
}

/// The subjects of a check.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Subject {
    /// Templates, and the zips they name
    Templates,
    /// The tools of this machine
    Machine,
}

const HELP: &str = "\
Examples:
  bootstream doctor                                    templates in this folder
  bootstream doctor template.yaml -p Architecture=arm64
  bootstream doctor --only templates --output json     for CI
  bootstream doctor -p AuthType=NONE --allow public-api

Each finding names a file, a line, a rule and a fix. Errors would fail once deployed; \
warnings work, but perhaps not as intended; notes name what only the deployment knows, or what was \
not read. Only functions of this runtime and their callers are checked.

Rules of the templates:
  transfer-mode  streaming-uri  invoke-mode    the response is buffered
  timeout-order  edge-idle-limit               the stream is cut
  http-api  url-in-vpc                         never streams
  document                                     the caller takes a JSON document
  public-api  url-permissions  permission      who may call the function
  missing-variable                             the function does not start
  missing-action                               the role lacks an action
  stage-update  stream-cache  runtime  template
Rules of the zips:
  bootstrap  architecture  system-libraries  missing-handler  stale-precompiled
  archive  package-size
Rules of this machine:
  machine

Exit codes: 0 no errors, 1 errors, 2 wrong usage.";
