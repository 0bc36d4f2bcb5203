use std::io::{self, BufRead as _, Read as _};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{URL, answered};
use crate::fetch::{ErrorCode, FetchError, get};
use crate::testing::{self, Reply, Upstream};
use crate::{Error, StreamError};

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
fn trailers_come_after_the_body() {
    let reply = Reply::new(200).chunk("body").trailer("x-sum", "7");
    let trailers = answered(reply.clone()).trailers().unwrap().unwrap();
    assert_eq!(trailers["x-sum"], "7");
    assert_eq!(answered(Reply::new(200)).trailers().unwrap(), None);
    assert!(answered(reply.cut()).trailers().is_err());
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
