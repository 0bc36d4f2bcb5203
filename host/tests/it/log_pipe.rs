//! The pipe of the log: full, slow, or closed.

use std::time::{Duration, Instant};

use bootstream_test_support::pause;
use bootstream_test_support::process::Bootstrap;
use bootstream_test_support::recorder::{Event, Fate, Recorder};
use bootstream_test_support::steps::write;
use rustix::process::Signal;
use serde_json::{Value, json};

/// Lines of 10,000 bytes each, numbered.
fn lines(count: usize) -> impl Iterator<Item = Value> {
    (0..count).map(|n| json!({"print": format!("line {n:04} {}\n", "x".repeat(9_990))}))
}

fn numbered<'a>(log: impl Iterator<Item = &'a String>) -> Vec<usize> {
    let numbers = log.filter_map(|line| line.split_once("line ")?.1.get(..4)?.parse().ok());
    numbers.collect()
}

/// Lambda may freeze the process as soon as it polls for the next event.
#[test]
fn what_a_handler_says_is_written_before_the_next_poll() {
    let lambda = Recorder::start();
    let mut host = Bootstrap::scripted(&lambda).start_unread();
    for n in 0..20 {
        let text = format!("said {n}");
        lambda.script(&format!("id-{n}-"), &json!([write("x"), {"print": text}]));
        lambda.idle(1);
        let written = host.in_the_pipe();
        assert!(written.contains(&text), "`{written}` has no `{text}`");
    }
}

#[test]
fn an_unread_log_does_not_hold_up_a_response() {
    let lambda = Recorder::start();
    let mut host = Bootstrap::scripted(&lambda).start_unread();
    // The host logs a line about each, which also fills a pipe.
    let steps: Value = lines(300).chain([write("all")]).collect();
    lambda.script("id-1", &steps);
    assert_eq!(lambda.complete_response("id-1").body(), "all");

    let began = Instant::now();
    for n in 2..30 {
        let id = format!("id-{n}-");
        lambda.script(&id, &json!([write("part"), {"eprint": "noise\n"}, "trap"]));
        lambda.failed_response(&id, "Function.Trap");
    }
    assert!(began.elapsed() < Duration::from_secs(10));

    // Lines that were kept come in order, and dropped ones are counted.
    host.read_log();
    let dropped = host.logged("were dropped");
    let lost: usize = dropped
        .split_once("lines=")
        .and_then(|(_, rest)| rest.split_whitespace().next()?.parse().ok())
        .expect("a number of lines");
    let log = host.stdout();
    let kept = numbered(log.iter());
    assert!(kept.len() >= 100, "{}", kept.len());
    assert!(kept.is_sorted());
    // Each later invocation has two lines.
    assert_eq!(kept.len() + lost, 300 + 2 * 28, "{dropped}");
    host.signal(Signal::TERM);
    assert!(host.exit().success());
}

#[test]
fn a_process_with_an_unread_log_can_end() {
    let lambda = Recorder::start();
    let mut host = Bootstrap::scripted(&lambda).start_unread();
    let steps: Value = lines(200).collect();
    lambda.script("id-1", &steps);
    lambda.complete_response("id-1");

    let began = Instant::now();
    host.signal(Signal::TERM);

    assert!(host.exit().success());
    assert!(began.elapsed() < Duration::from_secs(3));
}

/// While the log makes progress, a handler that prints faster than it is read waits.
#[test]
fn a_log_that_is_read_slowly_loses_nothing() {
    let lambda = Recorder::start();
    let mut host = Bootstrap::scripted(&lambda).start_unread();
    let steps: Value = lines(400).chain([write("all")]).collect();
    lambda.script("id-1", &steps);

    let mut log = String::new();
    while !log.contains("line 0399") {
        pause(Duration::from_millis(2));
        log.push_str(&host.in_the_pipe());
    }

    lambda.complete_response("id-1");
    let log: Vec<_> = log.lines().map(str::to_owned).collect();
    assert_eq!(numbered(log.iter()), (0..400).collect::<Vec<_>>());
}

/// The last lines of a process say why it ended.
#[test]
fn everything_that_was_said_is_written_before_the_process_ends() {
    let lambda = Recorder::start();
    lambda.when_empty(Event::none("500 Internal Server Error", Fate::Keep));
    let steps: Value = lines(100).collect();
    lambda.script("id-1", &steps);
    let mut host = Bootstrap::scripted(&lambda).start();

    assert!(!host.exit().success());

    let log = host.stdout();
    assert_eq!(numbered(log.iter()), (0..100).collect::<Vec<_>>());
    assert!(log.last().is_some_and(|line| line.contains("500")));
}

#[test]
fn a_log_that_was_closed_changes_nothing() {
    let lambda = Recorder::start();
    let mut host = Bootstrap::scripted(&lambda).start_unread();
    host.close_log();
    let steps: Value = lines(100).chain([write("all")]).collect();

    for id in ["id-1", "id-2"] {
        lambda.script(id, &steps);
        assert_eq!(lambda.complete_response(id).body(), "all");
    }
    host.assert_running();
}
