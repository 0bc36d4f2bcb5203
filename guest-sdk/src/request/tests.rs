use http::Request;
use serde_json::{Value, json};

use crate::{RequestExt as _, RequestKind, error::Chain, testing};

const V1: &str = include_str!("../../tests/fixtures/api_gateway_v1.json");
const V1_NULLS: &str = include_str!("../../tests/fixtures/api_gateway_v1_nulls.json");
const V2: &str = include_str!("../../tests/fixtures/api_gateway_v2.json");
const FUNCTION_URL: &str = include_str!("../../tests/fixtures/function_url.json");
const ALB: &str = include_str!("../../tests/fixtures/alb.json");
const ALB_MULTI: &str = include_str!("../../tests/fixtures/alb_multi_value.json");

const LATTICE_V1: &str = include_str!("../../tests/fixtures/vpc_lattice_v1.json");
const LATTICE_V2: &str = include_str!("../../tests/fixtures/vpc_lattice_v2.json");

/// The error for every other event.
const UNKNOWN_SHAPE: &str = "the event is not an HTTP request of a known shape (API Gateway 1.0, \
     API Gateway 2.0 or Function URL, Application Load Balancer, VPC Lattice)";

fn request(event: &str) -> Request<Vec<u8>> {
    testing::event(event).request().unwrap()
}

fn refusal(event: &str) -> String {
    Chain(&*testing::event(event).request().unwrap_err()).to_string()
}

fn query(request: &Request<Vec<u8>>) -> Vec<(String, String)> {
    let pairs = request.query_pairs();
    pairs.map(|(n, v)| (n.into(), v.into())).collect()
}

fn cookies(request: &Request<Vec<u8>>) -> Vec<(String, String)> {
    let pairs = request.cookies();
    pairs.map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

#[test]
fn an_api_gateway_1_0_event_is_a_request() {
    let request = request(V1);

    assert_eq!(request.kind(), Some(RequestKind::ApiGatewayV1));
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri().path(), "/orders/a%20b");
    assert_eq!(
        query(&request),
        pairs([("tag", "red & blue"), ("tag", "50%"), ("page", "2")])
    );
    assert_eq!(request.header("CONTENT-TYPE"), Some("application/json"));
    let accepted: Vec<_> = request.headers().get_all("accept").iter().collect();
    assert_eq!(accepted, ["text/html", "application/json"]);
    assert_eq!(
        cookies(&request),
        pairs([("session", "1"), ("theme", "dark")])
    );
    assert_eq!(request.json::<Value>().unwrap()["item"], "lamp");
}

#[test]
fn an_api_gateway_1_0_event_may_have_null_everywhere() {
    let request = request(V1_NULLS);

    assert_eq!(request.method(), "GET");
    assert!(request.uri().query().is_none());
    assert!(request.headers().is_empty());
    assert!(request.cookies().next().is_none());
    assert!(request.body().is_empty());
}

#[test]
fn an_api_gateway_2_0_event_is_a_request() {
    let request = request(V2);

    assert_eq!(request.kind(), Some(RequestKind::ApiGatewayV2));
    assert_eq!(request.method(), "POST");
    assert_eq!(request.uri().path(), "/my/a%20b");
    assert_eq!(
        query(&request),
        pairs([
            ("tag", "red"),
            ("tag", "green,blue"),
            ("q", "a b&c"),
            ("flag", "")
        ])
    );
    assert_eq!(request.query_value("tag").as_deref(), Some("red"));
    assert_eq!(request.query_value("other").as_deref(), None);
    assert_eq!(request.cookie("c2"), Some("v=2"));
    assert_eq!(*request.body(), b"Hello from client");
}

#[test]
fn a_query_value_that_does_not_parse_is_named() {
    let request = testing::get("/?n=7&text=x").request().unwrap();

    assert_eq!(request.parse_query_value::<u8>("n").unwrap(), Some(7));
    assert_eq!(request.parse_query_value::<u8>("m").unwrap(), None);
    let rejection = request.parse_query_value::<u8>("text").unwrap_err();
    assert_eq!(rejection.status(), 400);
    assert_eq!(
        rejection.message(),
        "query parameter `text` is `x`: invalid digit found in string"
    );
}

#[test]
fn cookies_that_are_in_list_and_header_count_once() {
    let request = request(FUNCTION_URL);

    assert_eq!(cookies(&request), pairs([("c1", "v1"), ("c2", "v2")]));
    assert_eq!(request.header("cookie"), Some("c1=v1; c2=v2"));
}

#[test]
fn a_function_url_event_is_a_request() {
    let request = request(FUNCTION_URL);

    assert_eq!(request.kind(), Some(RequestKind::ApiGatewayV2));
    assert_eq!(query(&request), pairs([("a", "1"), ("a", "2"), ("b", "x")]));
    assert_eq!(*request.body(), b"");
}

#[test]
fn an_alb_event_is_a_request_with_its_query_decoded() {
    let request = request(ALB);

    assert_eq!(request.kind(), Some(RequestKind::Alb));
    assert_eq!(request.method(), "GET");
    assert_eq!(request.uri().path(), "/lambda");
    assert_eq!(
        query(&request),
        pairs([("name", "J\u{fc}rgen M"), ("a=b", "100%")])
    );
    assert_eq!(cookies(&request), pairs([("AWSALB", "abc==")]));
}

#[test]
fn an_alb_event_with_several_values_keeps_them() {
    let request = request(ALB_MULTI);

    assert_eq!(query(&request), pairs([("k", "v 1"), ("k", "v2")]));
    assert_eq!(
        cookies(&request),
        pairs([("a", "1"), ("b", "2"), ("c", "3")])
    );
    assert_eq!(*request.body(), [0, 159, 146, 150]);
}

#[test]
fn a_vpc_lattice_event_of_either_version_is_a_request() {
    for (event, kind) in [
        (LATTICE_V1, RequestKind::VpcLatticeV1),
        (LATTICE_V2, RequestKind::VpcLatticeV2),
    ] {
        let request = request(event);

        assert_eq!(request.kind(), Some(kind));
        assert_eq!(request.method(), "PUT");
        assert_eq!(request.uri().path(), "/orders/a%20b");
        assert_eq!(request.query_value("state").as_deref(), Some("prod & test"));
        assert_eq!(request.header("accept"), Some("text/html"));
        assert_eq!(cookies(&request), pairs([("a", "1"), ("b", "2")]));
        assert_eq!(*request.body(), b"{\"item\":\"lamp\"}");
        assert_eq!(request.stage(), None);
    }
}

#[test]
fn a_vpc_lattice_event_of_version_2_0_keeps_several_values() {
    let request = request(LATTICE_V2);

    assert_eq!(
        query(&request),
        pairs([("state", "prod & test"), ("tag", "red"), ("tag", "blue")])
    );
    let colours: Vec<_> = request.headers().get_all("x-colour").iter().collect();
    assert_eq!(colours, ["red", "blue"]);
}

#[test]
fn the_smallest_vpc_lattice_events_are_requests() {
    let v2 = request(
        r#"{"version":"2.0","path":"/hello","method":"GET","headers":{"accept":["*/*"]},
        "queryStringParameters":{"state":["prod"]},
        "requestContext":{"serviceNetworkArn":"arn:aws:vpc-lattice:us-east-1:123456789012:servicenetwork/sn-1"}}"#,
    );
    let v1 = request(r#"{"raw_path":"/hello?state=prod","method":"GET"}"#);

    for request in [v2, v1] {
        assert_eq!(request.method(), "GET");
        assert_eq!(request.uri().path(), "/hello");
        assert_eq!(request.uri().query(), Some("state=prod"));
        assert!(request.body().is_empty());
    }
}

/// One request to all front ends, as each delivered it: see `tests/fixtures/captured`.
const CAPTURED: [&str; 4] = [
    include_str!("../../tests/fixtures/captured/alb.json"),
    include_str!("../../tests/fixtures/captured/api_gateway_v1.json"),
    include_str!("../../tests/fixtures/captured/api_gateway_v2.json"),
    include_str!("../../tests/fixtures/captured/function_url.json"),
];

#[test]
fn one_request_is_the_same_behind_every_front_end() {
    for event in CAPTURED {
        let request = request(event);

        assert_eq!(request.method(), "POST");
        assert_eq!(request.uri().path(), "/capture/space%20value");
        assert_eq!(request.path_segments(), ["capture", "space value"]);
        let mut query = query(&request);
        query.sort();
        assert_eq!(
            query,
            pairs([
                ("empty", ""),
                ("encodedPlus", "a+b"),
                ("literalPlus", "a b"),
                ("redirect", "https://example.com/a/b"),
                ("repeat", "one"),
                ("repeat", "two"),
            ])
        );
        assert_eq!(request.header("cookie"), Some("session=abc123; theme=dark"));
        assert_eq!(
            cookies(&request),
            pairs([("session", "abc123"), ("theme", "dark")])
        );
        let document: Value = request.json().unwrap();
        assert_eq!(document["unicode"], "lambda-\u{3bb}");
    }
}

/// The event of a request for a path of an HTTP API with a stage.
fn http_api(stage: &str, path: &str, domain: &str) -> Request<Vec<u8>> {
    let event = json!({
        "version": "2.0",
        "rawPath": path,
        "requestContext": {
            "stage": stage,
            "domainName": domain,
            "http": { "method": "GET", "path": path },
        },
    });
    request(&event.to_string())
}

#[test]
fn a_path_that_an_http_api_has_decoded_is_encoded_again() {
    for (raw, path) in [
        ("/a b/\u{3bb}", "/a%20b/%CE%BB"),
        ("/l%v", "/l%25v"),
        ("/q?v", "/q%3Fv"),
        ("/a%2Fb", "/a%2Fb"),
    ] {
        let request = http_api("$default", raw, "abc.execute-api.us-east-1.amazonaws.com");

        assert_eq!(request.uri().path(), path);
        assert_eq!(request.stage(), Some("$default"));
    }
}

#[test]
fn the_stage_of_an_http_api_is_no_part_of_the_path() {
    for domain in ["abc.execute-api.us-east-1.amazonaws.com", "api.example.com"] {
        for (raw, path) in [
            ("/dev/my/path", "/my/path"),
            ("/dev/dev/x", "/dev/x"),
            ("/dev/", "/"),
            ("/dev", "/"),
            ("/devices/7", "/devices/7"),
            ("/other", "/other"),
        ] {
            let request = http_api("dev", raw, domain);

            assert_eq!(request.uri().path(), path, "{raw}");
            assert_eq!(request.stage(), Some("dev"));
        }
    }
}

#[test]
fn a_function_url_puts_no_stage_in_front() {
    let domain = "abc.lambda-url.us-east-1.on.aws";

    assert_eq!(http_api("dev", "/dev/x", domain).uri().path(), "/dev/x");
}

#[test]
fn payload_format_1_0_has_the_stage_in_front_behind_an_http_api_only() {
    let event = |version: Value| {
        let event = json!({
            "version": version,
            "httpMethod": "GET",
            "path": "/dev/x",
            "requestContext": { "stage": "dev" },
        });
        request(&event.to_string())
    };

    assert_eq!(event(json!("1.0")).uri().path(), "/x");
    assert_eq!(event(Value::Null).uri().path(), "/dev/x");
    assert_eq!(event(Value::Null).stage(), Some("dev"));
}

#[test]
fn the_query_is_there_as_a_uri_has_it() {
    let url = testing::get("/?a[]=1&b=x+y&c=%26").request().unwrap();

    assert_eq!(url.uri().query(), Some("a[]=1&b=x+y&c=%26"));
    assert_eq!(
        request(V1).uri().query(),
        Some("tag=red%20%26%20blue&tag=50%25&page=2")
    );
}

#[test]
fn a_body_that_is_not_the_json_that_was_asked_for_is_the_callers_failure() {
    let request = testing::post("/", "{bad").request().unwrap();

    let rejection = request.json::<Value>().unwrap_err();

    assert_eq!(rejection.status(), 400);
    assert_eq!(
        rejection.message(),
        "failed to decode the request body: key must be a string at line 1 column 2"
    );
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
    assert!(refusal(&event("CONNECT", "a")).contains("`CONNECT`"));
}

#[test]
fn a_header_that_http_does_not_allow_is_left_out() {
    let request = request(
        r#"{"requestContext":{},"httpMethod":"GET",
        "headers":{"a b":"x","":"x","c":"x\r\ny: z","d":"x"}}"#,
    );

    let headers: Vec<_> = request.headers().iter().collect();
    assert_eq!(headers.len(), 1, "{headers:?}");
    assert_eq!(request.header("d"), Some("x"));
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

#[test]
fn a_target_longer_than_a_uri_is_refused_with_its_size() {
    let path = "a".repeat(65_535);
    let event = format!(r#"{{"requestContext":{{}},"httpMethod":"GET","path":"/{path}"}}"#);

    let refusal = refusal(&event);

    assert!(
        refusal.starts_with("path and query of the event, 65536 bytes, are not a URI of less than"),
        "{refusal}"
    );
}

#[test]
fn a_request_that_was_made_by_hand_is_read_as_well() {
    let request = Request::builder()
        .uri("/a%20b?c=1")
        .header("cookie", "d=2")
        .body("3")
        .unwrap();

    assert_eq!(request.kind(), None);
    assert_eq!(request.path_segments(), ["a b"]);
    assert_eq!(request.query_value("c").as_deref(), Some("1"));
    assert_eq!(request.cookie("d"), Some("2"));
    assert_eq!(request.json::<u8>().unwrap(), 3);
}

/// The event of a request with an encoded body, and the address of the event's memory.
fn event_with_body(body: &str, is_base64_encoded: bool) -> (crate::Event, *const u8) {
    let event = testing::event(format!(
        r#"{{"requestContext":{{}},"httpMethod":"PUT","body":"{body}","isBase64Encoded":{is_base64_encoded}}}"#
    ));
    let memory = event.bytes().as_ptr();
    (event, memory)
}

#[test]
fn the_body_takes_the_place_of_the_document() {
    let text = "x".repeat(1_000_000);
    let (event, memory) = event_with_body(&text, false);

    let request = event.into_request().unwrap();

    assert_eq!(request.body().as_ptr(), memory);
    assert_eq!(*request.body(), text.as_bytes());
    assert_eq!(request.method(), "PUT");
}

#[test]
fn a_body_that_is_decoded_has_no_room_to_spare() {
    for (body, is_base64_encoded, decoded) in [(r#"\"x\""#, false, r#""x""#), ("eHg=", true, "xx")]
    {
        let (event, memory) = event_with_body(body, is_base64_encoded);

        let request = event.into_request().unwrap();

        assert_eq!(*request.body(), decoded.as_bytes());
        assert_ne!(request.body().as_ptr(), memory);
        assert!(
            request.body().capacity() < 32,
            "{}",
            request.body().capacity()
        );
    }
}

#[test]
fn an_event_without_a_body_keeps_nothing_of_the_document() {
    let request = testing::get("/").into_request().unwrap();

    assert!(request.body().is_empty());
}
