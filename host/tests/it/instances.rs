//! Instances are created ahead of their invocation, and no handler can observe it.

use std::path::Path;
use std::time::{Duration, Instant};

use bootstream_test_support::process::Bootstrap;
use bootstream_test_support::recorder::{Event, Recorder};
use bootstream_test_support::{PATIENCE, assert_contains, guests, pause};
use serde_json::Value;

const IDS: [&str; 3] = ["id-1", "id-2", "id-3"];

#[test]
fn what_a_handler_logs_at_its_start_belongs_to_its_invocation() {
    let lambda = Recorder::start();
    let host = Bootstrap::with_handler(&lambda, &guests::text("logs_at_start.wat"))
        .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
        .start();
    // Time to create an instance ahead of its invocation.
    lambda.idle(1);
    for id in IDS {
        lambda.enqueue(Event::new(id, "{}"));
        lambda.complete_response(id);
    }

    host.logged("\"requestId\":\"id-3\"");
    let lines = host.stdout();
    let started = lines.iter().filter(|line| line.contains("at start"));
    let ids: Vec<_> = started
        .map(|line| IDS.into_iter().find(|id| line.contains(id)))
        .collect();
    assert_eq!(ids, IDS.map(Some), "{lines:?}");
}

#[test]
fn what_a_handler_reads_at_its_start_is_of_its_invocation() {
    let lambda = Recorder::start();
    let handler = guests::text("reads_environment_at_start.wat");
    let _host = Bootstrap::with_handler(&lambda, &handler).start();
    lambda.idle(1);

    for id in IDS {
        lambda.enqueue(Event::new(id, "{}").header("Lambda-Runtime-Trace-Id", "Root=1-2"));
        lambda.complete_response(id);
    }
    lambda.enqueue(Event::new("without", "{}").without("Lambda-Runtime-Trace-Id"));
    lambda.reported_error("without", "Function.Trap");
}

#[test]
fn a_handler_that_loops_at_its_start_is_stopped_at_the_deadline_of_each_event() {
    let lambda = Recorder::start();
    let mut host = Bootstrap::with_handler(&lambda, &guests::text("loops_at_start.wat")).start();
    lambda.idle(1);

    for id in IDS {
        lambda.enqueue(Event::new(id, "{}").deadline_in(Duration::from_millis(500)));
        lambda.reported_error(id, "Function.DeadlineExceeded");
        host.assert_running();
    }
}

/// An instance that is still being prepared when the deadline of its event comes is given up. Later ones are
/// prepared ahead again, once an invocation has shown that the start does end.
#[test]
fn a_start_that_was_interrupted_once_is_made_ahead_of_later_events() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ends = "(br_if 1 (i64.eq (local.tee $n (i64.add (local.get $n) (i64.const 1))) (i64.const 300000000)))";
    let handler = guests::text_with("loops_at_start.wat", ";; Condition", ends, folder.path());
    let lambda = Recorder::start();
    lambda.enqueue(Event::new("id-1", "{}").deadline_in(Duration::from_millis(50)));
    let host = Bootstrap::with_handler(&lambda, &handler)
        .env("BOOTSTREAM_LOG_USAGE", "info")
        .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
        .start();
    lambda.reported_error("id-1", "Function.DeadlineExceeded");

    let milliseconds = |id: &str| -> u64 {
        lambda.enqueue(Event::new(id, "{}").deadline_in(PATIENCE));
        lambda.complete_response(id);
        let used = host.line("its use", |line| {
            line.contains(id) && line.contains("\"usage\"")
        });
        let record: Value = serde_json::from_str(&used).expect("a record in JSON");
        record["milliseconds"].as_u64().expect("a number")
    };
    let with_its_start = milliseconds("id-2");
    assert!(with_its_start > 20, "the start takes too short a time");
    let ahead = (3..).map(|n| {
        pause(Duration::from_millis(100));
        milliseconds(&format!("id-{n}-"))
    });
    let begin = Instant::now();
    let fast = ahead.take_while(|_| begin.elapsed() < PATIENCE);
    let found = fast.into_iter().find(|taken| *taken < with_its_start / 2);
    assert!(
        found.is_some(),
        "no later event was faster than {with_its_start} ms"
    );
}

/// Number of 64 KiB pages by which each event grows its handler's memory of 17 pages. The first MiB in use is
/// cleared for the next; memory beyond 4 MiB is not scanned. After an odd number, the handler reads
/// past the end of its memory, where an earlier handler had more.
const GROWTH: [usize; 12] = [0, 1, 100, 0, 3, 30, 200, 1, 0, 101, 16, 0];

/// Every handler checks that its memory is fresh, and leaves it full.
#[track_caller]
fn nothing_is_left(handler: &Path, workers: usize) {
    let lambda = Recorder::start();
    let mut host = Bootstrap::with_handler(&lambda, handler)
        .env("AWS_LAMBDA_MAX_CONCURRENCY", &workers.to_string())
        .start();
    lambda.idle(workers);
    let ids: Vec<String> = (0..5 * GROWTH.len()).map(|n| format!("id-{n}")).collect();
    let growth = || ids.iter().zip(GROWTH.into_iter().cycle());
    let events = growth().map(|(id, pages)| Event::new(id, "x".repeat(pages)));
    lambda.enqueue_all(events.collect());
    for (id, pages) in growth() {
        if pages % 2 == 0 {
            let response = lambda.response(id);
            response.assert_clean_end();
        } else {
            let report = lambda.error(id).document();
            assert_eq!(report["errorType"], "Function.Trap");
            let message = report["errorMessage"].as_str().expect("a text");
            assert_contains(message, "out of bounds memory access");
        }
    }
    lambda.idle(workers);
    host.assert_running();
}

#[test]
fn nothing_of_one_handlers_memory_is_left_for_the_next() {
    for workers in [1, 4] {
        nothing_is_left(&guests::text("leaves_traces.wat"), workers);
    }
}

#[test]
fn nothing_is_left_either_if_the_initial_memory_is_too_large_to_copy() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = format!("(data (i32.const 65536) \"{}\")", "much".repeat(100_000));
    let handler = guests::text_with("leaves_traces.wat", ";; More data", &data, folder.path());
    nothing_is_left(&handler, 2);
}
