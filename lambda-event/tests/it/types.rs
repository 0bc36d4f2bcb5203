//! Events of front ends with members of other types, which no front end sends, and other JSON.

use lambda_event::{Event, ReadError};

/// Returns the member at fault, and what is wrong with it.
fn invalid(event: &str) -> (Option<&'static str>, String) {
    match Event::parse(event.as_bytes()) {
        Err(error @ ReadError::Member(..)) => {
            let source = std::error::Error::source(&error).expect("a cause");
            (error.member(), source.to_string())
        }
        other => panic!("{event}: {other:?}"),
    }
}

#[test]
fn a_member_of_another_type_is_named() {
    for (members, member, wrong) in [
        (
            r#""rawPath": 1.5"#,
            "rawPath",
            "expected a string, found a number",
        ),
        (r#""body": -1"#, "body", "expected a string, found a number"),
        (
            r#""body": {"a": [1]}"#,
            "body",
            "expected a string, found an object",
        ),
        (
            r#""isBase64Encoded": "yes""#,
            "isBase64Encoded",
            "expected a boolean, found a string",
        ),
        (
            r#""is_base64_encoded": []"#,
            "is_base64_encoded",
            "expected a boolean, found a list",
        ),
        (
            r#""cookies": "a=1""#,
            "cookies",
            "expected a list of strings, found a string",
        ),
        (
            r#""cookies": [null]"#,
            "cookies",
            "expected a string, found null",
        ),
        (
            r#""headers": [["a", "b"]]"#,
            "headers",
            "expected an object of strings or lists of strings, or null, found a list",
        ),
        (
            r#""headers": {"a": 1}"#,
            "headers",
            "expected a string, a list of strings, or null, found a number",
        ),
        (
            r#""multiValueHeaders": {"a": [true]}"#,
            "multiValueHeaders",
            "expected a string, found a boolean",
        ),
    ] {
        let event = format!(r#"{{"requestContext": {{"http": {{}}}}, {members}}}"#);
        let (named, text) = invalid(&event);
        assert_eq!(named, Some(member), "{event}");
        assert_eq!(text, wrong, "{event}");
    }
}

#[test]
fn the_context_is_named_for_its_members() {
    for event in [
        r#"{"requestContext": {"http": {"method": 1}}}"#,
        r#"{"requestContext": {"http": 1}}"#,
        r#"{"httpMethod": "GET", "requestContext": {"stage": []}}"#,
    ] {
        assert_eq!(invalid(event).0, Some("requestContext"), "{event}");
    }
}

#[test]
fn a_member_may_be_there_once() {
    for (members, member) in [
        (r#""body": "a", "body": "a""#, "body"),
        (
            r#""queryStringParameters": {}, "query_string_parameters": {}"#,
            "query_string_parameters",
        ),
    ] {
        let event = format!(r#"{{"requestContext": {{"http": {{}}}}, {members}}}"#);
        let error = Event::parse(event.as_bytes()).expect_err(&event);
        assert!(matches!(error, ReadError::Twice(_)), "{error:?}");
        assert_eq!(error.member(), Some(member), "{event}");
        assert_eq!(error.to_string(), format!("the event has `{member}` twice"));
    }
}

#[test]
fn other_events_may_have_members_of_any_type() {
    for event in [
        "null",
        "5",
        "[1, [2]]",
        r#""text""#,
        r#"{"body": 5, "headers": [], "cookies": 1}"#,
        r#"{"requestContext": "x", "httpMethod": 1}"#,
        r#"{"requestContext": {"connectionId": "c"}, "body": 5}"#,
        r#"{"methodArn": "arn", "requestContext": {}, "httpMethod": 5}"#,
        r#"{"body": "a", "body": "b"}"#,
    ] {
        let read =
            Event::parse(event.as_bytes()).unwrap_or_else(|error| panic!("{event}: {error}"));
        assert_eq!(read.kind(), None, "{event}");
    }
}

#[test]
fn what_is_not_json_is_told_from_what_is() {
    for event in [
        "",
        "{",
        r#"{"requestContext": {"http": {}}, "body": 1,}"#,
        r#"{"requestContext": {"http": {}}} x"#,
        "{\"body\": \"\u{1}\"}",
    ] {
        let error = Event::parse(event.as_bytes()).expect_err(event);
        assert!(matches!(error, ReadError::NotJson(_)), "{event}: {error:?}");
    }
}
