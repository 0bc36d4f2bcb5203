//! `new`: a project does what its README says, at once.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, outside of the tests themselves"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::{bootstream, run, text};

const THREE_NUMBERS: &str = "Number: 1\nNumber: 2\nNumber: 3\nStreaming complete!\n";

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(path)
        .canonicalize()
        .unwrap()
}

#[track_caller]
fn success(output: &Output) {
    assert!(
        output.status.success(),
        "{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
}

/// The profile of this repository's own handlers in the place of the project's, which is for size: so
/// that what was compiled for them is used again.
const PROFILE: [(&str, &str); 3] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3"),
    ("CARGO_PROFILE_RELEASE_LTO", "false"),
    ("CARGO_PROFILE_RELEASE_STRIP", "debuginfo"),
];

/// Sends the event of a project to its handler.
fn invoke(project: &Path, handler: &str) -> String {
    let output = run(bootstream(&["invoke", handler, "-d", "@event.json"])
        .env("CARGO_TARGET_DIR", repository("target"))
        .envs(PROFILE)
        .current_dir(project));
    success(&output);
    text(&output.stdout)
}

#[test]
fn a_project_in_rust_is_tested_and_streams_at_once() {
    let folder = tempfile::tempdir().unwrap();

    success(&run(
        bootstream(&["new", "fresh-numbers"]).current_dir(folder.path())
    ));

    let project = folder.path().join("fresh-numbers");
    // The versions that were built already, for speed: without it cargo takes the newest.
    std::fs::copy(repository("Cargo.lock"), project.join("Cargo.lock")).unwrap();
    assert_eq!(
        invoke(&project, "."),
        "Number: 1\nNumber: 2\nStreaming complete!\n"
    );
    let tests = run(Command::new("cargo")
        .arg("test")
        .env("CARGO_TARGET_DIR", repository("target"))
        .current_dir(&project));
    success(&tests);
    assert!(
        text(&tests.stdout).contains("4 passed"),
        "{}",
        text(&tests.stdout)
    );
    let arch = if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "x86_64"
    };
    success(&run(bootstream(&["package"])
        .env("CARGO_TARGET_DIR", repository("target"))
        .envs(PROFILE)
        .current_dir(&project)));
    success(&run(bootstream(&["doctor", "-p"])
        .arg(format!("Architecture={arch}"))
        .current_dir(&project)));
}

#[test]
fn a_project_in_javascript_is_built_and_streams_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("fresh-js");

    success(&run(
        bootstream(&["new", "--template", "javascript"]).arg(&project)
    ));

    let install = [
        "install",
        "--silent",
        "--no-fund",
        "--no-audit",
        "--prefer-offline",
    ];
    success(&run(Command::new("npm")
        .args(install)
        .current_dir(&project)));
    assert_eq!(invoke(&project, "."), THREE_NUMBERS);
    success(&run(
        bootstream(&["package", "--only", "function"]).current_dir(&project)
    ));
}

#[test]
fn a_project_in_python_is_built_and_streams_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("fresh-py");

    success(&run(
        bootstream(&["new", "--template", "python"]).arg(&project)
    ));

    success(&run(Command::new("python3")
        .args(["-m", "venv", ".venv"])
        .current_dir(&project)));
    success(&run(Command::new(project.join(".venv/bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check"])
        .args(["-r", "requirements.txt"])
        .current_dir(&project)));
    let packages = site_packages(&project);
    std::fs::write(packages.join("borrowed.py"), "LINES = 3\n").unwrap();
    let app = std::fs::read_to_string(project.join("app.py")).unwrap();
    let app = format!("import borrowed\nassert borrowed.LINES == 3\n{app}");
    std::fs::write(project.join("app.py"), app).unwrap();
    assert_eq!(invoke(&project, "."), THREE_NUMBERS);
}

/// Where `pip` of a project puts what it installs.
fn site_packages(project: &Path) -> PathBuf {
    let versions = std::fs::read_dir(project.join(".venv/lib")).unwrap();
    let version = versions.into_iter().next().unwrap().unwrap();
    version.path().join("site-packages")
}

#[test]
fn what_is_there_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("mine")).unwrap();

    let output = run(bootstream(&["new", "mine"]).current_dir(folder.path()));

    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stderr),
        "error: `mine` is there already: choose another name, or remove it\n"
    );
    assert_eq!(
        std::fs::read_dir(folder.path().join("mine"))
            .unwrap()
            .count(),
        0
    );
}

#[test]
fn a_wrong_name_or_sdk_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    for (args, wanted) in [
        (
            &["new", "No_Name"][..],
            "`No_Name` is no name for a project",
        ),
        (&["new", "test"], "`test` is the name of another crate"),
        (&["new", "hello", "--sdk", "/nowhere"], "not at `/nowhere`"),
    ] {
        let output = run(bootstream(args).current_dir(folder.path()));

        assert_eq!(output.status.code(), Some(1));
        assert!(
            text(&output.stderr).contains(wanted),
            "{}",
            text(&output.stderr)
        );
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
