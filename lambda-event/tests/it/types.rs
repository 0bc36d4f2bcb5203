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
            "floating point `1.5`, expected a string",
        ),
        (r#""body": -1"#, "body", "integer `-1`, expected a string"),
        (r#""body": {"a": [1]}"#, "body", "map, expected a string"),
        (
            r#""isBase64Encoded": "yes""#,
            "isBase64Encoded",
            "string \"yes\", expected a boolean",
        ),
        (
            r#""is_base64_encoded": []"#,
            "is_base64_encoded",
            "sequence, expected a boolean",
        ),
        (
            r#""cookies": "a=1""#,
            "cookies",
            "string \"a=1\", expected a list of texts",
        ),
        (r#""cookies": [null]"#, "cookies", "null, expected a string"),
        (
            r#""headers": [["a", "b"]]"#,
            "headers",
            "sequence, expected an object of texts or lists of texts, or null",
        ),
        (
            r#""headers": {"a": 1}"#,
            "headers",
            "integer `1`, expected a text, a list of texts, or null",
        ),
        (
            r#""multiValueHeaders": {"a": [true]}"#,
            "multiValueHeaders",
            "boolean `true`, expected a string",
        ),
    ] {
        let event = format!(r#"{{"requestContext": {{"http": {{}}}}, {members}}}"#);
        let (named, text) = invalid(&event);
        assert_eq!(named, Some(member), "{event}");
        assert!(
            text.starts_with(&format!("invalid type: {wrong} at line 1")),
            "{text}"
        );
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
        let (named, text) = invalid(&event);
        assert_eq!(named, Some(member), "{event}");
        assert!(text.starts_with("duplicate field"), "{text}");
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
