//! Events that no front end sends, and components that do everything too often or too late.

use std::time::Duration;

use bootstream_test_support::recorder::{Event, Exchange, Recorder};
use bootstream_test_support::{assert_contains, pause};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::{event, host, respond, serving, write};
use crate::documents::through;

/// Events that are queued at once.
const BATCH: usize = 50;

/// What every member of an event is replaced with.
fn odd_values() -> Vec<Value> {
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    let long = "\u{e9}\0\r\n%".repeat(2000);
    vec![
        Value::Null,
        json!(true),
        json!(-1e300),
        json!(""),
        json!(long),
        json!(["a", null, 1]),
        json!({"a b": "c\nd", "\u{e9}": 1, "": ""}),
        json!({"HTTP": {"method": "CONNECT"}, "http": {"method": "\0"}}),
        deep,
    ]
}

/// Returns an event for each member of `event` and each odd value, with the member replaced.
fn twisted(event: &Value) -> Vec<Value> {
    let mut pointers = Vec::new();
    collect(event, String::new(), &mut pointers);
    let mut events = Vec::new();
    for pointer in &pointers {
        for odd in odd_values() {
            let mut event = event.clone();
            *event.pointer_mut(pointer).expect("a member") = odd;
            events.push(event);
        }
    }
    events
}

fn collect(value: &Value, pointer: String, pointers: &mut Vec<String>) {
    for (name, member) in value.as_object().into_iter().flatten() {
        collect(member, format!("{pointer}/{name}"), pointers);
    }
    pointers.push(pointer);
}

/// The only post to an invocation, whatever it is.
#[track_caller]
fn any_answer(lambda: &Recorder, id: &str) -> Exchange {
    let ends = [format!("{id}/response"), format!("{id}/error")];
    lambda.wait(&format!("an answer to {id}"), |seen| {
        let posts: Vec<_> = ends.iter().flat_map(|end| seen.to(end)).collect();
        let [post] = posts[..] else { return None };
        post.ended.map(|_| post.clone())
    })
}

#[test]
fn every_member_of_an_event_may_be_anything() {
    let (lambda, mut host) = serving("");
    let steps = json!([respond(), write("fine"), "finish"]);
    let events = ["url", "http-api", "rest", "alb", "alb-multi", "lattice"]
        .into_iter()
        .flat_map(|front_end| {
            let mut event = through(front_end, &steps);
            event["isBase64Encoded"] = false.into();
            event["rawQueryString"] = "a=1".into();
            event["cookies"] = json!(["a=1"]);
            event["queryStringParameters"] = json!({"a": "1"});
            event["multiValueQueryStringParameters"] = json!({"a": ["1"]});
            twisted(&event)
        })
        .collect::<Vec<_>>();
    assert!(events.len() > 500, "{}", events.len());

    let mut kinds = [0; 3];
    for (batch, events) in events.chunks(BATCH).enumerate() {
        let id = |number: usize| format!("odd-{batch}-{number}-");
        let queued = (0..).zip(events);
        let queued = queued.map(|(number, event)| Event::new(&id(number), event.to_string()));
        lambda.enqueue_all(queued.collect());
        for (number, event) in events.iter().enumerate() {
            kinds[kind(&any_answer(&lambda, &id(number)), event)] += 1;
        }
        lambda.forget();
    }

    assert!(kinds.iter().all(|count| *count > 10), "{kinds:?}");
    host.assert_running();
    lambda.enqueue(event_of("after"));
    assert_eq!(lambda.complete_response("after").body(), "fine");
}

/// Whether the guest answered, the host refused the event, or the script is gone or not one any more.
fn kind(answer: &Exchange, event: &Value) -> usize {
    match answer
        .header("lambda-runtime-function-error-type")
        .as_deref()
    {
        None => 0,
        Some("Function.BadEvent") => 1,
        Some("Function.Panic") => 2,
        Some(other) => panic!("{other} for {event}: {answer:?}"),
    }
}

fn event_of(id: &str) -> Event {
    event(id, &json!([respond(), write("fine"), "finish"]))
}

/// No front end passes on so much, and an SDK can send it.
#[test]
fn heads_of_events_may_be_as_large_as_an_event() {
    let (lambda, mut host) = serving("");
    let steps = json!([respond(), write("fine"), "finish"]);
    let many = |count: usize, bytes: usize| {
        let mut event = through("url", &steps);
        for number in 0..count {
            event["headers"][format!("x-{number}")] = "v".repeat(bytes).into();
        }
        event
    };
    let mut long_path = through("url", &steps);
    long_path["rawPath"] = format!("/{}", "p".repeat(1_000_000)).into();
    for (id, event, error_type) in [
        ("one", many(1, 5_000_000), None),
        ("many", many(20_000, 100), None),
        // More than a map of headers has room for.
        ("too-many", many(50_000, 10), Some("Function.BadEvent")),
        ("path", long_path, Some("Function.BadEvent")),
    ] {
        lambda.enqueue(Event::new(id, event.to_string()));
        match error_type {
            None => assert_eq!(lambda.complete_response(id).body(), "fine", "{id}"),
            Some(error_type) => drop(lambda.reported_error(id, error_type)),
        }
    }
    host.assert_running();
}

#[test]
fn invalid_headers_are_left_out_with_one_line_in_the_log() {
    let (lambda, host) = serving("");
    let mut odd = through("url", &json!([respond(), write("fine"), "finish"]));
    for number in 0..1000 {
        odd["headers"][format!("x {number}")] = "v".into();
    }
    lambda.enqueue(Event::new("odd", odd.to_string()));
    assert_eq!(lambda.complete_response("odd").body(), "fine");
    let line = host.logged("left out of the request");
    assert_contains(&line, "and 997 more headers");
    assert_contains(&line, "requestId=odd");
}

#[test]
fn a_hundred_thousand_small_writes_arrive_in_little_memory() {
    let (lambda, host) = serving("");
    lambda.enqueue(event_of("warm-up"));
    lambda.complete_response("warm-up");
    let idle = host.resident_kib();
    let many = json!({"write_many": {"count": 100_000, "chunk": "ab"}});
    lambda.enqueue(event("id-1", &json!([respond(), many, "finish"])));

    let response = lambda.complete_response("id-1");

    assert_eq!(response.body(), "ab".repeat(100_000));
    let peak = host.peak_resident_kib();
    assert!(peak < idle + 10 * 1024, "{idle} KiB, then {peak}");
}

#[test]
fn what_a_component_forgets_is_limited_and_does_not_outlive_it() {
    let (lambda, host) = serving("");
    lambda.enqueue(event(
        "some",
        &json!([{"hoard": 400}, respond(), write("fine"), "finish"]),
    ));
    assert_eq!(lambda.complete_response("some").body(), "fine");

    let idle = host.resident_kib();
    for number in 0..20 {
        let id = format!("before-{number}-");
        lambda.enqueue(event(&id, &json!([{"hoard": 1_000_000}])));
        let error = lambda.reported_error(&id, "Function.LimitExceeded");
        assert_contains(&error.error_message(), "resource");
        let id = format!("within-{number}-");
        lambda.enqueue(event(
            &id,
            &json!([respond(), write("fine"), {"hoard": 1_000_000}]),
        ));
        assert_eq!(
            lambda.failed_response(&id, "Function.LimitExceeded").body(),
            "fine"
        );
    }
    let grown = host.resident_kib().saturating_sub(idle);
    assert!(grown < 8 * 1024, "{grown} KiB");
}

/// Lambda freezes the process between invocations, and a laptop does so at any time.
#[test]
fn a_process_that_is_frozen_goes_on_where_it_was() {
    let (lambda, mut host) = serving("");
    let slow = json!([respond(), write("one"), {"sleep_ms": 100}, write("two"), "finish"]);
    lambda.enqueue(event("within", &slow).deadline_in(Duration::from_secs(3)));
    lambda.first_chunk("within");
    host.signal(Signal::STOP);
    pause(Duration::from_millis(400));
    host.signal(Signal::CONT);
    assert_eq!(lambda.complete_response("within").body(), "onetwo");

    // Longer than the deadline of the invocation that has ended.
    let short = event_of("before").deadline_in(Duration::from_millis(700));
    lambda.enqueue(short);
    assert_eq!(lambda.complete_response("before").body(), "fine");
    lambda.idle(1);
    host.signal(Signal::STOP);
    pause(Duration::from_millis(800));
    host.signal(Signal::CONT);
    lambda.enqueue(event_of("after"));
    assert_eq!(lambda.complete_response("after").body(), "fine");
    host.assert_running();
}

/// Each of them has a socket, a buffer and an instance of its own.
#[test]
fn several_receivers_that_vanish_do_not_disturb_the_others() {
    use bootstream_test_support::recorder::{End, Fate, Post};
    let lambda = Recorder::start();
    let mut host = host(&lambda, "")
        .env("AWS_LAMBDA_MAX_CONCURRENCY", "4")
        .start();
    lambda.idle(4);
    for number in [0, 2] {
        let gone = Post::status("410 Gone", "{}")
            .early_after(1)
            .fate(Fate::CloseAfter);
        lambda.on(&format!("id-{number}-/response"), gone);
    }
    let steps =
        json!([respond(), {"write_pattern": {"total": 3_000_000, "chunk": 65_536}}, "finish"]);
    let patient = json!([respond(), write("x"), {"sleep_ms": 300}, write("y"), "finish"]);
    lambda.enqueue_all(
        (0..4)
            .map(|number| {
                event(
                    &format!("id-{number}-"),
                    if number == 3 { &patient } else { &steps },
                )
            })
            .collect(),
    );
    let large = lambda.response("id-1-");
    assert_eq!(
        (large.end, large.prelude_and_body().1.len()),
        (End::Clean, 3_000_000)
    );
    let small = lambda.response("id-3-");
    assert_eq!((small.end, small.body()), (End::Clean, "xy".to_owned()));
    lambda.idle(4);
    host.assert_running();
}
