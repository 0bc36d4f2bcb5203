//! Whatever the names and values are, a component gets those that the caller sent.

use std::collections::BTreeMap;

use lambda_event::RequestKind;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Document, event_with, pairs};

type Multimap = BTreeMap<String, Vec<String>>;

fn multimap() -> impl Strategy<Value = Multimap> {
    let text = || prop_oneof!["[a-c&=+%# \u{3bb}]{1,4}", any::<String>()];
    let name = text().prop_filter("a name", |name| !name.is_empty());
    prop::collection::btree_map(name, prop::collection::vec(text(), 1..4), 0..6)
}

fn read_back(kind: RequestKind, member: &str, values: Value) -> Multimap {
    let document = Document::of(&event_with(kind, member, values));
    let mut read = Multimap::new();
    for (name, value) in pairs(&document.request()) {
        read.entry(name).or_default().push(value);
    }
    read
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

proptest! {
    #[test]
    fn decoded_parameters_come_back(sent in multimap()) {
        let member = "multiValueQueryStringParameters";
        let read = read_back(RequestKind::ApiGatewayV1, member, json!(sent));
        prop_assert_eq!(read, sent);
    }

    #[test]
    fn encoded_parameters_come_back(sent in multimap()) {
        let parameters: Multimap = sent
            .iter()
            .map(|(name, values)| (encoded(name), values.iter().map(|it| encoded(it)).collect()))
            .collect();
        let member = "multiValueQueryStringParameters";
        let read = read_back(RequestKind::Alb, member, json!(parameters));
        prop_assert_eq!(read, sent);
    }

    #[test]
    fn a_raw_query_comes_back(sent in multimap()) {
        let query: Vec<String> = sent
            .iter()
            .flat_map(|(name, values)| values.iter().map(move |value| format!("{}={}", encoded(name), encoded(value))))
            .collect();
        let read = read_back(RequestKind::ApiGatewayV2, "rawQueryString", json!(query.join("&")));
        prop_assert_eq!(read, sent);
    }

    #[test]
    fn a_decoded_path_comes_back(segments in prop::collection::vec(any::<String>(), 1..5)) {
        // An HTTP API decodes, so that a `%` before two digits cannot be told from an encoded byte.
        let segments: Vec<String> = segments.iter().map(|it| it.replace(['/', '%'], "")).collect();
        let path = format!("/{}", segments.join("/"));
        let document = Document::of(&event_with(RequestKind::ApiGatewayV2, "rawPath", json!(path)));
        let request = document.request();
        let target = request.target.path();
        prop_assert!(target.bytes().all(|byte| byte.is_ascii_graphic()), "{}", target);
        let decoded = lambda_event::decoded_segments(target);
        let expected = if path == "/" { Vec::new() } else { segments };
        prop_assert_eq!(decoded, expected);
    }
}
