use super::{RequestKind, UNKNOWN_SHAPE};
use crate::{Request, testing};

const V1: &str = include_str!("../../tests/fixtures/api_gateway_v1.json");
const V1_NULLS: &str = include_str!("../../tests/fixtures/api_gateway_v1_nulls.json");
const V2: &str = include_str!("../../tests/fixtures/api_gateway_v2.json");
const FUNCTION_URL: &str = include_str!("../../tests/fixtures/function_url.json");
const ALB: &str = include_str!("../../tests/fixtures/alb.json");
const ALB_MULTI: &str = include_str!("../../tests/fixtures/alb_multi_value.json");

fn request(event: &str) -> Request {
    testing::event(event).request().unwrap()
}

fn refusal(event: &str) -> String {
    testing::event(event).request().unwrap_err().to_string()
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

#[test]
fn an_api_gateway_1_0_event_is_a_request() {
    let request = request(V1);

    assert_eq!(request.kind(), RequestKind::ApiGatewayV1);
    assert_eq!(request.method(), "POST");
    assert_eq!(request.path(), "/orders/a%20b");
    assert_eq!(
        request.query(),
        pairs([("tag", "red & blue"), ("tag", "50%"), ("page", "2")])
    );
    assert_eq!(request.header("CONTENT-TYPE"), Some("application/json"));
    let accepted: Vec<_> = request.headers().get_all("accept").iter().collect();
    assert_eq!(accepted, ["text/html", "application/json"]);
    assert_eq!(
        request.cookies(),
        pairs([("session", "1"), ("theme", "dark")])
    );
    assert_eq!(request.json::<serde_json::Value>().unwrap()["item"], "lamp");
}

#[test]
fn an_api_gateway_1_0_event_may_have_null_everywhere() {
    let request = request(V1_NULLS);

    assert_eq!(request.method(), "GET");
    assert!(request.query().is_empty());
    assert!(request.headers().is_empty());
    assert!(request.cookies().is_empty());
    assert!(request.body().is_empty());
}

#[test]
fn an_api_gateway_2_0_event_is_a_request() {
    let request = request(V2);

    assert_eq!(request.kind(), RequestKind::ApiGatewayV2);
    assert_eq!(request.method(), "POST");
    assert_eq!(request.path(), "/my/a%20b");
    assert_eq!(
        request.query(),
        pairs([
            ("tag", "red"),
            ("tag", "green,blue"),
            ("q", "a b&c"),
            ("flag", "")
        ])
    );
    assert_eq!(request.query_value("tag"), Some("red"));
    assert_eq!(request.query_value("other"), None);
    assert_eq!(request.cookie("c2"), Some("v=2"));
    assert_eq!(request.body(), b"Hello from client");
}

#[test]
fn a_query_value_that_does_not_parse_is_named() {
    let request = testing::get("/?n=7&text=x").request().unwrap();

    assert_eq!(request.parse_query_value::<u8>("n").unwrap(), Some(7));
    assert_eq!(request.parse_query_value::<u8>("m").unwrap(), None);
    assert_eq!(
        request
            .parse_query_value::<u8>("text")
            .unwrap_err()
            .to_string(),
        "query parameter `text` is `x`: invalid digit found in string"
    );
}

#[test]
fn cookies_that_are_in_list_and_header_count_once() {
    let request = request(FUNCTION_URL);

    assert_eq!(request.cookies(), pairs([("c1", "v1"), ("c2", "v2")]));
    assert_eq!(request.header("cookie"), Some("c1=v1; c2=v2"));
}

#[test]
fn a_function_url_event_is_a_request() {
    let request = request(FUNCTION_URL);

    assert_eq!(request.kind(), RequestKind::ApiGatewayV2);
    assert_eq!(request.query(), pairs([("a", "1"), ("a", "2"), ("b", "x")]));
    assert_eq!(request.body(), b"");
}

#[test]
fn an_alb_event_is_a_request_with_its_query_decoded() {
    let request = request(ALB);

    assert_eq!(request.kind(), RequestKind::Alb);
    assert_eq!(request.method(), "GET");
    assert_eq!(request.path(), "/lambda");
    assert_eq!(
        request.query(),
        pairs([("name", "J\u{fc}rgen M"), ("a=b", "100%")])
    );
    assert_eq!(request.cookies(), pairs([("AWSALB", "abc==")]));
}

#[test]
fn an_alb_event_with_several_values_keeps_them() {
    let request = request(ALB_MULTI);

    assert_eq!(request.query(), pairs([("k", "v 1"), ("k", "v2")]));
    assert_eq!(
        request.cookies(),
        pairs([("a", "1"), ("b", "2"), ("c", "3")])
    );
    assert_eq!(request.body(), [0, 159, 146, 150]);
}

#[test]
fn other_events_are_refused_with_the_known_shapes() {
    let websocket = r#"{"requestContext":{"connectionId":"c","eventType":"CONNECT"},
        "httpMethod":"GET","headers":{}}"#;
    let event_bridge = r#"{"version":"0","source":"aws.ec2","detail":{}}"#;
    for event in [websocket, event_bridge, "{}"] {
        assert_eq!(refusal(event), UNKNOWN_SHAPE);
    }
    for event in ["[]", "3", "not json", "", r#"{"headers":"text"}"#] {
        assert!(refusal(event).starts_with(UNKNOWN_SHAPE), "{event}");
    }
}

#[test]
fn what_is_not_http_is_refused_by_name() {
    let event = |method: &str, header: &str| {
        format!(r#"{{"requestContext":{{}},"httpMethod":"{method}","headers":{{"{header}":"x"}}}}"#)
    };

    assert_eq!(refusal(&event("G T", "a")), "`G T` is not an HTTP method");
    assert!(
        refusal(&event("GET", "a b")).starts_with("the event has an invalid header `a b`: "),
        "{}",
        refusal(&event("GET", "a b"))
    );
}

#[test]
fn a_header_may_be_utf_8() {
    let request = request(
        r#"{"requestContext":{},"httpMethod":"GET","headers":{"city":"S\u00e3o","none":null}}"#,
    );

    assert_eq!(request.headers()["city"].as_bytes(), "S\u{e3}o".as_bytes());
    assert_eq!(request.header("city"), None);
    assert!(!request.headers().contains_key("none"));
}

#[test]
fn a_body_that_is_not_base64_is_refused() {
    let event = r#"{"requestContext":{},"httpMethod":"GET","body":"?","isBase64Encoded":true}"#;

    assert!(refusal(event).starts_with("failed to decode the body from base64: "));
}
