//! The developer's command: build, run and invoke handlers.

use std::process::ExitCode;

fn main() -> ExitCode {
    bootstream_cli::bootstream()
}
