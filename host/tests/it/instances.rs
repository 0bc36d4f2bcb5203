//! Instances are made ahead of their invocation, and no handler can tell.

use std::time::Duration;

use crate::support::guests;
use crate::support::process::Bootstrap;
use crate::support::recorder::{Event, Recorder};

const IDS: [&str; 3] = ["id-1", "id-2", "id-3"];

#[test]
fn what_a_handler_logs_at_its_start_belongs_to_its_invocation() {
    let lambda = Recorder::start();
    let host = Bootstrap::with_handler(&lambda, &guests::text("logs_at_start.wat"))
        .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
        .start();
    // Time for an instance to be made that has no invocation yet.
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
