//! The executable Lambda starts.

use std::process::ExitCode;

use bootstream_host::{print_version, serve};

fn main() -> ExitCode {
    match print_version() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => serve(),
        Err(_) => ExitCode::FAILURE,
    }
}
