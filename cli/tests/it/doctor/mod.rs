//! `doctor`: correct templates have no findings, and one seeded fault for each rule is found at its line, with
//! a fix.

mod callers;
mod documents;
mod elsewhere;
mod intrinsics;
mod packages;
mod role;
mod rules;
mod templates;
mod variables;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{bootstream, fail, packages, run, scripted_guest, text};

const ARCH: &str = if cfg!(target_arch = "aarch64") {
    "Architecture=arm64"
} else {
    "Architecture=x86_64"
};

fn repository(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)
}

/// A folder with both templates and their packages.
fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let dist = folder.path().join("dist");
    std::fs::create_dir(&dist).unwrap();
    for template in ["template.yaml", "template-url.yaml"] {
        std::fs::copy(repository(template), folder.path().join(template)).unwrap();
    }
    for zip in ["host-layer.zip", "function.zip"] {
        std::fs::copy(packages().join(zip), dist.join(zip)).unwrap();
    }
    std::fs::copy(scripted_guest(), folder.path().join("hello.wasm")).unwrap();
    folder
}

/// Doctor's findings about the templates of a folder, and its exit code.
fn diagnose(folder: &Path, args: &[&str]) -> (Vec<Value>, Option<i32>) {
    let (report, code) = report(folder, args);
    (report["findings"].as_array().unwrap().clone(), code)
}

/// Doctor's whole report about the templates of a folder, and its exit code.
fn report(folder: &Path, args: &[&str]) -> (Value, Option<i32>) {
    let fixed = ["doctor", "--only", "templates", "--output", "json"];
    let args = [&fixed[..], args].concat();
    let output = run(bootstream(&args).current_dir(folder));
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("no report: {}", text(&output.stderr)));
    (report, output.status.code())
}

/// One field of each finding or note.
fn fields<'a>(findings: &'a [Value], name: &str) -> Vec<&'a str> {
    let findings = findings.iter();
    findings.map(|it| it[name].as_str().unwrap()).collect()
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    folder
}

/// Doctor's findings and notes about the `template.yaml` of a folder, each as `RULE FILE:LINE`.
fn said(folder: &Path, args: &[&str]) -> (Vec<String>, Vec<String>) {
    let (report, _) = report(folder, &[&["template.yaml"], args].concat());
    let of = |list: &str| {
        let all = report[list].as_array().unwrap().iter();
        all.map(|it| {
            let [rule, file] = ["rule", "file"].map(|key| it[key].as_str().unwrap());
            format!("{rule} {file}:{}", it["line"])
        })
        .collect()
    };
    (of("findings"), of("notes"))
}

/// Asserts the findings and the notes about the `template.yaml` of a folder.
#[track_caller]
fn assert_said(folder: &Path, findings: &[&str], notes: &[&str]) {
    let (seen, seen_notes) = said(folder, &[]);
    let template = std::fs::read_to_string(folder.join("template.yaml")).unwrap();
    assert_eq!(seen, findings, "findings in {template}");
    assert_eq!(seen_notes, notes, "notes in {template}");
}

/// Asserts the findings and the notes about one template.
#[track_caller]
fn assert_said_of(template: &str, findings: &[&str], notes: &[&str]) {
    assert_said(
        folder(&[("template.yaml", template)]).path(),
        findings,
        notes,
    );
}

/// The findings and the notes about one template.
fn said_of(template: &str) -> (Vec<String>, Vec<String>) {
    said(folder(&[("template.yaml", template)]).path(), &[])
}

/// No finding or note.
const NONE: [&str; 0] = [];

/// Number of the line, counted from 1, that contains a text.
#[track_caller]
fn line_of(template: &str, wanted: &str) -> usize {
    let source = std::fs::read_to_string(repository(template)).unwrap();
    source
        .lines()
        .position(|line| line.contains(wanted))
        .expect("the text is in the template")
        + 1
}

#[test]
fn nothing_is_wrong_with_the_templates_of_this_project() {
    let folder = project();

    let (findings, code) = diagnose(folder.path(), &["-p", ARCH]);

    assert_eq!(findings, [Value::Null; 0]);
    assert_eq!(code, Some(0));
}

#[test]
fn text_for_people_names_file_line_rule_and_fix() {
    let folder = tempfile::tempdir().unwrap();
    let source = std::fs::read_to_string(repository("template-url.yaml")).unwrap();
    let broken = source
        .replace("InvokeMode: RESPONSE_STREAM", "InvokeMode: BUFFERED")
        .replace("dist/", "s3://bucket/");
    std::fs::write(folder.path().join("template-url.yaml"), broken).unwrap();

    let output = fail(bootstream(&["doctor", "--only", "templates"]).current_dir(folder.path()));

    let [layer, package, line] = ["ContentUri:", "CodeUri:", "InvokeMode: RESPONSE_STREAM"]
        .map(|it| line_of("template-url.yaml", it));
    assert_eq!(
        text(&output.stdout),
        format!(
            "template-url.yaml:{layer}: note[archive]: the layer `HostLayer` was not read: it is \
             at `s3://bucket/host-layer.zip`\n\
             template-url.yaml:{package}: note[archive]: the package of function `StreamingFunction` \
             was not read: it is at `s3://bucket/function.zip`\n\
             template-url.yaml:{line}: error[invoke-mode]: the function URL of `StreamingFunction` \
             has the mode `BUFFERED`, which buffers the response\n  \
             fix: set `InvokeMode: RESPONSE_STREAM`\n"
        )
    );
    assert_eq!(text(&output.stderr), "errors: 1, warnings: 0, notes: 2\n");
}

/// Doctor's findings on a machine without any tools, and its exit code.
fn bare_machine() -> (Vec<Value>, Option<i32>) {
    let empty = tempfile::tempdir().unwrap();
    let output = run(
        bootstream(&["doctor", "--only", "machine", "--output", "json"])
            .env("PATH", empty.path())
            .env("RUSTC", "/nowhere/rustc")
            .env("WASM_TOOLCHAIN_DIR", "/nowhere"),
    );

    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    (findings.clone(), output.status.code())
}

#[test]
fn tools_that_are_missing_are_warnings_with_a_way_to_get_them() {
    let (findings, code) = bare_machine();

    assert_eq!(
        fields(&findings, "message"),
        [
            "there is no `cargo` to build handlers in Rust",
            "there is no `node` to build handlers in JavaScript",
            "there is no `python3` to build handlers in Python",
            "there is no `sam` to deploy with `bootstream deploy`",
            "there is no `aws` to swap a handler with `bootstream deploy --handler-only`",
            "no Rust compiler here has the target wasm32-wasip2",
        ]
    );
    assert!(findings.iter().all(|it| it["severity"] == "warning"));
    assert_eq!(code, Some(0));
}
