//! Precompiles one component: the helper beside `bootstrap`.

use std::process::ExitCode;

fn main() -> ExitCode {
    bootstream_cli::bootstream_compile()
}
