//! Tests of `wasi:http` by others: their host, their test suite and their samples.

mod differential;
mod samples;
mod serve;
mod testsuite;

use std::ffi::OsStr;
use std::path::Path;

use bootstream_test_support::built;

use crate::support::Dev;

/// The local Lambda with a component of WASI 0.3, or of any other world.
#[track_caller]
fn dev(component: &Path) -> Dev {
    let component = component.to_str().expect("a path in UTF-8");
    let bootstrap = built("lambda/bootstrap-wasi-p3");
    let variable: (&str, &OsStr) = ("BOOTSTREAM_BOOTSTRAP", bootstrap.as_os_str());
    Dev::run_with(&[component], &[variable])
}
