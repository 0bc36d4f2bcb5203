//! Which components of WASI 0.3 start.

use std::fs;

use artifact::{Arch, Concurrency, Flavour, Stamp};
use bootstream_host::engine;
use bootstream_test_support::assert_contains;
use bootstream_test_support::guests;
use bootstream_test_support::process::{Bootstrap, executable, executable_with_wasi_p3};
use bootstream_test_support::recorder::Recorder;

use super::get;

/// Machine code of the other engine says so in its stamp.
#[test]
fn a_component_beside_the_host_s_compiler_is_compiled_with_concurrent_tasks() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = folder.path().join("bootstrap");
    fs::copy(executable_with_wasi_p3(), &host).expect("a copy");
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

#[test]
fn the_executable_says_whether_it_has_wasi_0_3() {
    let of = |path| Concurrency::of_host(&fs::read(path).expect("an executable"));
    assert_eq!(of(executable_with_wasi_p3()), Concurrency::On);
    assert_eq!(of(executable()), Concurrency::Off);
}

/// With a compiler or without, and with machine code or without: the reason is the same.
#[test]
fn a_host_without_wasi_0_3_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let with_compiler = folder.path().join("bootstrap");
    fs::copy(executable(), &with_compiler).expect("a copy");
    std::os::unix::fs::symlink(guests::compiler(), folder.path().join("bootstream-compile"))
        .expect("a link");
    let [code, source] = [
        guests::component("service_guest"),
        guests::source("service_guest"),
    ];
    for (host, handler) in [
        (&executable(), &code),
        (&with_compiler, &code),
        (&with_compiler, &source),
    ] {
        let lambda = Recorder::start();
        let bootstrap = Bootstrap::with_executable(&lambda, host, handler);
        let mut host = bootstrap
            .env("TMPDIR", &folder.path().display().to_string())
            .start();
        let error = lambda.request("/runtime/init/error");
        assert_contains(
            &error.error_message(),
            "is a component of WASI 0.3, and this `bootstrap` was built without its feature `wasi-p3`; deploy the \
             one that `scripts/build-bootstrap.sh --wasi-p3` makes",
        );
        assert!(!host.exit().success());
    }
}

/// Wasmtime's own record in the code differs from a stamp that is consistent in itself.
#[test]
fn machine_code_of_the_other_engine_is_refused_whatever_its_stamp_says() {
    for (guest, claimed) in [
        ("service_guest", Concurrency::Off),
        ("scripted_guest", Concurrency::On),
    ] {
        let lambda = Recorder::start();
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("handler.cwasm");
        fs::write(&file, restamped(guest, claimed)).expect("a file");
        let bootstrap = Bootstrap::with_executable(&lambda, &executable_with_wasi_p3(), &file);
        let mut host = bootstrap.start();
        let error = lambda.request("/runtime/init/error").error_message();
        assert_contains(&error, "was not precompiled for this host");
        assert_contains(&error, "concurrency");
        assert!(!host.exit().success());
    }
}

/// The machine code of a guest with a stamp that claims another engine.
fn restamped(guest: &str, concurrency: Concurrency) -> Vec<u8> {
    let mut code = fs::read(guests::component(guest)).expect("machine code");
    let component = fs::read(guests::source(guest)).expect("a component");
    let stamp = Stamp::read(&code).expect("a stamp");
    code.truncate(usize::try_from(stamp.code.bytes).expect("a length"));
    let flavour = Flavour {
        concurrency,
        ..stamp.flavour()
    };
    let fingerprint = engine::fingerprint(Arch::HOST, concurrency);
    Stamp::append(code, &[], flavour, fingerprint, &component)
}
