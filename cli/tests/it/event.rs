//! `bootstream event`: its options and its output.

use bootstream_test_support::assert_contains;
use serde_json::Value;

use crate::support::{bootstream, failure, run, text};

#[test]
fn an_option_that_has_no_place_in_an_event_is_wrong_usage() {
    for (args, option) in [
        (["s3", "--data", "x"], "--data"),
        (["sqs", "--path", "/x"], "--path"),
        (["authorizer-http", "--data", "x"], "--data"),
    ] {
        let output = run(bootstream(&["event"]).args(args));

        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert_eq!(text(&output.stdout), "");
        let expected = format!("error: `{option}` has no place in this event");
        assert!(text(&output.stderr).contains(&expected), "{args:?}");
    }
}

#[test]
fn data_that_has_to_be_json_is_refused_with_its_fault() {
    let said = failure(&mut bootstream(&["event", "eventbridge", "-d", "{order"]));

    assert_eq!(
        said,
        "error: `--data` must be JSON in this event: key must be a string at line 1 column 2\n"
    );
}

#[test]
fn a_path_is_what_the_service_makes_of_it() {
    let event = |kind, path| run(&mut bootstream(&["event", kind, "--path", path]));
    let paths = |kind| {
        let event: Value = serde_json::from_slice(&event(kind, "/a%2Fb").stdout).unwrap();
        (
            event["rawPath"].clone(),
            event["requestContext"]["http"]["path"].clone(),
        )
    };

    assert_eq!(paths("http"), ("/a/b".into(), "/a/b".into()));
    assert_eq!(paths("url"), ("/a%2Fb".into(), "/a/b".into()));
    let refused = event("http", "/100%25");
    assert_eq!(refused.status.code(), Some(1));
    let stderr = text(&refused.stderr);
    assert_contains(&stderr, "an HTTP API decodes the path twice");
}

#[test]
fn an_authorizer_is_shown_the_path_and_no_body() {
    for (kind, arn) in [
        ("authorizer-rest", "methodArn"),
        ("authorizer-http", "routeArn"),
    ] {
        let output = run(&mut bootstream(&["event", kind, "--path", "/pets?a=1"]));

        let event: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(event["type"], "REQUEST", "{kind}");
        assert!(
            event[arn].as_str().unwrap().ends_with("/POST/pets"),
            "{event}"
        );
        assert_eq!(event["headers"]["authorization"], "Bearer EXAMPLE");
        assert_eq!(event.get("body"), None);
    }
}
