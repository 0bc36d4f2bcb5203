//! The arguments of `new`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The arguments of `new`.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct NewArgs {
    /// The name of the project, with an optional folder in front
    #[arg(value_name = "NAME")]
    pub(crate) folder: PathBuf,
    /// The language of the handler
    #[arg(short, long, value_name = "LANGUAGE", default_value = "rust")]
    pub(crate) template: Language,
    /// The folder of the crate `bootstream` [default: the one in the checkout that this command was
    /// built from]
    #[arg(long, value_name = "DIR")]
    pub(crate) sdk: Option<PathBuf>,
}

/// The languages of new projects.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Language {
    /// A crate with tests
    Rust,
    /// A module for componentize-qjs, built with npm
    Javascript,
    /// A module for componentize-py, built with pip
    Python,
}

const HELP: &str = "\
Examples:
  bootstream new hello                          a handler in Rust
  bootstream new hello --template javascript    one in JavaScript
  bootstream new hello --template python        one in Python

The project streams three numbers, one each second. It has a README that says how to run, test and \
deploy it, a bootstream.toml with the settings of the sandbox, an event to send, and the templates of \
a REST API and a function URL.

Exit codes: 0 made, 1 failed, 2 wrong usage.";
