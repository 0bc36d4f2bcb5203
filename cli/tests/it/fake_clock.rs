//! `bootstream test` with a fake clock.

use std::path::Path;
use std::time::{Duration, Instant};

use bootstream_test_support::assert_contains;
use bootstream_test_support::guests::{component, language};
use serde_json::{Value, json};

use crate::cases::{case, folder, test};
use crate::support::{bootstrap, ready_guest, text};

/// Longest run in real time of cases that wait for minutes by their clock. A machine may be busy.
const REAL_LIMIT: Duration = Duration::from_secs(50);

/// Runs cases that must pass.
#[track_caller]
fn pass(handler: &Path, cases: &[String]) {
    let started = Instant::now();
    let output = test(handler, &folder(cases), &[]);
    let printed = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{printed}");
    assert!(started.elapsed() < REAL_LIMIT, "{:?}", started.elapsed());
}

/// Runs a case that must fail, and returns what is printed.
#[track_caller]
fn fail(handler: &Path, case: String) -> String {
    let output = test(handler, &folder(&[case]), &[]);
    let printed = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{printed}");
    printed
}

/// Two minutes of waiting.
fn slow() -> Value {
    json!([{"write": "one"}, {"write": "+"}, {"sleep_ms": 100_000}, {"write": "two"}, {"sleep_ms": 20_000}])
}

#[test]
fn waits_take_no_time_and_are_measured_by_the_clock() {
    let cases = [
        case(
            "stream",
            &slow(),
            "clock = \"fake\"\ndeadline-ms = 200000\n[case.expect]\nchunks = [\"one+\", \"two\"]\n\
             time = { first-byte-ms = 0, total-ms = 120010, shortest-pause-ms = 100000, longest-pause-ms = 100010 }",
        ),
        case(
            "deadline",
            &slow(),
            "clock = \"fake\"\ndeadline-ms = 30000\n[case.expect]\nbody = \"one+\"\n\
             error = { type = \"Function.DeadlineExceeded\" }\ntime = { total-ms = 30000 }",
        ),
        case(
            "short deadline",
            &json!([{"sleep_ms": 290}, {"write": "late"}]),
            "clock = \"fake\"\ndeadline-ms = 300\n[case.expect]\nerror = { type = \"Function.DeadlineExceeded\" }",
        ),
        case(
            "document",
            &json!(["start_document", {"write": "{\"a\":"}, {"sleep_ms": 5000}, {"write": "1}"}]),
            "clock = \"fake\"\n[case.expect]\njson = { \"/a\" = 1 }",
        ),
        case(
            "reader that leaves",
            &json!([{"write": "12345"}, {"sleep_ms": 60000}, {"write": "6"}, {"sleep_ms": 60000}, {"write": "7"}]),
            "clock = \"fake\"\ndeadline-ms = 300000\nreader = { leaves-after = 5 }\n[case.expect]\nbody = \"12345\"",
        ),
        case(
            "slow reader",
            &json!([{"write_bytes": {"len": 3000, "fill": 97}}, {"sleep_ms": 60000}, {"write": "b"}]),
            "clock = \"fake\"\ndeadline-ms = 200000\nreader = { bytes-per-second = 30000 }\n[case.expect]\nbody = { matches = \"^a{3000}b$\" }\n\
             time = { shortest-pause-ms = 60000 }\n",
        ),
    ];
    pass(&ready_guest(), &cases);
}

/// Minutes and hours of reading, by the clock.
#[test]
fn a_slow_reader_takes_no_time_and_holds_up_the_handler() {
    let cases = [
        // 1000 s for what the handler writes at once, in pieces of one write each.
        case(
            "behind the end",
            &json!([{"write_bytes": {"len": 40_000, "fill": 97}}, {"write_bytes": {"len": 40_000, "fill": 98}}]),
            "clock = \"fake\"\ndeadline-ms = 900000\nreader = { bytes-per-second = 100 }\n[case.expect]\n\
             chunks = [{ matches = \"^a{40000}$\" }, { matches = \"^b{40000}$\" }]\n\
             time = { shortest-pause-ms = 400000, longest-pause-ms = 400001, total-ms = 800001 }",
        ),
        // The buffer is full, and the handler waits for the reader: what it writes then is late.
        case(
            "backpressure",
            &json!([{"write_pattern": {"total": 600_000, "chunk": 60_000}}, "write_context"]),
            "clock = \"fake\"\ndeadline-ms = 900000\nreader = { bytes-per-second = 1000 }\n[case.expect]\n\
             status = 200\ntime = { first-byte-ms = 0, shortest-pause-ms = 60000, total-ms = 601000 }",
        ),
        case(
            "hours",
            &json!([{"write_bytes": {"len": 100_000, "fill": 97}}, {"write": "never read"}]),
            "clock = \"fake\"\nreader = { bytes-per-second = 5 }\ndeadline-ms = 60000\n[case.expect]\n\
             error = { type = \"Sandbox.Timedout\" }\ntime = { total-ms = 60000 }",
        ),
        case(
            "a handler that its reader stops",
            &json!([{"write_pattern": {"total": 900_000, "chunk": 60_000}}]),
            "clock = \"fake\"\nreader = { bytes-per-second = 5 }\ndeadline-ms = 60000\n[case.expect]\n\
             error = { type = \"Sandbox.Timedout\" }\ntime = { total-ms = 60000 }",
        ),
        case(
            "slow, and leaves",
            &json!([{"write_bytes": {"len": 40_000, "fill": 97}}, {"write_bytes": {"len": 40_000, "fill": 98}}, {"sleep_ms": 800_000}]),
            "clock = \"fake\"\ndeadline-ms = 900000\nreader = { bytes-per-second = 100, leaves-after = 40010 }\n\
             [case.expect]\nbody = { matches = \"^a{40000}b{10}$\" }\ntime = { shortest-pause-ms = 400000 }",
        ),
        case(
            "document",
            &json!(["start_document", {"write": "{\"a\":1}"}]),
            "clock = \"fake\"\ndeadline-ms = 20000\nreader = { bytes-per-second = 1 }\n[case.expect]\n\
             json = { \"/a\" = 1 }\ntime = { total-ms = 7001 }",
        ),
        case(
            "pauses of the handler are in the reader's time",
            &json!([{"write": "12345"}, {"sleep_ms": 2000}, {"write": "67890"}]),
            "clock = \"fake\"\ndeadline-ms = 60000\nreader = { bytes-per-second = 1 }\n[case.expect]\n\
             chunks = [\"12345\", \"67890\"]\ntime = { shortest-pause-ms = 5000, longest-pause-ms = 5001, total-ms = 10001 }",
        ),
    ];
    pass(&ready_guest(), &cases);
}

#[test]
fn a_slow_reader_of_a_standard_component_takes_no_time() {
    let script = json!({"steps": [
        {"respond": {"status": 200}}, {"write_pattern": {"total": 500_000, "chunk": 9000}}, "finish"
    ]});
    let case = format!(
        "[[case]]\nname = \"slow\"\nevent = {{ from = \"url\", data = '{script}' }}\nclock = \"fake\"\n\
         deadline-ms = 900000\nreader = {{ bytes-per-second = 1000 }}\n[case.expect]\nstatus = 200\n\
         time = {{ first-byte-ms = 0, total-ms = 500001 }}\n"
    );
    pass(&component("wasi_http_guest"), &[case]);
}

#[test]
fn a_guest_that_waits_by_reading_the_clock_ends() {
    let cases = [case(
        "spin",
        &json!([{"write": "a"}, {"spin_ms": 50}, {"write": "b"}]),
        "clock = \"fake\"\n[case.expect]\nchunks = [\"a\", \"b\"]\ntime = { shortest-pause-ms = 50 }",
    )];
    pass(&ready_guest(), &cases);
}

#[test]
fn the_deadline_of_the_context_is_by_the_clock() {
    let cases = [case(
        "context",
        &json!(["write_context"]),
        "clock = { starts-at = 2030-01-01T00:00:00Z }\ndeadline-ms = 3000\n[case.expect]\n\
         json = { \"/deadline-ms\" = 1893456003000 }",
    )];
    pass(&ready_guest(), &cases);
}

#[test]
fn bounds_that_do_not_hold_by_the_clock_are_told() {
    let printed = fail(
        &ready_guest(),
        case(
            "stream",
            &slow(),
            "clock = \"fake\"\ndeadline-ms = 200000\n[case.expect]\ntime = { total-ms = 100000 }",
        ),
    );
    assert_contains(&printed, "end: expected within 100000 ms, got 12");
    assert_contains(&printed, "(12");
}

#[test]
fn components_of_other_worlds_and_languages_wait_by_the_clock() {
    for (guest, steps) in [
        (language("go"), slow()),
        (language("c"), slow()),
        (language("python"), slow()),
        (language("typescript"), slow()),
    ] {
        let case = case(
            "stream",
            &steps,
            "clock = \"fake\"\ndeadline-ms = 200000\n[case.expect]\nchunks = [\"one+\", \"two\"]\n\
             time = { total-ms = 121000, shortest-pause-ms = 100000 }",
        );
        pass(&guest, &[case]);
    }
}

#[test]
fn the_clock_needs_the_host_of_the_command() {
    let case = case("stream", &slow(), "clock = \"fake\"");
    let folder = folder(&[case]);
    let bootstrap = bootstrap();
    let output = test(
        &ready_guest(),
        &folder,
        &["--bootstrap", bootstrap.to_str().expect("a path")],
    );
    assert_eq!(output.status.code(), Some(1));
    assert_contains(&text(&output.stderr), "leave `--bootstrap` out");
}

#[test]
fn the_deployed_host_refuses_a_rehearsal() {
    let case = case(
        "env",
        &json!([]),
        "env = { BOOTSTREAM_REHEARSAL = \"/nowhere\" }",
    );
    let folder = folder(&[case]);
    let bootstrap = bootstrap();
    let output = test(
        &ready_guest(),
        &folder,
        &["--bootstrap", bootstrap.to_str().expect("a path")],
    );
    assert_eq!(output.status.code(), Some(1));
    assert_contains(
        &text(&output.stdout),
        "unknown setting in variable `BOOTSTREAM_REHEARSAL`",
    );
}

#[test]
fn a_standard_component_waits_by_the_clock() {
    let script = json!({"steps": [
        {"respond": {"status": 200}}, {"write": "one"}, {"sleep_ms": 100_000}, {"write": "two"}, "finish"
    ]});
    let cases = format!(
        "[[case]]\nname = \"hello\"\nevent = {{ from = \"url\", data = '{script}' }}\nclock = \"fake\"\n\
         deadline-ms = 200000\n[case.expect]\nchunks = [\"one\", \"two\"]\ntime = {{ shortest-pause-ms = 100000 }}\n"
    );
    pass(&component("wasi_http_guest"), &[cases]);
}

#[test]
fn a_service_of_wasi_0_3_waits_by_the_clock() {
    let chunks = (0..10).map(|chunk| format!("\"{chunk}\""));
    let chunks = chunks.collect::<Vec<_>>().join(", ");
    let case = format!(
        "[[case]]\nname = \"chunks\"\nevent = {{ from = \"url\", path = \"/chunks\" }}\nclock = \"fake\"\n\
         [case.expect]\nchunks = [{chunks}]\ntime = {{ shortest-pause-ms = 20, longest-pause-ms = 20 }}\n"
    );
    pass(&component("service_guest"), &[case]);
}
