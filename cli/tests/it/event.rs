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
        (["sns", "--method", "GET"], "--method"),
        (["s3", "-H", "a: b"], "--header"),
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

/// Prints an event that is as it should be.
#[track_caller]
fn printed(args: &[&str]) -> Value {
    let output = crate::support::succeed(bootstream(&["event"]).args(args));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn a_request_has_the_method_and_the_headers_of_the_options() {
    let headers = [
        "-H",
        "Accept: text/html",
        "-H",
        "host: a.example",
        "-H",
        "x-empty:",
    ];
    for (kind, method) in [
        ("url", "/requestContext/http/method"),
        ("http", "/requestContext/http/method"),
        ("rest", "/httpMethod"),
        ("alb", "/httpMethod"),
        ("lattice", "/method"),
    ] {
        let args = [&[kind, "-X", "GET", "--path", "/a?b=c"][..], &headers].concat();
        let event = printed(&args);
        assert_eq!(event.pointer(method), Some(&"GET".into()), "{event:#}");
        let header = |name: &str| {
            let fields = event["headers"].as_object().expect("headers");
            let mut fields = fields.iter();
            let found = fields
                .find(|(field, _)| field.eq_ignore_ascii_case(name))?
                .1;
            Some(found.get(0).unwrap_or(found).clone())
        };
        assert_eq!(header("accept"), Some("text/html".into()), "{event:#}");
        assert_eq!(header("host"), Some("a.example".into()), "{event:#}");
        assert_eq!(header("content-type"), None, "{event:#}");
        let body = event
            .get("body")
            .and_then(Value::as_str)
            .unwrap_or_default();
        assert_eq!(body, "", "{event:#}");
    }
    let with_body = printed(&["url", "-X", "DELETE", "-d", "all"]);
    assert_eq!(with_body["body"], "all");
    assert_eq!(with_body["headers"]["content-type"], "application/json");
    assert_eq!(
        printed(&["url", "-X", "PUT"])["body"],
        "{\"name\":\"world\"}"
    );
}

#[test]
fn an_authorizer_is_shown_the_method_and_its_token() {
    let event = printed(&[
        "authorizer-http",
        "-X",
        "GET",
        "-H",
        "authorization: Bearer mine",
    ]);
    let arn = event["routeArn"].as_str().expect("an ARN");
    assert!(arn.ends_with("/$default/GET/hello"), "{arn}");
    assert_eq!(event["identitySource"][0], "Bearer mine");
}

#[test]
fn a_request_that_cannot_be_is_refused_by_the_wrong_part() {
    for (args, says) in [
        (["url", "-X", "G T"], "`G T` is not the method of a request"),
        (["url", "-H", "accept"], "write it as `name: value`"),
        (["url", "-H", "a b: c"], "`a b: c` is not a header"),
        (["url", "--path", "a b"], "`a b` is not the path"),
    ] {
        assert_contains(&failure(bootstream(&["event"]).args(args)), says);
    }
}
