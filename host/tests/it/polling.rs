//! `GET …/next`: how the host polls, and how events reach the handler.

use std::time::Duration;

use bootstream_test_support::process::{Bootstrap, serving};
use bootstream_test_support::recorder::{Event, Fate, Recorder};
use bootstream_test_support::{assert_contains_all, guests, pause};
use serde_json::json;

/// The largest event Lambda delivers, in bytes.
const LARGEST_EVENT_BYTES: usize = 6_291_556;

fn fnv1a64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[test]
fn the_first_request_is_a_plain_poll() {
    let (lambda, _host) = serving();

    lambda.polls(1);

    let poll = lambda.look(|seen| seen.exchanges[0].clone());
    assert_eq!(
        poll.request_line(),
        "GET /2018-06-01/runtime/invocation/next HTTP/1.1"
    );
    assert_eq!(poll.header("host"), Some(lambda.address()));
    let agent = poll.header("user-agent").expect("a user agent");
    let (name, version) = agent.split_once('/').expect("a name and a version");
    assert_eq!(name, "bootstream");
    assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{agent}");
    assert_eq!(poll.header("transfer-encoding"), None);
    let length = poll.header("content-length").unwrap_or("0".to_owned());
    assert_eq!(length, "0");
}

#[test]
fn the_address_needs_no_scheme_and_may_end_in_a_slash() {
    for (prefix, suffix, base) in [("", "/base", "/base"), ("http://", "/a/b/", "/a/b")] {
        let lambda = Recorder::start();
        lambda.script("id-1", &json!([{"write": "x"}]));
        let address = format!("{prefix}{}{suffix}", lambda.address());
        let _host = Bootstrap::scripted(&lambda)
            .env("AWS_LAMBDA_RUNTIME_API", &address)
            .start();

        let response = lambda.complete_response("id-1");

        let expected = format!("{base}/2018-06-01/runtime/invocation/id-1/response");
        assert_eq!(response.path(), expected);
        let poll = lambda.look(|seen| seen.exchanges[0].path().to_owned());
        assert_eq!(poll, format!("{base}/2018-06-01/runtime/invocation/next"));
    }
}

#[test]
fn an_event_without_a_request_id_is_skipped() {
    let (lambda, host) = serving();
    let nameless = Event::script("id-1", &json!(["write_context"]));
    lambda.enqueue(nameless.without("Lambda-Runtime-Aws-Request-Id"));
    lambda.script("id-2", &json!(["write_context"]));

    lambda.complete_response("id-2");

    assert_eq!(lambda.look(|seen| seen.posts().len()), 1);
    host.line("an error", |line| line.contains("ERROR"));
}

/// The host does not invent an id that was not sent.
#[test]
fn the_invocation_id_goes_back_unchanged_or_not_at_all() {
    let (lambda, _host) = serving();
    let token = "~opaque token=/+\"{}";
    for (id, steps) in [("response", json!(["finish"])), ("error", json!(["trap"]))] {
        for (id, sent) in [(format!("{id}-1"), None), (format!("{id}-2"), Some(token))] {
            let mut event = Event::script(&id, &steps);
            if let Some(token) = sent {
                event = event.header("Lambda-Runtime-Invocation-Id", token);
            }
            lambda.enqueue(event);
            lambda.idle(1);
            let post = lambda.look(|seen| {
                let last = seen.posts();
                (*last.last().expect("a post")).clone()
            });
            assert!(post.path().contains(&id), "{post:?}");
            let echoed = post.header("lambda-runtime-invocation-id");
            assert_eq!(echoed.as_deref(), sent, "{id}");
        }
    }
}

/// Otherwise the warning would fill the log of a busy function.
#[test]
fn unprintable_invocation_ids_are_warned_of_at_most_once_a_minute() {
    let (lambda, host) = serving();
    for id in ["id-1", "id-2", "id-3", "id-4"] {
        let event = Event::script(id, &json!(["finish"]));
        lambda.enqueue(event.header("Lambda-Runtime-Invocation-Id", b"a\x80b"));
    }
    lambda.script("last", &json!([{"print": "the end\n"}]));

    lambda.complete_response("last");
    host.logged("the end");

    let warnings = host.stdout();
    let warnings = warnings.iter().filter(|line| line.contains("WARN"));
    assert!(warnings.count() <= 1, "{:?}", host.stdout());
}

#[test]
fn an_event_that_is_not_json_arrives_unchanged() {
    let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
    let lambda = Recorder::start();
    lambda.enqueue(Event::new("id-1", bytes.clone()).header("Content-Type", "text/plain"));
    let _host = Bootstrap::with_handler(&lambda, &guests::text("echo.wat")).start();

    let response = lambda.complete_response("id-1");

    assert_eq!(response.prelude_and_body().1, bytes);
}

#[test]
fn the_largest_and_the_empty_event_arrive_whole() {
    let (lambda, _host) = serving();
    let script = json!({"steps": ["write_event_digest"]}).to_string();
    // White space after the document is part of the event, not of the script.
    let mut largest = script.into_bytes();
    largest.resize(LARGEST_EVENT_BYTES, b' ');
    let digest = format!(
        "bytes: {LARGEST_EVENT_BYTES} fnv1a64: {:016x}\n",
        fnv1a64(&largest)
    );

    lambda.enqueue(Event::new("largest", largest));
    lambda.enqueue(Event::new("empty", ""));

    assert_eq!(lambda.response("largest").body(), digest);
    assert_eq!(lambda.complete_response("empty").body(), "event bytes: 0\n");
}

#[test]
fn an_event_may_come_in_chunks() {
    let (lambda, _host) = serving();
    let text = "text ".repeat(2000);
    let event = Event::script("id-1", &json!([{"write": &text}]));

    lambda.enqueue(event.chunked(1000));

    assert_eq!(lambda.complete_response("id-1").body(), text);
}

/// Wherever the cut is.
#[test]
fn an_event_that_is_cut_in_its_head_or_its_body_is_not_handled() {
    let (lambda, _host) = serving();
    let text = "text ".repeat(2000);
    let event = |id: &str| Event::script(id, &json!([{"write": &text}]));
    lambda.enqueue(event("in-one").cut(5000));
    lambda.enqueue(event("in-chunks").chunked(1000).cut(5000));
    lambda.enqueue(event("without-last-chunk").chunked(1000).cut(5));
    lambda.enqueue(event("in-its-head").cut(10_060));
    lambda.enqueue(event("whole"));

    assert_eq!(lambda.complete_response("whole").body(), text);
    assert_eq!(lambda.look(|seen| seen.posts().len()), 1);
}

/// Lambda considers the event delivered, so the log must report its loss.
#[test]
fn an_event_that_is_lost_on_its_way_is_a_warning_with_the_reason() {
    let text = "text ".repeat(2000);
    let event = || Event::script("id-1", &json!([{"write": &text}]));
    for (lost, words) in [
        (event().cut(5000), ["id-1", "closed the connection"]),
        (
            event().chunked(1000).cut(5),
            ["id-1", "closed the connection"],
        ),
        (event().cut(10_060), ["the head of its answer", ""]),
        (event().status("099 Strange"), ["status 99", ""]),
        (
            event().header("Transfer-Encoding", "chunked"),
            ["id-1", "chunks"],
        ),
    ] {
        let (lambda, host) = serving();
        lambda.enqueue(lost);
        lambda.script("whole", &json!([{"write": "fine"}]));

        assert_eq!(lambda.complete_response("whole").body(), "fine");

        let line = host.logged("an event was lost");
        assert_contains_all(&line, words);
        let warnings = host.stdout();
        let warnings = warnings.iter().filter(|line| line.contains("WARN"));
        assert_eq!(warnings.count(), 1, "{:?}", host.stdout());
    }
}

/// No event is lost when the Runtime API is absent or goes away.
#[test]
fn an_unanswered_poll_is_not_warned_of() {
    let (lambda, host) = serving();
    for fate in [Fate::Close, Fate::Reset] {
        lambda.enqueue(Event::none("200 OK", fate));
    }
    lambda.script("id-1", &json!([{"write": "fine"}]));

    assert_eq!(lambda.complete_response("id-1").body(), "fine");

    assert_eq!(host.stdout(), [""; 0]);
}

/// However it is framed, it is discarded while it is read, and the connection stays usable.
#[test]
fn an_event_over_its_limit_is_refused_in_little_memory() {
    let lambda = Recorder::start();
    let host = Bootstrap::scripted(&lambda).env("BOOTSTREAM_LIMITS_EVENT_KIB", "64");
    let mut host = host.start();
    lambda.idle(1);
    let idle = host.resident_kib();
    let large = || vec![b' '; 200_000_000];
    for (id, event) in [
        ("whole", Event::new("whole", large())),
        ("chunked", Event::new("chunked", large()).chunked(1_000_000)),
        (
            "little",
            Event::new("little", vec![b' '; 65_537]).chunked(1000),
        ),
    ] {
        let bytes = event.body.len();
        lambda.enqueue(event);

        let error = lambda.reported_error(id, "Function.LimitExceeded");

        let message = error.error_message();
        assert_contains_all(
            &message,
            [&format!("{bytes} bytes"), "65536", "`limits.event-kib`"],
        );
    }
    let peak = host.peak_resident_kib();
    assert!(peak < idle + 10 * 1024, "{idle} KiB, then {peak}");
    lambda.script("next", &json!([{"write": "fine"}]));
    assert_eq!(lambda.complete_response("next").body(), "fine");
    // The first post has a connection of its own; everything else shares one.
    assert!(lambda.look(|seen| seen.connections) <= 2);
    host.assert_running();
}

#[test]
fn the_memory_of_large_events_is_freed() {
    let lambda = Recorder::start();
    let host = Bootstrap::with_handler(&lambda, &guests::text("echo.wat"))
        .env("BOOTSTREAM_LIMITS_EVENT_KIB", "1048576");
    let host = host.start();
    lambda.enqueue(Event::new("small", "{}"));
    lambda.complete_response("small");
    let idle = host.resident_kib();
    for (id, chunk_bytes) in [("one", None), ("two", Some(100_000)), ("three", None)] {
        let event = Event::new(id, vec![b' '; 60 * 1024 * 1024]);
        lambda.enqueue(match chunk_bytes {
            Some(bytes) => event.chunked(bytes),
            None => event,
        });
        // Too large for the component, which is reported once all of it was read.
        lambda.idle(1);
    }
    lambda.enqueue(Event::new("last", "{}"));
    lambda.complete_response("last");

    let after = host.resident_kib();
    // A buffer for Lambda's largest event is kept for the next.
    assert!(after < idle + 20 * 1024, "{idle} KiB, then {after}");
}

#[test]
fn polls_answered_with_204_are_repeated_after_a_pause() {
    let (lambda, mut host) = serving();
    lambda.when_empty(Event::none("204 No Content", Fate::Keep));
    lambda.polls(1);

    pause(Duration::from_secs(1));

    let polls = lambda.look(|seen| seen.polls().len());
    assert!((3..=10).contains(&polls), "{polls}");
    host.assert_running();
}

/// The polls return to full speed once there is an event again.
#[test]
fn polls_without_an_event_are_repeated_a_few_times_a_second() {
    for status in ["204 No Content", "201 Created", "206 Partial Content"] {
        let (lambda, mut host) = serving();
        lambda.idle(1);
        lambda.when_empty(Event::none(status, Fate::Keep));
        lambda.enqueue(Event::none(status, Fate::Keep));
        pause(Duration::from_millis(1500));
        let before = lambda.look(|seen| seen.polls().len());

        pause(Duration::from_secs(1));

        let polls = lambda.look(|seen| seen.polls().len()) - before;
        assert!((1..=5).contains(&polls), "{status}: {polls}");
        host.assert_running();
    }
}
