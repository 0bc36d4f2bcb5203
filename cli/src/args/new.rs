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
    /// What to start from
    #[arg(short, long, value_name = "TEMPLATE", default_value = "rust")]
    pub(crate) template: Template,
    /// The folder of the crate `bootstream` [default: the one in the checkout that this command is in, else the
    /// release on crates.io]
    #[arg(long, value_name = "DIR")]
    pub(crate) sdk: Option<PathBuf>,
}

/// The templates of new projects. Those from `axum` on serve `wasi:http`, and run in other hosts as well.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Template {
    /// A crate with the SDK of this project, with tests
    Rust,
    /// A module in JavaScript for QuickJS, built with npm, with tests
    Javascript,
    /// A module in TypeScript for QuickJS, built with npm, with tests
    Typescript,
    /// A module for componentize-py, built with pip
    Python,
    /// A module for Go's own compiler, with tests
    Go,
    /// A handler in C, built with make
    C,
    /// A crate with axum, for `wasi:http` by wstd
    Axum,
    /// An app of Hono in JavaScript, for `wasi:http` by componentize-js
    Hono,
    /// A listener for `fetch` in JavaScript, for `wasi:http` by componentize-js
    Fetch,
    /// A module for `wasi:http` by componentize-py
    WasiHttpPython,
}

const HELP: &str = "\
Examples:
  bootstream new hello                          a handler in Rust
  bootstream new hello --template javascript    one in JavaScript
  bootstream new hello --template typescript    one in TypeScript
  bootstream new hello --template python        one in Python
  bootstream new hello --template go            one in Go
  bootstream new hello --template c             one in C

Standard components, which other hosts of wasi:http run as well:
  bootstream new hello --template axum              Rust with axum
  bootstream new hello --template hono              JavaScript with Hono
  bootstream new hello --template fetch             JavaScript
  bootstream new hello --template wasi-http-python  Python

The project streams numbers, one each second. It has a README that says how to run, test and \
deploy it, a bootstream.toml with the settings of the sandbox, an event to send, and the templates of \
a REST API and a function URL.

Exit codes: 0 made, 1 failed, 2 wrong usage.";
