//! Lambda's limits, and simulated network conditions.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Dev, End, bootstream, ready_guest, script, wrong_usage};

const MIB: usize = 1024 * 1024;

fn pattern(total: usize) -> String {
    script(&json!([
        {"write_headers": {"status": 200}},
        {"write_pattern": {"total": total, "chunk": 65_536}},
    ]))
}

#[test]
fn the_first_6_mib_pass_at_once_and_then_2_mib_a_second() {
    let dev = Dev::start(&ready_guest(), &["--limits", "aws"]);
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
    let dev = Dev::start(&ready_guest(), &[]);
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
fn a_slow_link_slows_every_caller() {
    let dev = Dev::start(&ready_guest(), &["--slow", "64KiB/s"]);
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
    let mut dev = Dev::start(&ready_guest(), &["--disconnect-after", "5"]);
    let steps = script(&json!([
        {"write_headers": {"status": 200}},
        {"write": "hello world"},
        {"write_many": {"count": 2000, "chunk": "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}},
        {"eprint": "reached the end\n"},
    ]));

    let response = dev.invoke(&steps);

    response.assert_cut("hello");
    dev.wait_until_seen("cut off after 5 bytes");
    dev.wait_until_seen("reached the end");
}

#[test]
fn an_invalid_size_is_wrong_usage() {
    for args in [
        ["--slow", "fast"],
        ["--disconnect-after", "-1"],
        ["--limits", "some"],
    ] {
        wrong_usage(bootstream(&["dev", "x"]).args(args));
    }
}

/// Speeds up time: a minute of Lambda's takes half a second.
const FAST: [&str; 4] = ["--limits", "aws", "--clock-scale", "120"];

/// Writes, pauses for this many of Lambda's seconds, and writes again.
fn silent_for(seconds: u64) -> String {
    let pause = seconds * 1000 / 120;
    script(&json!([
        {"write_headers": {"status": 200}}, {"write": "a"}, {"sleep_ms": pause}, {"write": "b"},
    ]))
}

#[test]
fn a_rest_stream_may_be_silent_for_5_minutes_and_through_the_edge_for_30_seconds() {
    for (limits, seconds, reason) in [
        ("aws", 900, "nothing was written for 300 seconds"),
        ("aws-edge", 600, "nothing was written for 30 seconds"),
    ] {
        let args = [&["--timeout", "900"][..], &FAST[2..], &["--limits", limits]].concat();
        let mut dev = Dev::start(&ready_guest(), &args);

        let rest = dev.post("/@rest/", &silent_for(seconds));
        rest.assert_cut("a");
        dev.wait_until_seen(reason);

        // A Function URL waits for as long as the function may run.
        let url = dev.post("/@url/", &silent_for(seconds - 300));
        url.assert_body("ab");
    }
}

#[test]
fn an_http_api_waits_30_seconds_and_a_rest_api_as_long_as_it_bears_silence() {
    let args = [&["--timeout", "900"][..], &FAST].concat();
    let mut dev = Dev::start(&ready_guest(), &args);
    let late = script(&json!([{"sleep_ms": 7000}, {"write_headers": {"status": 200}}]));
    for (path, status, seconds) in [("/@http/", 503, 30), ("/@rest/", 504, 300)] {
        let response = dev.post(path, &late);

        assert_eq!(response.status, status, "{path}");
        dev.wait_for(&format!("waits {seconds} seconds at most"));
    }
    assert_eq!(dev.post("/@alb/", &late).status, 200);
}

#[test]
fn a_function_has_its_timeout_on_lambda_s_clock() {
    let mut dev = Dev::start(
        &ready_guest(),
        &["--timeout", "900", "--clock-scale", "300"],
    );
    let mut response = dev.invoke(&script(&json!([{"write": "a"}, {"sleep_ms": 60_000}])));
    assert_eq!(response.chunk(), Ok("a".to_owned()));
    // A stopped process cannot stop its handler.
    for pid in dev.environments() {
        crate::support::signal(pid, rustix::process::Signal::STOP);
    }

    response.assert_cut("");
    dev.wait_for("Task timed out after 900.00 seconds");
}

#[test]
fn ten_mib_take_two_seconds_more_than_the_burst() {
    let dev = Dev::start(&ready_guest(), &["--limits", "aws"]);
    let mut response = dev.post("/@url/", &pattern(10 * MIB));
    let mut seen = 0;
    let mut burst = None;
    while let Ok(chunk) = response.raw_chunk() {
        seen += chunk.len();
        if seen >= 6 * MIB {
            burst.get_or_insert_with(Instant::now);
        }
    }
    assert_eq!(seen, 10 * MIB);
    // A lower bound, which holds however busy the machine is.
    let rest = burst.expect("6 MiB arrived").elapsed();
    assert!(rest >= Duration::from_millis(1800), "{rest:?}");
}

#[test]
fn a_rest_api_lets_10_mib_pass_at_once() {
    let dev = Dev::start(&ready_guest(), &["--limits", "aws"]);
    let mut ends = Vec::new();
    // Side by side, so that other load slows both.
    std::thread::scope(|scope| {
        let threads = ["/@rest/", "/@url/"].map(|path| {
            let mut response = dev.post(path, &pattern(10 * MIB));
            scope.spawn(move || {
                while response.raw_chunk().is_ok() {}
                Instant::now()
            })
        });
        ends.extend(threads.map(|thread| thread.join().expect("no panic")));
    });

    // The Function URL's last 4 MiB take 2 seconds.
    let [rest, url] = ends[..] else {
        panic!("two ends")
    };
    assert!(rest < url, "the REST API was {:?} later", rest - url);
}

#[test]
fn a_stream_ends_at_200_mib() {
    let mut dev = Dev::start(
        &ready_guest(),
        &["--limits", "aws", "--clock-scale", "50", "--timeout", "900"],
    );
    let steps = json!([
        {"write_headers": {"status": 200}},
        {"write_pattern": {"total": 201 * MIB, "chunk": 1 << 20}},
    ]);

    let (body, end) = dev.invoke(&script(&steps)).raw_rest();

    assert_eq!((body.len(), end), (200 * MIB, End::Cut));
    dev.wait_for("Function.ResponseSizeTooLarge");
}

#[test]
fn a_load_balancer_takes_1_mib_either_way() {
    let mut dev = Dev::start(&ready_guest(), &["--limits", "aws"]);
    let padding = "x".repeat(MIB);

    assert_eq!(dev.post("/@alb/", &padding).status, 200);
    let over = format!("{padding}x");
    assert_eq!(dev.post("/@alb/", &over).status, 413);
    assert_eq!(dev.post("/@http/", &over).status, 200);

    // The limit applies to the whole document, not to the body alone.
    let answer = |bytes: usize| {
        let write = json!([{"write_bytes": {"len": bytes, "fill": 97}}]);
        dev.post("/@alb/", &script(&write)).status
    };
    assert_eq!(answer(MIB - 1024), 200);
    assert_eq!(answer(MIB), 502);
    dev.wait_for("a load balancer takes 1048576 at most");

    // For a runtime whose documents were not measured, each quote is assumed to take four bytes.
    let mut dev = crate::runtimes::start(&["--limits", "aws"]);
    let echo = |quotes: usize| {
        let headers = [("x-do", "echo"), ("content-type", "text/plain")];
        dev.send("POST", "/@alb/", &headers, &"\"".repeat(quotes))
            .status
    };
    assert_eq!(echo(100_000), 200);
    assert_eq!(echo(400_000), 502);
    dev.wait_for("the service passes on 1048576 bytes at most");
}

#[test]
fn request_line_and_headers_are_limited_where_aws_limits_them() {
    let mut dev = crate::runtimes::start(&["--limits", "aws"]);
    let cookie = |size: usize| format!("s={}", "a".repeat(size));
    for (path, size, status, body) in [
        ("/@url/", 12_000, 413, "Request must be smaller than"),
        ("/@rest/", 12_000, 431, "Request Header Fields Too Large"),
        ("/@http/", 12_000, 431, "Request Header Fields Too Large"),
        ("/@alb/", 17_000, 400, "400 Bad Request"),
    ] {
        let get = |size| {
            let cookie = cookie(size);
            dev.send("GET", path, &[("x-do", "echo"), ("cookie", &cookie)], "")
        };
        let response = get(size);

        assert_eq!(response.status, status, "{path}");
        let seen = response.rest().0;
        assert!(seen.contains(body), "{path}: {seen}");
        // Half of it is allowed.
        assert_eq!(get(size / 2).status, 200, "{path}");
        dev.wait_for("takes");
    }
    let target = format!("/@alb/{}", "a".repeat(17_000));
    assert_eq!(
        dev.send("GET", &target, &[("x-do", "echo")], "").status,
        414
    );

    let dev = crate::runtimes::start(&[]);
    for path in ["/@url/", "/@rest/", "/@http/", "/@alb/", "/@lattice/"] {
        let cookie = cookie(17_000);
        let headers = [("x-do", "echo"), ("cookie", cookie.as_str())];
        assert_eq!(dev.send("GET", path, &headers, "").status, 200, "{path}");
    }
}
