use std::io::{self, BufRead as _, Read as _};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{ErrorCode, FetchError, IncomingResponse, Method, Request, get, post};
use crate::testing::{self, Reply, Upstream};
use crate::{Error, StreamError};

const URL: &str = "https://api.example/v1";

/// Sends a request to an upstream with this reply.
fn answered(reply: Reply) -> IncomingResponse {
    let _upstream = Upstream::new([reply]);
    get(URL).send().unwrap()
}

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
    let request = super::request(Method::PATCH, URL).header("content-type", "text/plain");
    request.body_from(reader).send().unwrap();

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
        super::request(method, URL).send().unwrap();
    }
    super::put(URL).send().unwrap();
    super::delete(URL).send().unwrap();
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
        (
            super::request(Method::TRACE, URL),
            "HTTP-request-method-invalid",
        ),
        (
            super::request(Method::CONNECT, URL),
            "HTTP-request-method-invalid",
        ),
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
fn a_body_is_read_as_bytes_text_and_json() {
    let reply = Reply::new(201).chunk("{\"a\":").chunk("\u{e9}1}");
    assert_eq!(answered(reply.clone()).text().unwrap(), "{\"a\":\u{e9}1}");
    assert_eq!(answered(reply.clone()).status(), 201);
    assert!(answered(reply).json::<Value>().is_err());
    let json: Value = answered(Reply::json(&json!([1]))).json().unwrap();
    assert_eq!(json, json!([1]));
    let error = answered(Reply::new(200).chunk([0xff])).text().unwrap_err();
    assert!(error.to_string().ends_with("is not UTF-8"), "{error}");
    assert_eq!(answered(Reply::new(204)).bytes().unwrap(), b"");
}

#[test]
fn a_whole_body_has_a_limit_that_can_be_raised() {
    let reply = || Reply::new(200).chunk("1234").chunk("5678");
    assert_eq!(answered(reply()).limit(8).bytes().unwrap().len(), 8);
    let error = answered(reply()).limit(7).text().unwrap_err();
    assert!(error.to_string().contains("larger than 7 bytes"), "{error}");
    let large = Reply::new(200).chunk(vec![b'x'; 16 * 1024 * 1024]);
    assert!(answered(large.clone()).bytes().is_ok());
    assert!(answered(large.chunk("x")).bytes().is_err());
}

#[test]
fn an_error_response_has_its_status_and_the_beginning_of_its_body() {
    let error = answered(Reply::new(429).chunk("  slow").chunk(" down\n")).success();
    let error = error.unwrap_err();
    assert_eq!(error.status().unwrap(), 429);
    assert_eq!(error.body(), Some(&b"  slow down\n"[..]));
    assert_eq!(
        error.to_string(),
        "GET https://api.example/v1: status 429 Too Many Requests: slow down"
    );
    let error = answered(Reply::new(302)).success().unwrap_err();
    assert!(error.to_string().ends_with(": status 302 Found"), "{error}");
    assert!(answered(Reply::new(204)).success().is_ok());
}

/// The end of the excerpt may lie within a character.
#[test]
fn the_beginning_of_a_body_is_cut_between_characters() {
    for before in 2044..=2048 {
        let body = format!("{}\u{1f600}\u{1f600}", "x".repeat(before));
        let error = answered(Reply::new(500).chunk(body)).success().unwrap_err();
        let text = error.to_string();
        assert!(!text.contains('\u{fffd}'), "{before}: {text}");
        assert!(text.ends_with(" ..."), "{before}");
        assert_eq!(error.body().unwrap().len(), 2048);
    }
    let whole = answered(Reply::new(500).chunk("x".repeat(2048)));
    assert!(whole.success().unwrap_err().to_string().ends_with("xx"));
    let broken = answered(Reply::new(500).chunk("part").cut()).success();
    assert!(broken.unwrap_err().to_string().ends_with(": part"));
}

#[test]
fn a_reader_gets_the_pieces_as_they_came() {
    let mut response = answered(Reply::new(200).chunk("abc").chunk("").chunk("de"));
    assert_eq!(response.fill_buf().unwrap(), b"abc");
    response.consume(1);
    let mut two = [0; 5];
    assert_eq!(response.read(&mut two).unwrap(), 2);
    let rest: Vec<_> = response.chunks().map(Result::unwrap).collect();
    assert_eq!(rest, [b"de"]);
    assert_eq!(response.read(&mut two).unwrap(), 0);

    let mut response = answered(Reply::new(200).chunk("abc").chunk("de"));
    response.read_exact(&mut [0]).unwrap();
    // What was read ahead is not lost.
    assert_eq!(response.text().unwrap(), "bcde");
    let lines: Result<Vec<_>, _> = answered(Reply::new(200).chunk("a\nb").chunk("c\n"))
        .lines()
        .collect();
    assert_eq!(lines.unwrap(), ["a", "bc"]);
}

#[test]
fn a_response_that_broke_off_never_looks_complete() {
    let cut = || answered(Reply::new(200).chunk("part").cut());
    let mut response = cut();
    let mut body = Vec::new();
    for _ in 0..3 {
        let error = response.read_to_end(&mut body).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        let error = FetchError::find_in(&error).unwrap();
        assert_eq!(error.code(), Some(ErrorCode::ConnectionTerminated));
    }
    assert_eq!(body, b"part");
    assert!(cut().text().is_err());
    assert!(response.trailers().is_err());
    assert!(cut().chunks().last().unwrap().is_err());
    let error = cut().sse().next().unwrap().unwrap_err();
    assert!(FetchError::find_in(&error).is_some());
    let short = Reply::new(200)
        .header("content-length", "9")
        .chunk("12345678");
    let error = answered(short).bytes().unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::HttpResponseIncomplete));
}

#[test]
fn a_cut_can_be_anywhere() {
    for at in 0..=6 {
        let mut response = answered(Reply::new(200).chunk("abc").chunk("def").cut_after(at));
        let mut body = String::new();
        response.read_to_string(&mut body).unwrap_err();
        assert!(
            "abcdef".starts_with(&body) && body.len() == at,
            "{at}: {body}"
        );
    }
}

#[test]
fn pieces_are_copied_to_the_caller_as_they_came() {
    let (response, recording) = testing::response();
    let mut body = response.start(200).unwrap();
    let mut upstream = answered(Reply::new(200).chunk("abc").chunk("de"));

    assert_eq!(upstream.copy_to(&mut body).unwrap(), 5);

    assert_eq!(recording.chunks(), [&b"abc"[..], b"de"]);
    assert!(!recording.finished());
    let error = answered(Reply::new(200).chunk("x").cut()).copy_to(&mut body);
    assert!(FetchError::find_in(&*error.unwrap_err()).is_some());
    recording.close_after_writes(0);
    let error = answered(Reply::new(200).chunk("x")).copy_to(&mut body);
    let error = error.unwrap_err();
    assert_eq!(StreamError::find_in(&*error), Some(&StreamError::Closed));
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
fn waits_have_limits() {
    let ms = Duration::from_millis;
    let started = Instant::now();
    let _upstream = Upstream::new([
        Reply::new(200).delay(Duration::from_secs(30)),
        Reply::new(200)
            .chunk("a")
            .pause(Duration::from_secs(30))
            .chunk("b"),
        Reply::new(200)
            .chunk("a")
            .pause(ms(1))
            .chunk("b")
            .pause(ms(1)),
    ]);
    let error = get(URL).first_byte_timeout(ms(5)).send().unwrap_err();
    assert!(error.is_timeout());
    assert!(
        error.to_string().contains("`first_byte_timeout`"),
        "{error}"
    );
    let response = get(URL).between_bytes_timeout(ms(5)).send().unwrap();
    let error = response.text().unwrap_err();
    assert!(error.is_timeout());
    assert!(error.to_string().contains("`outbound.idle-ms`"), "{error}");
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::TimedOut);
    assert_eq!(get(URL).send().unwrap().text().unwrap(), "ab");
    assert!(started.elapsed() < Duration::from_secs(20));
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
fn trailers_come_after_the_body() {
    let reply = Reply::new(200).chunk("body").trailer("x-sum", "7");
    let trailers = answered(reply.clone()).trailers().unwrap().unwrap();
    assert_eq!(trailers["x-sum"], "7");
    assert_eq!(answered(Reply::new(200)).trailers().unwrap(), None);
    assert!(answered(reply.cut()).trailers().is_err());
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
fn an_error_is_any_error() {
    let fails = || -> Result<(), Error> {
        let _upstream = Upstream::new([Reply::new(500)]);
        get(URL).send()?.success()?;
        Ok(())
    };
    let error = fails().unwrap_err();
    assert_eq!(FetchError::find_in(&*error).unwrap().status().unwrap(), 500);
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
