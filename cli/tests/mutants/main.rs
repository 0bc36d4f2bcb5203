//! The cases of the examples hold, and each fails when its handler is broken on purpose.
//!
//! Each example is copied, and built once as it is and once for each mutant of `mutants.toml`, without optimisation.
#![cfg(test)]

mod copy;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use bootstream_test_support::{cache_home, tool_caches, toolchain};
use serde::Deserialize;

use copy::{Copy, Kind, repository};

/// A change of an example's source.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutant {
    example: String,
    file: String,
    /// Text that is in the file once.
    from: String,
    to: String,
}

#[derive(Debug, Deserialize)]
struct File {
    mutant: Vec<Mutant>,
}

/// Fewest mutants of an example.
const LEAST: usize = 3;

fn mutants(example: &str) -> Vec<Mutant> {
    let file: File = toml::from_str(include_str!("mutants.toml")).unwrap();
    let mut mutants = file.mutant;
    mutants.retain(|mutant| mutant.example == example);
    mutants
}

/// Runs the cases of the copy of an example.
fn cases(copy: &Copy, kind: Kind) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bootstream"));
    command
        .arg("test")
        .arg(copy.folder())
        .envs(kind.variables())
        .env("XDG_CACHE_HOME", cache_home(env!("CARGO_TARGET_TMPDIR")))
        .env("WASM_TOOLCHAIN_DIR", toolchain())
        .envs(tool_caches())
        .stdin(Stdio::null());
    command.output().unwrap()
}

/// Whether a case has failed. A mutant that does not build proves nothing.
fn is_killed(output: &Output) -> bool {
    output.status.code() == Some(1) && text(output).contains("FAILED")
}

fn text(output: &Output) -> String {
    let both = [&output.stdout, &output.stderr];
    both.map(|it| String::from_utf8_lossy(it)).concat()
}

/// Checks the cases of an example.
#[track_caller]
fn check(example: &str, kind: Kind) {
    let mutants = mutants(example);
    assert!(mutants.len() >= LEAST, "{example}: {}", mutants.len());
    let copy = Copy::new(example, kind);
    let original = cases(&copy, kind);
    assert!(original.status.success(), "{example}: {}", text(&original));
    for mutant in mutants {
        let before = copy.replace(&mutant.file, &mutant.from, &mutant.to);
        let output = cases(&copy, kind);
        assert!(
            is_killed(&output),
            "survived: {mutant:?}\n{}",
            text(&output)
        );
        copy.write(&mutant.file, &before);
    }
}

/// Checks examples, each with the name of its test.
macro_rules! examples {
    ($($(#[$attribute:meta])* $test:ident: $example:literal, $kind:ident;)*) => {
        const CHECKED: &[&str] = &[$($example),*];
        $(
            #[test]
            $(#[$attribute])*
            fn $test() {
                check($example, Kind::$kind);
            }
        )*
    };
}

examples! {
    mutants_of_streaming_numbers_are_killed: "streaming-numbers", Rust;
    mutants_of_server_sent_events_are_killed: "server-sent-events", Rust;
    mutants_of_large_download_are_killed: "large-download", Rust;
    mutants_of_s3_download_are_killed: "s3-download", Rust;
    mutants_of_llm_proxy_are_killed: "llm-proxy", Rust;
    mutants_of_dynamodb_export_are_killed: "dynamodb-export", RustWithSdk;
    mutants_of_streaming_c_are_killed: "streaming-c", C;
    mutants_of_streaming_go_are_killed: "streaming-go", Go;
    mutants_of_streaming_javascript_are_killed: "streaming-javascript", Javascript;
    mutants_of_streaming_typescript_are_killed: "streaming-typescript", Javascript;
    #[ignore = "each build takes 20 s of CPU time: `.ci/run` runs it with CI_LONG=1"]
    mutants_of_streaming_python_are_killed: "streaming-python", Python;
}

#[test]
fn every_example_has_cases_that_are_checked() {
    let folders = std::fs::read_dir(repository("examples")).unwrap();
    for folder in folders {
        let folder = folder.unwrap();
        let name = folder.file_name().into_string().unwrap();
        let is_handler = folder.path().is_dir() && name != "iac";
        let is_checked = CHECKED.contains(&name.as_str());
        assert_eq!(is_handler, is_checked, "{name}");
    }
}

#[test]
fn every_mutant_is_of_an_example() {
    let known = CHECKED.iter().map(|example| mutants(example).len());
    let file: File = toml::from_str(include_str!("mutants.toml")).unwrap();
    assert_eq!(known.sum::<usize>(), file.mutant.len());
    for mutant in file.mutant {
        let path = repository("examples")
            .join(&mutant.example)
            .join(&mutant.file);
        assert_once(&path, &mutant.from);
    }
}

#[track_caller]
fn assert_once(path: &Path, text: &str) {
    let content = std::fs::read_to_string(path).unwrap();
    assert_eq!(
        content.matches(text).count(),
        1,
        "{}: {text}",
        path.display()
    );
}
