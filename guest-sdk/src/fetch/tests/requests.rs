use std::io::{self, Read as _};

use serde_json::{Value, json};

use super::URL;
use crate::fetch::{ErrorCode, FetchError, Method, Request, delete, get, post, put, request};
use crate::testing::{Reply, Upstream};

#[track_caller]
fn refused(request: Request) -> FetchError {
    let upstream = Upstream::new([Reply::new(200)]);
    let error = request.send().unwrap_err();
    assert!(upstream.requests().is_empty());
    error
}

#[test]
fn a_request_arrives_as_it_was_built() {
    let upstream = Upstream::new([Reply::new(200), Reply::new(200), Reply::new(200)]);

    post("https://api.example/v1?a=1")
        .query("b", "2 3")
        .header("X-Own", "1")
        .header("x-own", "2")
        .bearer("token")
        .json(&json!({"x": 1}))
        .send()
        .unwrap();
    get(URL).basic("user", "pass:word").send().unwrap();
    let reader: &[u8] = b"from a reader";
    let patch = request(Method::PATCH, URL).header("content-type", "text/plain");
    patch.body_from(reader).send().unwrap();

    let requests = upstream.requests();
    let first = &requests[0];
    assert_eq!(first.method(), Method::POST);
    assert_eq!(first.url(), "https://api.example/v1?a=1&b=2%203");
    let own: Vec<_> = first.headers().get_all("x-own").iter().collect();
    assert_eq!(own, ["1", "2"]);
    assert_eq!(first.header("authorization"), Some("Bearer token"));
    assert_eq!(first.header("content-type"), Some("application/json"));
    assert_eq!(first.header("content-length"), Some("7"));
    assert_eq!(first.json::<Value>().unwrap(), json!({"x": 1}));
    assert!(first.is_complete());
    let authorization = requests[1].header("authorization");
    assert_eq!(authorization, Some("Basic dXNlcjpwYXNzOndvcmQ="));
    assert_eq!(requests[1].header("content-length"), None);
    assert_eq!(requests[2].text(), "from a reader");
    assert_eq!(requests[2].header("content-length"), None);
}

#[test]
fn a_content_type_of_ones_own_is_kept() {
    let upstream = Upstream::new([Reply::new(200), Reply::new(200), Reply::new(200)]);
    post(URL)
        .header("Content-Type", "a/b")
        .json(&1)
        .send()
        .unwrap();
    post(URL)
        .json(&1)
        .header("Content-Type", "a/b")
        .send()
        .unwrap();
    post(URL).form([("a", "b")]).send().unwrap();
    let requests = upstream.requests();
    assert_eq!(requests[0].header("content-type"), Some("a/b"));
    assert_eq!(requests[1].header("content-type"), Some("a/b"));
    let form = Some("application/x-www-form-urlencoded");
    assert_eq!(requests[2].header("content-type"), form);
}

#[test]
fn a_method_with_a_body_has_a_length_even_without_one() {
    let upstream = Upstream::with(|_| Reply::new(200));
    for method in [Method::POST, Method::PUT, Method::PATCH] {
        request(method, URL).send().unwrap();
    }
    put(URL).send().unwrap();
    delete(URL).send().unwrap();
    let lengths: Vec<_> = upstream
        .requests()
        .iter()
        .map(|request| request.header("content-length").map(ToOwned::to_owned))
        .collect();
    let zero = || Some("0".to_owned());
    assert_eq!(lengths, [zero(), zero(), zero(), zero(), None]);
}

#[test]
fn what_is_not_valid_is_refused_before_it_is_sent() {
    for (request, reason) in [
        (get("api.example"), "does not start with `https://`"),
        (
            get(URL).header("a b", ""),
            "`a b` is not a valid header name",
        ),
        (get(URL).header("a", "x\r\nb: c"), "the value of header `a`"),
        (
            get(URL).header("Host", "x"),
            "the host sets the header `host` itself",
        ),
        (
            get(URL).header("Transfer-Encoding", "x"),
            "`transfer-encoding` itself",
        ),
        (
            get(URL).bearer("a\nb"),
            "the value of header `authorization`",
        ),
        (
            get(URL).basic("a:b", "c"),
            "the user of `basic` has a colon",
        ),
        (
            get(URL).region("us-east-1"),
            "`region` is for requests of `fetch::aws`",
        ),
        (
            get(URL).header("a", "x".repeat(70_000)),
            "`outbound.header-kib`",
        ),
        (request(Method::TRACE, URL), "HTTP-request-method-invalid"),
        (request(Method::CONNECT, URL), "HTTP-request-method-invalid"),
    ] {
        let error = refused(request).to_string();
        assert!(error.contains(reason), "{error}");
        assert!(!error.contains("b: c"), "{error}");
    }
}

#[test]
fn the_first_step_that_was_not_valid_is_the_reason() {
    let error = refused(get(URL).header("a b", "").bearer("a\nb"));
    assert_eq!(
        error.to_string(),
        "GET https://api.example/v1: `a b` is not a valid header name"
    );
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn a_failure_of_the_host_has_its_code_and_the_setting() {
    for (code, setting) in [
        (
            ErrorCode::HttpRequestDenied,
            "`https://api.example:443`: add it to `outbound.allow`",
        ),
        (
            ErrorCode::DestinationIpProhibited,
            "`outbound.private-addresses`",
        ),
        (ErrorCode::ConnectionLimitReached, "`outbound.requests`"),
        (ErrorCode::ConnectionTimeout, "`outbound.connect-ms`"),
        (ErrorCode::ConnectionReadTimeout, "`outbound.first-byte-ms`"),
        (ErrorCode::TlsCertificateError, "`outbound.ca-file`"),
        (
            ErrorCode::HttpResponseHeaderSectionSize,
            "`outbound.header-kib`",
        ),
        (ErrorCode::ConnectionRefused, "(`https://api.example:443`)"),
    ] {
        let _upstream = Upstream::new([Reply::error(code)]);
        let error = get(URL).send().unwrap_err();
        assert_eq!(error.code(), Some(code));
        let text = error.to_string();
        assert!(text.contains(setting), "{text}");
        assert!(text.ends_with(&format!("({code})")), "{text}");
    }
}

#[test]
fn every_code_has_a_text() {
    for code in ErrorCode::ALL {
        let _upstream = Upstream::new([Reply::error(*code)]);
        let error = get(URL).send().unwrap_err();
        assert_eq!(error.code(), Some(*code));
        assert!(
            error.to_string().len() > "GET https://api.example/v1:  ()".len() + code.name().len()
        );
    }
}

#[test]
fn an_early_reply_does_not_wait_for_the_request() {
    let upstream = Upstream::new([Reply::new(413).early_after(100_000).chunk("too large")]);
    let response = post(URL).body_from(io::repeat(b'x')).send().unwrap();
    assert_eq!(response.text().unwrap(), "too large");
    let request = upstream.requests().remove(0);
    assert!(!request.is_complete());
    assert!((100_000..1_000_000).contains(&request.body().len()));
}

#[test]
fn a_body_that_cannot_be_read_is_an_error() {
    struct Fails;
    impl io::Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("on fire"))
        }
    }
    let upstream = Upstream::new([Reply::new(200)]);
    let error = post(URL).body_from(Fails).send().unwrap_err();
    let text = "POST https://api.example/v1: failed to read the request's body: on fire";
    assert_eq!(error.to_string(), text);
    assert!(!upstream.requests()[0].is_complete());
    let _upstream = Upstream::new([Reply::new(200), Reply::new(200)]);
    for length in ["3", "5"] {
        let request = post(URL).header("content-length", length);
        let error = request.body_from(&b"four"[..]).send().unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::HttpRequestBodySize));
    }
}

#[test]
fn open_requests_are_limited_as_on_the_host() {
    let _upstream = Upstream::with(|_| Reply::new(200).chunk("x"));
    let mut open: Vec<_> = (0..16).map(|_| get(URL).send().unwrap()).collect();
    let error = get(URL).send().unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::ConnectionLimitReached));
    open.pop();
    let mut ended = get(URL).send().unwrap();
    ended.read_to_end(&mut Vec::new()).unwrap();
    get(URL).send().unwrap();
}

#[test]
fn a_request_that_nobody_answers_says_what_the_test_needs() {
    let error = get(URL).send().unwrap_err();
    assert!(error.to_string().contains("`testing::Upstream`"), "{error}");
    let _upstream = Upstream::new([Reply::new(200)]);
    get(URL).send().unwrap();
    let error = get(URL).send().unwrap_err();
    assert!(error.to_string().ends_with("has no reply 2"), "{error}");
}

#[test]
fn neither_a_query_nor_a_token_is_shown() {
    let request = get("https://api.example/v1?key=hidden").bearer("hidden");
    assert!(!format!("{request:?}").contains("hidden"), "{request:?}");
    let _upstream = Upstream::new([Reply::error(ErrorCode::HttpRequestDenied)]);
    let error = request.send().unwrap_err();
    assert!(
        !format!("{error} {error:?}").contains("hidden"),
        "{error:?}"
    );
}
