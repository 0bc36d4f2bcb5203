//! Whatever an event is, it is read or refused, and never panics.

use lambda_event::Event;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::captured::{ALB, FUNCTION_URL, HTTP_API, REST};

const MEMBERS: [&str; 18] = [
    "version",
    "httpMethod",
    "method",
    "path",
    "rawPath",
    "raw_path",
    "rawQueryString",
    "cookies",
    "headers",
    "multiValueHeaders",
    "queryStringParameters",
    "query_string_parameters",
    "multiValueQueryStringParameters",
    "body",
    "isBase64Encoded",
    "is_base64_encoded",
    "methodArn",
    "unknown",
];

const OF_CONTEXT: [&str; 6] = [
    "elb",
    "http",
    "stage",
    "domainName",
    "connectionId",
    "serviceArn",
];

/// Values that a member may have, and any others.
fn value() -> impl Strategy<Value = Value> {
    let text = || {
        prop_oneof![
            "[ -~]{0,8}",
            any::<String>(),
            Just("/live/a%20b".to_owned())
        ]
    };
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        text().prop_map(Value::from),
        text().prop_map(|method| json!({ "method": method })),
    ];
    leaf.prop_recursive(2, 8, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..4)
                .prop_map(|members| Value::from(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn members(names: &'static [&'static str]) -> impl Strategy<Value = Map<String, Value>> {
    let member = (prop::sample::select(names), value());
    prop::collection::vec(member, 0..8).prop_map(|members| {
        let members = members.into_iter();
        members
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    })
}

/// Reads an event, and checks what holds for every request.
fn check(event: &[u8]) -> Result<(), TestCaseError> {
    let parsed = Event::parse(event);
    if let Ok(event) = &parsed {
        prop_assert!(event.kind().is_some() || event.require_path().is_ok());
    }
    match parsed.and_then(Event::into_request) {
        Ok(request) => {
            let target = request.target.as_str();
            prop_assert!(target.starts_with('/'), "{}", target);
            prop_assert!(
                target.bytes().all(|byte| byte.is_ascii_graphic()),
                "{}",
                target
            );
            prop_assert!(request.headers.get_all("cookie").iter().count() <= 1);
            let size = request.headers.get("content-length");
            let size = size.map_or("0", |size| size.to_str().unwrap());
            prop_assert_eq!(size, request.body.len().to_string());
        }
        Err(error) => prop_assert!(!error.to_string().is_empty()),
    }
    Ok(())
}

proptest! {
    #[test]
    fn members_may_have_any_value(mut event in members(&MEMBERS), context in members(&OF_CONTEXT)) {
        event.insert("requestContext".to_owned(), context.into());
        check(Value::from(event).to_string().as_bytes())?;
    }

    #[test]
    fn an_event_may_be_damaged(
        captured in prop::sample::select(vec![ALB, REST, HTTP_API, FUNCTION_URL]),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        end in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut event = captured.to_vec();
        for (place, byte) in damage {
            *place.get_mut(&mut event) = byte;
        }
        if is_cut {
            event.truncate(end.index(event.len()));
        }
        check(&event)?;
    }

    #[test]
    fn an_event_may_be_any_bytes(event in prop::collection::vec(any::<u8>(), 0..64)) {
        check(&event)?;
    }
}
