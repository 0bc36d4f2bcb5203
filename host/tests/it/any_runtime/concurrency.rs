//! Several invocations at once, as on Lambda Managed Instances.

use bootstream_test_support::process::Running;
use bootstream_test_support::recorder::{End, Event, Fate, Post, Recorder};
use bootstream_test_support::tagged::{IDS, WORKERS, assert_tagged, tagged};
use serde_json::{Value, json};

use super::{event, head, runtime};

#[track_caller]
fn start(lambda: &Recorder) -> Running {
    let runtime = runtime(lambda)
        .env("AWS_LAMBDA_MAX_CONCURRENCY", "4")
        .env("AWS_LAMBDA_INITIALIZATION_TYPE", "lambda-managed-instances")
        .start();
    lambda.idle(WORKERS);
    runtime
}

/// A script with a head and a body that identifies it.
fn script(id: &str) -> Value {
    [head(200)].into_iter().chain(tagged(id)).collect()
}

fn tagged_events(ids: &[&str]) -> Vec<Event> {
    let events = ids.iter().map(|id| event(id, &script(id)));
    events.collect()
}

#[test]
fn there_are_as_many_polls_at_once_as_lambda_allows() {
    let lambda = Recorder::start();
    let _runtime = start(&lambda);

    let mut connections = lambda.look(|seen| {
        let polls = seen.polls().into_iter();
        polls.map(|poll| poll.connection).collect::<Vec<_>>()
    });
    connections.sort_unstable();
    connections.dedup();
    assert_eq!(connections.len(), WORKERS);
    assert_eq!(lambda.look(|seen| seen.most_waiting_polls), WORKERS);
}

#[test]
fn responses_overlap_and_do_not_mix() {
    let lambda = Recorder::start();
    let _runtime = start(&lambda);
    lambda.enqueue_all(tagged_events(&IDS));

    let responses = IDS.map(|id| lambda.response(id));

    for (response, id) in responses.iter().zip(IDS) {
        assert_tagged(response, id);
    }
    let last_start = responses.iter().map(|response| response.began).max();
    let first_end = responses.iter().filter_map(|response| response.ended).min();
    assert!(last_start < first_end, "they ran one after the other");
}

#[test]
fn a_handler_that_fails_leaves_its_neighbours_alone() {
    let lambda = Recorder::start();
    let mut runtime = start(&lambda);
    let mut events = tagged_events(&IDS[2..]);
    events.push(event("id-1", &json!([{"panic": "p"}])));
    events.push(event("id-2", &json!([{"error": "e"}])));
    lambda.enqueue_all(events);

    for id in &IDS[2..] {
        assert_tagged(&lambda.response(id), id);
    }
    lambda.idle(WORKERS);
    runtime.assert_running();
}

#[test]
fn a_refusal_concerns_one_worker() {
    let lambda = Recorder::start();
    let gone = Post::status("410 Gone", "{\"errorType\":\"InvokeTimeout\"}\n");
    lambda.on("id-1/response", gone);
    let mut runtime = start(&lambda);
    lambda.enqueue_all(tagged_events(&IDS));

    for id in &IDS[1..] {
        assert_tagged(&lambda.response(id), id);
    }
    lambda.idle(WORKERS);
    runtime.assert_running();
}

#[test]
fn a_broken_poll_concerns_one_worker() {
    let lambda = Recorder::start();
    let _runtime = start(&lambda);

    lambda.enqueue(Event::none("", Fate::Reset));
    lambda.polls(WORKERS + 1);
    lambda.idle(WORKERS);

    assert!(lambda.look(|seen| seen.polls().len()) <= WORKERS + 3);
    lambda.enqueue_all(tagged_events(&IDS));
    for id in IDS {
        assert_tagged(&lambda.response(id), id);
    }
}

#[test]
fn a_stalled_reader_slows_down_nobody_else() {
    let lambda = Recorder::with_small_buffers();
    lambda.on("id-1/response", Post::default().stall_until_released(1));
    let _runtime = start(&lambda);
    let pattern = json!({"write_pattern": {"total": 20_000_000, "chunk": 65536}});
    let mut events = vec![event("id-1", &json!([head(200), pattern, "finish"]))];
    events.extend(tagged_events(&IDS[1..]));
    lambda.enqueue_all(events);

    for id in &IDS[1..] {
        assert_tagged(&lambda.response(id), id);
    }
    let stalled = lambda.look(|seen| seen.to("id-1/response")[0].end);
    assert_eq!(stalled, End::Open);
    lambda.release();
    lambda.response("id-1").assert_clean_end();
}
