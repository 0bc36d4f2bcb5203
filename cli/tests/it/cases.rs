//! `bootstream test`: the cases of a handler in the real host.

use std::path::Path;
use std::process::Output;

use bootstream_test_support::assert_contains;
use bootstream_test_support::guests::component;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{bootstream, ready_guest, text};

/// A case with a script for the handler.
pub(crate) fn case(name: &str, steps: &Value, more: &str) -> String {
    let event = json!({ "steps": steps });
    format!("[[case]]\nname = \"{name}\"\nevent = {{ json = '{event}' }}\n{more}\n")
}

/// A folder with the cases.
pub(crate) fn folder(cases: &[String]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("cases.toml"), cases.concat()).expect("a file");
    folder
}

pub(crate) fn test(handler: &Path, folder: &TempDir, args: &[&str]) -> Output {
    bootstream(&["test", "--cases", "cases.toml"])
        .args(args)
        .arg(handler)
        .current_dir(folder.path())
        .output()
        .expect("the command runs")
}

/// The result of the scripted guest's cases: exit code, and both outputs.
fn results(cases: &[String], args: &[&str]) -> (Option<i32>, String, String) {
    let output = test(&ready_guest(), &folder(cases), args);
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn slow() -> Value {
    json!([{"write": "one"}, {"sleep_ms": 300}, {"write": "two"}])
}

#[test]
fn cases_that_hold_pass() {
    let head = json!({"status": 201, "headers": [["x-a", "b"]], "cookies": ["c=d"]});
    let cases = [
        case(
            "head",
            &json!([{"write_headers": head}, {"write": "{\"n\": [1]}"}]),
            "[case.expect]\nstatus = 201\nheaders = { x-a = \"b\" }\ncookies = [\"c=d\"]\njson = { \"/n/0\" = 1 }",
        ),
        case(
            "stream",
            &slow(),
            "[case.expect]\nchunks = [\"one\", \"two\"]\ntime = { shortest-pause-ms = 200 }",
        ),
        case(
            "failure before the response",
            &json!([{"error": "no luck"}]),
            "[case.expect]\nerror = { type = \"Function.Error\", message = \"no luck\" }",
        ),
        case(
            "failure in the middle",
            &json!([{"write": "one"}, {"sleep_ms": 50}, {"panic": "no luck"}]),
            "[case.expect]\nbody = \"one\"\nerror = { type = \"Function.Panic\", message = { contains = \"no luck\" } }",
        ),
        case(
            "deadline",
            &json!(["loop_forever"]),
            "deadline-ms = 300\n[case.expect]\nerror = { type = \"Function.DeadlineExceeded\" }",
        ),
        case(
            "reader that leaves",
            &json!([{"write_many": {"count": 1000, "chunk": "x".repeat(65536)}}]),
            "reader = { leaves-after = 5 }\n[case.expect]\ntime = { total-ms = 10000 }",
        ),
        case(
            "slow reader",
            &json!([{"write_bytes": {"len": 3000, "fill": 97}}]),
            "reader = { bytes-per-second = 10000 }\n[case.expect]\nbody = { matches = \"^a{3000}$\" }",
        ),
        case(
            "variable",
            &json!(["write_env"]),
            "env = { BOOTSTREAM_PASS_ENV = \"GREETING\", GREETING = \"hello\" }\n[case.expect]\n\
             body = { contains = \"hello\" }",
        ),
    ];

    let (code, stdout, stderr) = results(&cases, &[]);

    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert_contains(&stderr, "8 passed, 0 failed");
    assert_contains(&stdout, "ok       reader that leaves  (");
    // In the order of the file.
    let names: Vec<_> = stdout.lines().filter_map(|it| it.get(9..13)).collect();
    assert_eq!(
        names,
        [
            "head", "stre", "fail", "fail", "dead", "read", "slow", "vari"
        ]
    );
}

#[test]
fn a_case_that_fails_shows_differences_and_the_log() {
    let cases = [
        case(
            "good",
            &json!([{"write": "one"}]),
            "expect = { body = \"one\" }",
        ),
        case(
            "bad",
            &json!([{"eprint": "a line of the handler\n"}, {"write": "one"}]),
            "expect = { status = 404, body = \"two\" }",
        ),
        case("broken", &json!(["trap"]), ""),
    ];

    let (code, stdout, stderr) = results(&cases, &["--jobs", "1"]);

    assert_eq!(code, Some(1));
    assert_contains(&stderr, "1 passed, 2 failed");
    for line in [
        "FAILED   bad",
        "status: expected 404, got 200",
        "body: expected \"two\", got \"one\", different at byte 0",
        "a line of the handler",
        "failed before the response: Function.Trap",
    ] {
        assert_contains(&stdout, line);
    }
}

#[test]
fn results_are_read_by_programs() {
    let cases = [
        case("good", &json!([]), ""),
        case("bad", &json!(["trap"]), ""),
    ];
    let folder = folder(&cases);

    let output = test(
        &ready_guest(),
        &folder,
        &["--json", "--junit", "results.xml"],
    );

    assert_eq!(output.status.code(), Some(1));
    let stdout = text(&output.stdout);
    let objects: Vec<Value> = stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(objects[0]["name"], "good");
    assert_eq!(objects[0]["result"], "ok");
    assert_eq!(objects[1]["result"], "failed");
    assert_contains(&objects[1]["differences"].to_string(), "Function.Trap");
    let junit = std::fs::read_to_string(folder.path().join("results.xml")).expect("results");
    assert_contains(&junit, "tests=\"2\" failures=\"1\"");
    assert_contains(&junit, "<testcase name=\"good\"");
}

#[test]
fn an_update_makes_the_cases_pass_and_keeps_comments() {
    let cases = [
        "# A comment.\n".to_owned(),
        case("stream", &slow(), "expect = { status = 404, body = \"x\" }"),
        case("failure", &json!([{"error": "no luck"}]), ""),
    ];
    let folder = folder(&cases);
    let guest = ready_guest();
    assert_eq!(test(&guest, &folder, &[]).status.code(), Some(1));

    let updated = test(&guest, &folder, &["--update"]);

    assert_contains(&text(&updated.stderr), "0 passed, 0 failed, 2 updated");
    assert_eq!(updated.status.code(), Some(0));
    let now = std::fs::read_to_string(folder.path().join("cases.toml")).expect("the file");
    assert!(now.starts_with("# A comment.\n"), "{now}");
    assert_contains(&now, "body = \"onetwo\"");
    let again = test(&guest, &folder, &[]);
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stdout));
}

#[test]
fn a_standard_component_has_cases_as_well() {
    let script =
        json!({"steps": [{"respond": {"status": 201, "headers": [["a", "b"]]}}, "finish"]});
    let cases = format!(
        "[[case]]\nname = \"hello\"\nevent = {{ from = \"url\", data = '{script}' }}\n[case.expect]\n\
         status = 201\nheaders = {{ a = \"b\" }}\n"
    );
    let guest = component("wasi_http_guest");

    let output = test(&guest, &folder(&[cases]), &[]);

    let printed = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{printed}");
}

#[test]
fn what_is_missing_is_named() {
    let good = [case("good", &json!([]), "")];
    for (cases, args, expected) in [
        (&good[..], &["--only", "bad"][..], "none of the 1 cases"),
        (&[], &[], "has no case"),
        (
            &good,
            &["--cases", "other.toml"],
            "cannot read `other.toml`",
        ),
        (
            &[case("a", &json!([]), "expects = {}")],
            &[],
            "unknown field `expects`",
        ),
    ] {
        let guest = ready_guest();
        let output = bootstream(&["test"])
            .args(if args.contains(&"--cases") {
                &[][..]
            } else {
                &["--cases", "cases.toml"][..]
            })
            .args(args)
            .arg(guest)
            .current_dir(folder(cases).path())
            .output()
            .expect("the command runs");
        assert_eq!(output.status.code(), Some(1));
        assert_contains(&text(&output.stderr), expected);
    }
}
