//! The `bootstrap` that `scripts/build-bootstrap.sh --arch arm64` makes, on an emulated core of Graviton2.
//!
//! QEMU emulates the features of that core and no others, so code that runs here suits it. The engine's signal
//! handlers, stack switching and epoch timer have code of their own for this architecture, hence a test
//! of each.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use artifact::Arch;
use bootstream_test_support::process::{Bootstrap, Running};
use bootstream_test_support::recorder::{Event, Recorder};
use bootstream_test_support::steps::write;
use bootstream_test_support::{assert_contains, built, guests};
use serde_json::json;

use crate::lambda_root::assert_streams;

#[track_caller]
fn start(lambda: &Recorder, arch: Arch) -> Running {
    let folder = built("").join("test-components");
    fs::create_dir_all(&folder).expect("a folder beside the artefacts can be made");
    let launcher = folder.join("bootstrap-arm64");
    let bootstrap = built("arm64/lambda/bootstrap");
    let script = format!(
        "#!/bin/sh\nexec qemu-aarch64 -cpu neoverse-n1 {}\n",
        bootstrap.display()
    );
    // Concurrent tests write the same bytes.
    let unfinished = folder.join(format!("bootstrap-arm64-{:?}", std::thread::current().id()));
    fs::write(&unfinished, script).expect("a script");
    fs::set_permissions(&unfinished, fs::Permissions::from_mode(0o755)).expect("a script");
    fs::rename(unfinished, &launcher).expect("a file can be renamed in its folder");
    let host = Bootstrap::with_package(lambda, &launcher).env("PATH", "/usr/bin:/bin");
    guests::scripted_for(arch.triple(), &host.package().join("handler.wasm"));
    host.start()
}

#[test]
fn the_arm64_bootstrap_needs_no_library_and_no_fixed_address() {
    // "elf(5)": the file type is at offset 16, and differs for an executable at fixed addresses.
    const TYPE: usize = 16;
    const SHARED_OBJECT: u8 = 3;
    let bootstrap = fs::read(built("arm64/lambda/bootstrap")).expect("what the scripts build");

    assert_eq!(bootstrap[TYPE], SHARED_OBJECT);
    let loader = b"/ld-linux-aarch64.so.1\0";
    assert!(!bootstrap.windows(loader.len()).any(|bytes| bytes == loader));
}

#[test]
fn the_arm64_bootstrap_streams_and_survives_its_guests() {
    let lambda = Recorder::start();
    let mut host = start(&lambda, Arch::Arm64);

    assert_streams(&lambda, "id-1");
    lambda.script("id-2", &json!([write("x"), "trap"]));
    lambda.failed_response("id-2", "Function.Trap");
    lambda.script("id-3", &json!(["recurse_forever"]));
    lambda.reported_error("id-3", "Function.StackOverflow");
    let spin = json!({"steps": [write("x"), "loop_forever"]}).to_string();
    lambda.enqueue(Event::new("id-4", spin).deadline_in(Duration::from_secs(2)));
    lambda.failed_response("id-4", "Function.DeadlineExceeded");
    assert_streams(&lambda, "id-5");
    host.assert_running();
}

#[test]
fn the_arm64_bootstrap_refuses_code_for_x86_64() {
    let lambda = Recorder::start();
    let mut host = start(&lambda, Arch::X86_64);

    assert!(!host.exit().success());
    let message = lambda
        .request("/2018-06-01/runtime/init/error")
        .error_message();
    assert_contains(&message, "target `x86_64-unknown-linux-gnu`");
}
