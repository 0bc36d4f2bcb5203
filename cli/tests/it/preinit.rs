//! `build --preinit`: work done once, at build time.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{bootstream, failure, succeed, text};

/// The guest that reports where its table was computed.
fn guest() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-guests/preinitialized")
}

fn build(folder: &Path, args: &[&str], output: &Path) -> Command {
    let mut command = bootstream(&["build"]);
    command.arg(folder).args(args).arg("-o").arg(output);
    command
}

#[track_caller]
fn invoke(component: &Path) -> String {
    let output = succeed(bootstream(&["invoke"]).arg(component));
    text(&output.stdout)
}

#[test]
fn memory_is_kept_and_work_is_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let [plain, ready] = ["plain.wasm", "ready.wasm"].map(|name| folder.path().join(name));
    let sum: u64 = (0..20_000).map(|n| n * n).sum();

    succeed(&mut build(&guest(), &[], &plain));
    succeed(&mut build(&guest(), &["--preinit", "--precompile"], &ready));

    let answer = format!("20000 squares, sum {sum}\n");
    assert_eq!(invoke(&plain), format!("computed in an instance, {answer}"));
    // As a component, and as machine code.
    for file in [&ready, &ready.with_extension("cwasm")] {
        assert_eq!(
            invoke(file),
            format!("computed when it was built, {answer}")
        );
    }
}

#[test]
fn the_same_component_comes_out_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let [one, other] = ["one.wasm", "other.wasm"].map(|name| folder.path().join(name));
    for output in [&one, &other] {
        succeed(&mut build(&guest(), &["--preinit"], output));
    }

    assert!(std::fs::read(one).unwrap() == std::fs::read(other).unwrap());
}

#[test]
fn a_handler_without_the_function_is_refused_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("numbers.wasm");
    let numbers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/streaming-numbers");

    let message = failure(&mut build(&numbers, &["--preinit"], &output));

    let end = "streaming_numbers.wasm`: exports no `initialize`: \
               does the crate have a function with `#[bootstream::preinit]`?\n";
    assert!(message.ends_with(end), "{message}");
    assert!(!output.exists());
}
