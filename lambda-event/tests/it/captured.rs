//! One request as four front ends delivered it: see `tests/captured`.

use http::uri::Scheme;
use lambda_event::{Event, HttpRequest, RequestKind, normal_form};

use super::{pairs, values};

pub(crate) const ALB: &[u8] = include_bytes!("../captured/alb.json");
pub(crate) const REST: &[u8] = include_bytes!("../captured/api_gateway_v1.json");
pub(crate) const HTTP_API: &[u8] = include_bytes!("../captured/api_gateway_v2.json");
pub(crate) const FUNCTION_URL: &[u8] = include_bytes!("../captured/function_url.json");

const ALL: [(&[u8], RequestKind); 4] = [
    (ALB, RequestKind::Alb),
    (REST, RequestKind::ApiGatewayV1),
    (HTTP_API, RequestKind::ApiGatewayV2),
    (FUNCTION_URL, RequestKind::ApiGatewayV2),
];

/// The query that the caller sent.
const QUERY: &str = "repeat=one&repeat=two&redirect=https%3A%2F%2Fexample.com%2Fa%2Fb\
                     &literalPlus=a+b&encodedPlus=a%2Bb&empty=";

fn request(event: &[u8]) -> HttpRequest<'_> {
    Event::parse(event).unwrap().into_request().unwrap()
}

#[test]
fn method_path_body_and_cookies_are_those_of_the_caller() {
    for (event, kind) in ALL {
        let request = request(event);

        assert_eq!(request.kind, kind);
        assert_eq!(request.method, "POST");
        assert_eq!(request.target.path(), "/capture/space%20value");
        assert_eq!(normal_form(&request.target).unwrap(), request.target);
        assert_eq!(
            values(&request, "cookie"),
            ["session=abc123; theme=dark"],
            "{kind}"
        );
        assert_eq!(values(&request, "content-type"), ["application/json"]);
        assert_eq!(values(&request, "content-length"), ["66"], "{kind}");
        assert_eq!(request.body.len(), 66);
        let body = str::from_utf8(&request.body).unwrap();
        assert!(body.ends_with("\"lambda-\u{3bb}\"}"), "{body}");
        assert_eq!(request.invalid_headers, []);
    }
}

#[test]
fn the_query_is_verbatim_or_means_the_same() {
    assert_eq!(request(HTTP_API).target.query(), Some(QUERY));
    assert_eq!(request(FUNCTION_URL).target.query(), Some(QUERY));
    // The order of the names is lost. The load balancer keeps the encoding, a REST API decodes.
    assert_eq!(
        request(ALB).target.query(),
        Some(
            "empty=&encodedPlus=a%2Bb&literalPlus=a+b&redirect=https%3A%2F%2Fexample.com%2Fa%2Fb\
             &repeat=one&repeat=two"
        )
    );
    for (event, kind) in ALL {
        let mut pairs = pairs(&request(event));
        pairs.sort();
        let expected = [
            ("empty", ""),
            ("encodedPlus", "a+b"),
            ("literalPlus", "a b"),
            ("redirect", "https://example.com/a/b"),
            ("repeat", "one"),
            ("repeat", "two"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(pairs, expected, "{kind}");
    }
}

#[test]
fn a_repeated_header_is_joined_only_by_a_front_end() {
    for (event, expected) in [
        (ALB, ["first", "second"].as_slice()),
        (REST, &["first", "second"]),
        (HTTP_API, &["first,second"]),
        (FUNCTION_URL, &["first,second"]),
    ] {
        assert_eq!(values(&request(event), "x-probe"), expected);
    }
}

#[test]
fn scheme_and_authority_are_those_the_caller_used() {
    for (event, scheme, host) in [
        (ALB, Scheme::HTTP, "alb-1.us-west-2.elb.amazonaws.com"),
        (
            REST,
            Scheme::HTTPS,
            "abc123rest.execute-api.us-west-2.amazonaws.com",
        ),
        (
            HTTP_API,
            Scheme::HTTPS,
            "abc123http.execute-api.us-west-2.amazonaws.com",
        ),
        (
            FUNCTION_URL,
            Scheme::HTTPS,
            "abc123url0000000000000000000000000.lambda-url.us-west-2.on.aws",
        ),
    ] {
        let request = request(event);
        assert_eq!(request.scheme(), scheme, "{host}");
        assert_eq!(request.authority(), host);
    }
}

#[test]
fn a_stage_is_told_and_is_no_part_of_the_path() {
    for (event, stage) in [
        (ALB, None),
        (REST, Some("live")),
        (HTTP_API, Some("$default")),
        (FUNCTION_URL, Some("$default")),
    ] {
        assert_eq!(request(event).stage.as_deref(), stage);
    }
}
