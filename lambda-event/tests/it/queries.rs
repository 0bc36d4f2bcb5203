//! Queries: verbatim, encoded by us, or joined.

use lambda_event::RequestKind;
use serde_json::{Value, json};

use super::{Document, KINDS, event, event_with, pairs, target};

#[test]
fn a_raw_query_is_verbatim() {
    for query in [
        "x=1&x=2&y=%26",
        "a",
        "a=&b",
        "&&",
        "a[]=1|{}&c=+",
        "?",
        "a=b?c/d",
        "%zz",
    ] {
        let event = event_with(RequestKind::ApiGatewayV2, "rawQueryString", json!(query));
        assert_eq!(target(&event), format!("/?{query}"));
    }
    let event = event_with(
        RequestKind::ApiGatewayV2,
        "rawQueryString",
        json!("a=b c\u{e9}#\"\r\n"),
    );
    assert_eq!(target(&event), "/?a=b%20c%C3%A9%23%22%0D%0A");
}

#[test]
fn without_a_query_there_is_no_question_mark() {
    for kind in KINDS {
        let mut event = event(kind, "/a");
        event["rawQueryString"] = json!("");
        event["queryStringParameters"] = json!({});
        event["multiValueQueryStringParameters"] = Value::Null;
        assert_eq!(target(&event), "/a", "{kind}");
    }
}

/// A REST API passes on decoded values.
#[test]
fn decoded_values_are_encoded_once() {
    let member = "multiValueQueryStringParameters";
    let values = json!({
        "a": ["1", "2"], "e": [""], "r": ["https://x/y?z"], "p": ["a+b"], "s": ["a b"],
        "u": ["\u{3bb}"], "amp": ["1&2=3"], "pct": ["50%", "%26"], "n=&": ["#"],
    });
    let document = Document::of(&event_with(
        RequestKind::ApiGatewayV1,
        member,
        values.clone(),
    ));
    let request = document.request();

    let mut parsed = serde_json::Map::new();
    for (name, value) in pairs(&request) {
        let entry = parsed.entry(name).or_insert_with(|| json!([]));
        entry.as_array_mut().unwrap().push(value.into());
    }
    assert_eq!(Value::from(parsed), values);
    let query = request.target.query().unwrap();
    assert!(query.contains("p=a%2Bb&"), "{query}");
    assert!(query.contains("r=https%3A%2F%2Fx%2Fy%3Fz&"), "{query}");
}

/// A load balancer passes on values as they were sent.
#[test]
fn encoded_values_are_joined_as_they_are() {
    let values = json!({ "p": ["a%2Bb"], "r": ["https%3A%2F%2Fx"], "amp": ["1%262"], "e": [""], "l": ["a+b", "c%20d"] });
    for member in ["multiValueQueryStringParameters", "queryStringParameters"] {
        let event = event_with(RequestKind::Alb, member, values.clone());
        // The order is that of the document.
        let query = "amp=1%262&e=&l=a+b&l=c%20d&p=a%2Bb&r=https%3A%2F%2Fx";
        assert_eq!(target(&event), format!("/?{query}"));
    }
    let single = event_with(
        RequestKind::Alb,
        "queryStringParameters",
        json!({ "k%3D": "v%261" }),
    );
    assert_eq!(target(&single), "/?k%3D=v%261");
}

#[test]
fn several_values_win_over_one_and_never_both_count() {
    for kind in [RequestKind::ApiGatewayV1, RequestKind::Alb] {
        let mut event = event_with(kind, "queryStringParameters", json!({ "a": "2", "b": "3" }));
        event["multiValueQueryStringParameters"] = json!({ "a": ["1", "2"] });
        assert_eq!(target(&event), "/?a=1&a=2", "{kind}");
        event["multiValueQueryStringParameters"] = Value::Null;
        assert_eq!(target(&event), "/?a=2&b=3", "{kind}");
        event["multiValueQueryStringParameters"] = json!({});
        assert_eq!(target(&event), "/?a=2&b=3", "{kind}");
    }
}

#[test]
fn values_that_are_null_are_none() {
    let values = json!({ "a": null, "b": ["1", null, "2"], "c": [] });
    let event = event_with(
        RequestKind::ApiGatewayV1,
        "multiValueQueryStringParameters",
        values,
    );
    assert_eq!(target(&event), "/?b=1&b=2");
}

#[test]
fn vpc_lattice_has_its_query_in_the_path_or_in_members() {
    let v1 = event(RequestKind::VpcLatticeV1, "/a?b=1&c=%26");
    assert_eq!(target(&v1), "/a?b=1&c=%26");
    let mut v1 = event(RequestKind::VpcLatticeV1, "/a");
    v1["query_string_parameters"] = json!({ "b": "1%26" });
    assert_eq!(target(&v1), "/a?b=1%26");
    let v2 = event_with(
        RequestKind::VpcLatticeV2,
        "queryStringParameters",
        json!({ "b": ["1", "2"] }),
    );
    assert_eq!(target(&v2), "/?b=1&b=2");
}
