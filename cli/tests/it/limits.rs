//! Lambda's limits, and trouble on demand.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Dev, End, script, scripted_guest};

const MIB: usize = 1024 * 1024;

fn pattern(total: usize) -> String {
    script(&json!([
        {"write_headers": {"status": 200}},
        {"write_pattern": {"total": total, "chunk": 65_536}},
    ]))
}

#[test]
fn the_first_6_mib_pass_at_once_and_then_2_mib_a_second() {
    let dev = Dev::start(&scripted_guest(), &["--limits", "aws"]);
    let mut response = dev.invoke(&pattern(7 * MIB));
    let mut seen = 0;
    let mut burst = None;
    while let Ok(chunk) = response.raw_chunk() {
        seen += chunk.len();
        if seen >= 6 * MIB {
            burst.get_or_insert_with(Instant::now);
        }
    }

    let rest = burst.expect("6 MiB arrived").elapsed();

    assert_eq!(seen, 7 * MIB);
    assert!(rest > Duration::from_millis(300), "{rest:?}");
}

#[test]
fn without_limits_nothing_is_slowed_down() {
    let dev = Dev::start(&scripted_guest(), &[]);
    let began = Instant::now();

    let (body, end) = dev.invoke(&pattern(64 * MIB)).raw_rest();

    assert_eq!((body.len(), end), (64 * MIB, End::Complete));
    // Lambda's pace would make it 29 seconds.
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn a_slow_link_is_slow_for_everybody() {
    let dev = Dev::start(&scripted_guest(), &["--slow", "64KiB/s"]);
    let began = Instant::now();

    let (body, end) = dev.invoke(&pattern(32 * 1024)).raw_rest();

    assert_eq!((body.len(), end), (32 * 1024, End::Complete));
    assert!(
        began.elapsed() >= Duration::from_millis(350),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn a_caller_that_is_cut_off_does_not_stop_the_function() {
    let mut dev = Dev::start(&scripted_guest(), &["--disconnect-after", "5"]);
    let steps = script(&json!([
        {"write_headers": {"status": 200}},
        {"write": "hello world"},
        {"write_many": {"count": 2000, "chunk": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}},
        {"eprint": "reached the end\n"},
    ]));

    let response = dev.invoke(&steps);

    assert_eq!(response.rest(), ("hello".to_owned(), End::Cut));
    dev.wait_until_seen("cut off after 5 bytes");
    dev.wait_until_seen("reached the end");
}

#[test]
fn a_size_that_is_none_is_wrong_usage() {
    for args in [
        ["--slow", "fast"],
        ["--disconnect-after", "-1"],
        ["--limits", "some"],
    ] {
        let mut command = crate::support::bootstream(&["dev", "x"]);
        let output = crate::support::run(command.args(args));
        assert_eq!(output.status.code(), Some(2), "{args:?}");
    }
}
