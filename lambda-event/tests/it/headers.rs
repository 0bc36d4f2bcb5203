//! Headers: one or several values, cookies, sizes, and what HTTP does not allow.

use lambda_event::{ReadError, RequestKind};
use serde_json::{Value, json};

use super::{Document, KINDS, event, event_with, values};

#[test]
fn several_values_win_over_one_and_never_both_count() {
    for kind in KINDS {
        let mut event = event_with(kind, "headers", json!({ "A": "2", "b": "3" }));
        event["multiValueHeaders"] = json!({ "a": ["1", "2"] });
        let document = Document::of(&event);
        let request = document.request();
        assert_eq!(values(&request, "a"), ["1", "2"], "{kind}");
        assert_eq!(request.headers.len(), 2, "{kind}");
        event["multiValueHeaders"] = json!({});
        let document = Document::of(&event);
        assert_eq!(values(&document.request(), "a"), ["2"], "{kind}");
    }
}

#[test]
fn one_of_the_two_may_be_null_or_absent() {
    for (single, multi) in [
        (Value::Null, json!({ "a": ["1"] })),
        (json!({ "a": "1" }), Value::Null),
    ] {
        let mut event = event(RequestKind::Alb, "/");
        event["headers"] = single.clone();
        event["multiValueHeaders"] = multi.clone();
        assert_eq!(values(&Document::of(&event).request(), "a"), ["1"]);
        let members = event.as_object_mut().unwrap();
        members.retain(|_, value| !value.is_null());
        assert_eq!(values(&Document::of(&event).request(), "a"), ["1"]);
    }
}

#[test]
fn the_case_of_a_name_does_not_matter() {
    let headers = json!({ "X-A": ["1"], "x-a": ["2"] });
    let document = Document::of(&event_with(
        RequestKind::ApiGatewayV1,
        "multiValueHeaders",
        headers,
    ));
    assert_eq!(values(&document.request(), "x-A"), ["1", "2"]);
}

#[test]
fn there_is_one_cookie_header() {
    let cookies = |members: Value| {
        let mut event = event(RequestKind::ApiGatewayV2, "/");
        event
            .as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        values(&Document::of(&event).request(), "cookie")
    };
    let none: [&str; 0] = [];
    assert_eq!(cookies(json!({ "cookies": ["a=1", "b=2"] })), ["a=1; b=2"]);
    assert_eq!(
        cookies(json!({ "cookies": ["a=1", "b=2"], "headers": { "Cookie": "a=1; b=2" } })),
        ["a=1; b=2"]
    );
    assert_eq!(
        cookies(json!({ "cookies": [], "headers": { "cookie": "a=1" } })),
        ["a=1"]
    );
    assert_eq!(cookies(json!({ "cookies": null })), none);
    assert_eq!(
        cookies(json!({ "multiValueHeaders": { "cookie": ["a=1", "b=2; c=3"] } })),
        ["a=1; b=2; c=3"]
    );
    assert_eq!(cookies(json!({ "cookies": ["a=\n", "b=2"] })), ["b=2"]);
    assert_eq!(cookies(json!({ "headers": { "cookie": "" } })), [""]);
}

#[test]
fn what_http_does_not_allow_is_left_out_and_told() {
    let headers = json!({
        "city": "S\u{e3}o", "split": "a\r\nb: c", "nul": "a\0", "": "x", "a b": "x", "n\u{e9}": "x", "tab": "a\tb",
        "del": "a\u{7f}",
    });
    let document = Document::of(&event_with(RequestKind::ApiGatewayV2, "headers", headers));
    let request = document.request();

    assert_eq!(request.headers["city"].as_bytes(), "S\u{e3}o".as_bytes());
    assert_eq!(request.headers["tab"].as_bytes(), b"a\tb");
    assert_eq!(request.headers.len(), 2);
    let mut told: Vec<_> = request
        .invalid_headers
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    told.sort_unstable();
    assert_eq!(told, ["", "a b", "del", "nul", "n\u{e9}", "split"]);
    let split = request
        .invalid_headers
        .iter()
        .find(|it| it.name == "split")
        .unwrap();
    assert_eq!(
        split.to_string(),
        "`split`, whose value has control characters"
    );
}

#[test]
fn what_is_told_of_a_header_is_a_short_line() {
    let name = format!("a\r\n{}", "\u{3bb}".repeat(1000));
    let headers = json!({ name: "x" });
    let document = Document::of(&event_with(RequestKind::ApiGatewayV2, "headers", headers));
    let told = document.request().invalid_headers[0].to_string();
    assert!(told.starts_with("`a\\r\\n\\u{3bb}"), "{told}");
    assert!(told.chars().count() < 120, "{told}");
}

#[test]
fn the_size_is_that_of_the_decoded_body() {
    let size = |headers: Value, body: Value, is_base64_encoded: bool| {
        let mut event = event_with(RequestKind::ApiGatewayV2, "headers", headers);
        event["body"] = body;
        event["isBase64Encoded"] = json!(is_base64_encoded);
        values(&Document::of(&event).request(), "content-length")
    };
    let none: [&str; 0] = [];
    assert_eq!(size(json!({}), json!("\u{3bb}"), false), ["2"]);
    assert_eq!(
        size(json!({ "Content-Length": "9" }), json!("eHg="), true),
        ["2"]
    );
    assert_eq!(
        size(json!({ "content-length": "3, 4" }), json!("abc"), false),
        ["3"]
    );
    for empty in [json!(""), Value::Null] {
        assert_eq!(
            size(json!({ "content-length": "5" }), empty.clone(), false),
            none
        );
        assert_eq!(size(json!({}), empty.clone(), true), none);
        assert_eq!(size(json!({ "content-length": "0" }), empty, false), ["0"]);
    }
}

/// A map takes 24,576 names, less if they collide.
#[test]
fn more_headers_than_a_map_holds_are_refused() {
    for (count, cookies, body) in [
        (40_000, json!([]), ""),
        (24_577, json!([]), ""),
        (24_576, json!(["a=1"]), ""),
        (24_576, json!([]), "x"),
        (24_575, json!(["a=1"]), "x"),
    ] {
        let headers: serde_json::Map<_, _> =
            (0..count).map(|n| (format!("h{n}"), json!(""))).collect();
        let mut event = event_with(RequestKind::ApiGatewayV2, "headers", headers.into());
        event["cookies"] = cookies;
        event["body"] = json!(body);
        let error = Document::of(&event).error();
        assert!(
            matches!(error, ReadError::TooManyHeaders),
            "{count}: {error:?}"
        );
        assert_eq!(error.member(), Some("headers"));
    }
}
