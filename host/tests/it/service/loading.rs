//! Which components of WASI 0.3 start.

use std::fs;

use bootstream_test_support::guests;
use bootstream_test_support::process::{Bootstrap, executable};
use bootstream_test_support::recorder::Recorder;

use super::get;

/// Machine code of the other engine says so in its stamp.
#[test]
fn a_component_beside_the_host_s_compiler_is_compiled_with_concurrent_tasks() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = folder.path().join("bootstrap");
    fs::copy(executable(), &host).expect("a copy");
    std::os::unix::fs::symlink(guests::compiler(), folder.path().join("bootstream-compile"))
        .expect("a link");
    let lambda = Recorder::start();
    let bootstrap = Bootstrap::with_executable(&lambda, &host, &guests::source("service_guest"));
    let host = bootstrap
        .env("TMPDIR", &folder.path().display().to_string())
        .start();
    lambda.enqueue(get("id-1", "/hello"));
    assert_eq!(lambda.complete_response("id-1").body(), "hello");
    host.logged("compiled and kept in");
}
