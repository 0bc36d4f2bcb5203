use bootstream::fetch::{ErrorCode, FetchError};
use bootstream::testing::{self, Recording, Reply, Upstream, Variables};
use bootstream::{Error, StreamError};

fn function() -> Variables {
    testing::variables([
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "PLACEHOLDER"),
        ("BUCKET_NAME", "music"),
    ])
}

/// An event with headers.
fn event(method: &str, path: &str, headers: &[(&str, &str)]) -> bootstream::Event {
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| format!("{name:?}:{value:?}"))
        .collect();
    testing::event(format!(
        r#"{{"version":"2.0","rawPath":{path:?},"rawQueryString":"","headers":{{{}}},
            "requestContext":{{"http":{{"method":{method:?},"path":{path:?}}}}}}}"#,
        headers.join(",")
    ))
}

struct Outcome {
    result: Result<(), Error>,
    recording: Recording,
    upstream: Upstream,
}

/// Calls the handler while S3 answers with `reply`.
fn outcome(method: &str, path: &str, headers: &[(&str, &str)], reply: Reply) -> Outcome {
    let _variables = function();
    let upstream = Upstream::new([reply]);
    let (response, recording) = testing::response();
    let result = super::handle(event(method, path, headers), response);
    Outcome {
        result,
        recording,
        upstream,
    }
}

fn object() -> Reply {
    Reply::new(200)
        .header("content-type", "audio/ogg")
        .header("content-length", "6")
        .header("etag", "\"e1\"")
        .header("x-amz-request-id", "secret")
        .header("server", "AmazonS3")
        .chunk("abc")
        .chunk("def")
}

#[test]
fn an_object_leaves_as_it_comes_with_the_headers_that_describe_it() {
    let Outcome {
        result,
        recording,
        upstream,
    } = outcome("GET", "/a%20b/%C3%BC.ogg", &[], object());

    result.unwrap();
    assert_eq!(recording.status(), Some(200));
    assert_eq!(recording.chunks(), [&b"abc"[..], b"def"]);
    assert!(recording.finished());
    assert_eq!(
        recording.headers(),
        [
            ("content-length", "6"),
            ("content-type", "audio/ogg"),
            ("etag", "\"e1\"")
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    let request = &upstream.requests()[0];
    assert_eq!(
        request.url(),
        "https://s3.eu-central-1.amazonaws.com/music/a%20b/%C3%BC.ogg"
    );
    assert!(
        request
            .header("authorization")
            .unwrap()
            .contains("PLACEHOLDER")
    );
    assert_eq!(request.header("range"), None);
}

#[test]
fn ranges_and_conditions_reach_s3_and_its_decision_the_caller() {
    let part = Reply::new(206)
        .header("content-range", "bytes 1-2/6")
        .chunk("bc");
    let asked = [
        ("range", "bytes=1-2"),
        ("if-match", "\"e1\""),
        ("cookie", "a=1"),
    ];

    let Outcome {
        result,
        recording,
        upstream,
    } = outcome("GET", "/song", &asked, part);

    result.unwrap();
    assert_eq!(recording.status(), Some(206));
    assert_eq!(
        recording.header("content-range").as_deref(),
        Some("bytes 1-2/6")
    );
    let request = &upstream.requests()[0];
    assert_eq!(request.header("range"), Some("bytes=1-2"));
    assert_eq!(request.header("if-match"), Some("\"e1\""));
    assert_eq!(request.header("cookie"), None);
}

#[test]
fn a_range_that_depends_on_the_version_becomes_the_whole_object() {
    let asked = [("range", "bytes=1-2"), ("if-range", "\"e0\"")];

    let Outcome {
        result,
        recording,
        upstream,
    } = outcome("GET", "/song", &asked, object());

    result.unwrap();
    assert_eq!(recording.status(), Some(200));
    assert_eq!(upstream.requests()[0].header("range"), None);
}

#[test]
fn a_head_request_has_no_body() {
    let reply = Reply::new(200).header("content-length", "6");

    let Outcome {
        result,
        recording,
        upstream,
    } = outcome("HEAD", "/song", &[], reply);

    result.unwrap();
    assert_eq!(recording.header("content-length").as_deref(), Some("6"));
    assert!(recording.body().is_empty());
    assert!(recording.finished());
    assert_eq!(upstream.requests()[0].method(), "HEAD");
}

#[test]
fn an_object_that_is_not_sent_has_no_body_either() {
    for status in [304, 412, 416] {
        let reply = Reply::new(status)
            .header("content-type", "application/xml")
            .header("content-length", "17")
            .header("etag", "\"e1\"")
            .chunk("<Error>music</Error>");

        let Outcome {
            result, recording, ..
        } = outcome("GET", "/song", &[], reply);

        result.unwrap();
        assert_eq!(recording.status(), Some(status));
        assert_eq!(recording.header("etag").as_deref(), Some("\"e1\""));
        assert!(recording.body().is_empty());
        if status != 304 {
            assert_eq!(recording.header("content-length"), None);
            assert_eq!(recording.header("content-type"), None);
        }
    }
}

#[test]
fn a_key_that_does_not_exist_is_404_without_s3s_text() {
    let reply = Reply::new(404).chunk("<Error>NoSuchKey music</Error>");

    let Outcome {
        result, recording, ..
    } = outcome("GET", "/song", &[], reply);

    assert_eq!(result.unwrap_err().to_string(), "no such object");
    assert_eq!(recording.status(), None);
}

#[test]
fn keys_that_are_empty_or_lead_elsewhere_are_not_asked_for() {
    for path in [
        "/",
        "/..",
        "/../other/key",
        "/a/../../other",
        "/a/%2E%2E/b",
        "/a%2F..%2Fb",
        "/.",
    ] {
        let Outcome {
            result, upstream, ..
        } = outcome("GET", path, &[], object());

        assert_eq!(result.unwrap_err().to_string(), "no such object", "{path}");
        assert!(upstream.requests().is_empty(), "{path}");
    }
}

#[test]
fn keys_keep_their_slashes_and_marks() {
    for (path, wire) in [
        ("/a//b", "/music/a//b"),
        ("/folder/", "/music/folder/"),
        ("/100%2525.txt", "/music/100%2525.txt"),
        ("/a+b@2x(1)", "/music/a%2Bb%402x%281%29"),
    ] {
        let Outcome { upstream, .. } = outcome("GET", path, &[], object());

        let url = upstream.requests()[0].url().to_owned();
        assert_eq!(
            url,
            format!("https://s3.eu-central-1.amazonaws.com{wire}"),
            "{path}"
        );
    }
}

#[test]
fn other_methods_are_refused() {
    let Outcome {
        result, upstream, ..
    } = outcome("DELETE", "/song", &[], object());

    assert_eq!(result.unwrap_err().to_string(), "only GET and HEAD");
    assert!(upstream.requests().is_empty());
}

#[test]
fn what_s3_denies_or_does_not_answer_is_an_error_before_the_response() {
    for reply in [
        Reply::new(403),
        Reply::new(503),
        Reply::error(ErrorCode::ConnectionTerminated),
    ] {
        let Outcome {
            result, recording, ..
        } = outcome("GET", "/song", &[], reply);

        let error = result.unwrap_err();
        assert!(FetchError::find_in(&*error).is_some(), "{error}");
        assert_eq!(recording.status(), None);
    }
}

#[test]
fn an_object_that_breaks_off_leaves_the_response_unfinished() {
    let Outcome {
        result, recording, ..
    } = outcome("GET", "/song", &[], object().cut_after(4));

    assert!(FetchError::find_in(&*result.unwrap_err()).is_some());
    assert_eq!(recording.text(), "abcd");
    assert!(!recording.finished());
}

#[test]
fn a_response_that_is_lost_ends_the_download() {
    let _variables = function();
    let _upstream = Upstream::new([object()]);
    let (response, recording) = testing::response();
    recording.close_after_writes(1);

    let error = super::handle(event("GET", "/song", &[]), response).unwrap_err();

    assert_eq!(StreamError::find_in(&*error), Some(&StreamError::Closed));
}
