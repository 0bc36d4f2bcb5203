//! The developer's AWS credentials sign the requests of a function that runs locally.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use bootstream_test_support::assert_contains;
use serde_json::json;
use tempfile::TempDir;

use crate::support::{Dev, bootstream, component, run, script, serve, succeed, text};

/// A service that answers with the head of each request.
fn echo() -> String {
    serve(<[u8]>::to_vec)
}

/// A project whose handler may call DynamoDB at `url`, with an AWS CLI of its own.
struct Project {
    folder: TempDir,
    path: OsString,
}

impl Project {
    fn new(url: &str, aws: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::copy(component("reaching_guest"), at("handler.wasm")).unwrap();
        let settings =
            format!("[aws]\nallow = ['dynamodb@*']\n[aws.endpoints]\ndynamodb = '{url}'\n");
        std::fs::write(at("bootstream.toml"), settings).unwrap();
        std::fs::create_dir(at("bin")).unwrap();
        std::fs::write(at("bin/aws"), format!("#!/bin/sh\n{aws}\n")).unwrap();
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(at("bin/aws"), executable).unwrap();
        let mut path = at("bin").into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        Self { folder, path }
    }

    fn handler(&self) -> std::path::PathBuf {
        self.folder.path().join("handler.wasm")
    }

    /// The variables of the command. Empty ones count as not set.
    fn variables(&self) -> [(&str, &OsStr); 5] {
        [
            ("PATH", &self.path),
            ("AWS_ACCESS_KEY_ID", OsStr::new("")),
            ("AWS_SECRET_ACCESS_KEY", OsStr::new("")),
            ("AWS_SESSION_TOKEN", OsStr::new("")),
            ("AWS_REGION", OsStr::new("eu-west-1")),
        ]
    }
}

/// An AWS CLI that counts its runs in `runs`.
fn exporting(runs: &Path) -> String {
    format!(
        "[ \"$*\" = 'configure export-credentials --format process' ] || exit 1\n\
         echo run >> {}\n\
         echo '{{\"Version\": 1, \"AccessKeyId\": \"AKIDOFTHECLI\", \"SecretAccessKey\": \"SECRET\", \
         \"SessionToken\": \"TOKENOFTHECLI\", \"Expiration\": \"2099-01-01T00:00:00+00:00\"}}'",
        runs.display()
    )
}

fn call(url: &str) -> String {
    let credential = "${AWS_ACCESS_KEY_ID}/00000000/eu-west-1/dynamodb/aws4_request";
    let authorization =
        format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0");
    script(&json!([{"fetch": {"url": url, "headers": [["authorization", authorization]]}}]))
}

#[test]
fn the_aws_cli_is_run_once_when_a_request_is_signed() {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    let url = echo();
    let project = Project::new(&url, &exporting(&runs));
    let handler = project.handler();
    let dev = Dev::run_with(&[handler.to_str().unwrap()], &project.variables());
    dev.invoke(&script(&json!([{"env": "AWS_REGION"}])))
        .assert_body("ok: eu-west-1\n");
    assert!(!runs.exists(), "no request was signed");

    for _ in 0..2 {
        let (answer, _) = dev.invoke(&call(&url)).rest();
        assert_contains(&answer, "Credential=AKIDOFTHECLI/");
        assert_contains(&answer, "x-amz-security-token: TOKENOFTHECLI");
    }

    assert_eq!(std::fs::read_to_string(&runs).unwrap(), "run\n");
}

#[test]
fn variables_come_before_the_aws_cli() {
    let url = echo();
    let project = Project::new(&url, "exit 1");
    let mut invoke = bootstream(&["invoke", "-d", &call(&url)]);
    invoke
        .arg(project.handler())
        .envs(project.variables())
        .env("AWS_ACCESS_KEY_ID", "AKIDOFTHESHELL")
        .env("AWS_SECRET_ACCESS_KEY", "SECRET");

    let output = succeed(&mut invoke);

    assert_contains(&text(&output.stdout), "Credential=AKIDOFTHESHELL/");
    assert!(!text(&output.stdout).contains("x-amz-security-token"));

    let mut given = bootstream(&["invoke", "-d", &call(&url)]);
    given
        .args(["--env", "AWS_ACCESS_KEY_ID=AKIDOFTHEFUNCTION"])
        .args(["--env", "AWS_SECRET_ACCESS_KEY=SECRET"])
        .args(["--env", "AWS_REGION=eu-west-1"])
        .arg(project.handler())
        .envs(project.variables());
    let output = succeed(&mut given);

    assert_contains(&text(&output.stdout), "Credential=AKIDOFTHEFUNCTION/");
}

#[test]
fn without_credentials_the_terminal_says_what_to_do() {
    let url = echo();
    let project = Project::new(&url, "echo 'Error: run aws sso login' >&2; exit 255");
    let mut invoke = bootstream(&["invoke", "-d", &call(&url)]);
    invoke.arg(project.handler()).envs(project.variables());

    let output = run(&mut invoke);

    let stdout = text(&output.stdout);
    assert_eq!(stdout, "error: ErrorCode::ConfigurationError\n");
    let stderr = text(&output.stderr);
    assert_contains(&stderr, "run aws sso login");
    assert_contains(&stderr, "the credentials endpoint answered 500");
}

/// Other functions see nothing of the developer's credentials, and nothing of where they would be.
#[test]
fn a_function_that_signs_nothing_is_given_no_credentials() {
    let folder = tempfile::tempdir().unwrap();
    let runs = folder.path().join("runs");
    let url = echo();
    let project = Project::new(&url, &exporting(&runs));
    let settings = project.folder.path().join("bootstream.toml");
    std::fs::write(settings, "").unwrap();
    let mut invoke = bootstream(&["invoke", "-d", &script(&json!([{"env": "AWS_REGION"}]))]);
    invoke.arg(project.handler()).envs(project.variables());

    let output = succeed(&mut invoke);

    assert_eq!(text(&output.stdout), "ok: us-east-1\n");
    assert!(!runs.exists());
}
