//! Handlers that fail: before, during and after their response.

use bootstream_test_support::process::{Bootstrap, serving};
use bootstream_test_support::recorder::{End, Event, Exchange, Recorder};
use bootstream_test_support::steps::{head, sleep_forever, write};
use bootstream_test_support::{assert_contains, guests};
use rustix::process::Signal;
use serde_json::{Value, json};

/// Largest trailer block that Lambda reads, in bytes.
const TRAILERS_LIMIT_BYTES: usize = 4096;
/// Largest error document, in bytes.
const DOCUMENT_LIMIT_BYTES: usize = 256 * 1024;
/// Most stack frames in a report.
const FRAMES_LIMIT: usize = 20;

/// Runs one script that fails before its response.
fn report(steps: &Value, error_type: &str) -> Exchange {
    let lambda = Recorder::start();
    lambda.script("id-1", steps);
    let _host = small_host(&lambda).start();
    lambda.reported_error("id-1", error_type)
}

/// Runs one script that fails in its response.
fn failed(steps: &Value, error_type: &str) -> Exchange {
    let lambda = Recorder::start();
    lambda.script("id-1", steps);
    let _host = small_host(&lambda).start();
    lambda.failed_response("id-1", error_type)
}

/// The host of a function with little memory.
fn small_host(lambda: &Recorder) -> Bootstrap {
    Bootstrap::scripted(lambda).env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
}

fn message(document: &Value) -> &str {
    document["errorMessage"].as_str().expect("a text")
}

/// Size of everything after the size line of the last chunk.
fn trailer_block_bytes(response: &Exchange) -> usize {
    response.tail.len() - "0\r\n".len()
}

#[test]
fn a_trap_before_anything_is_posted_as_an_error() {
    let error = report(&json!(["trap"]), "Function.Trap");

    assert_eq!(
        error.request_line(),
        "POST /2018-06-01/runtime/invocation/id-1/error HTTP/1.1"
    );
    let content_type = error.header("content-type").expect("a content type");
    assert_eq!(content_type, "application/json");
    let length = error.header("content-length").expect("a length");
    assert_eq!(length, error.data().len().to_string());
    assert_eq!(error.header("transfer-encoding"), None);
    assert_eq!(error.header("lambda-runtime-function-response-mode"), None);
    let document = error.document();
    assert!(!message(&document).is_empty());
    assert!(
        !document["stackTrace"]
            .as_array()
            .expect("a list")
            .is_empty()
    );
}

/// The source location of a failure, as far as the handler has debug information.
#[test]
fn a_crash_names_function_file_and_line() {
    let source = include_str!("../../../test-guests/steps/src/resources.rs");
    let trap = source
        .lines()
        .position(|line| line.contains("wasm32::unreachable()"))
        .expect("the step is there");

    let document = report(&json!(["trap"]), "Function.Trap").document();

    let frames = document["stackTrace"].as_array().expect("a list");
    let frames: Vec<_> = frames.iter().filter_map(Value::as_str).collect();
    let place = format!("resources.rs:{}:", trap + 1);
    for (function, place) in [("trap at ", place.as_str()), ("step at ", "runner.rs:")] {
        let fits = |frame: &&str| frame.contains(function) && frame.contains(place);
        assert!(frames.iter().any(fits), "{function}{place} in {frames:#?}");
    }
}

/// However deep the stack, the report has its innermost frames, each with its location.
#[test]
fn the_deepest_stack_is_reported_by_its_innermost_frames() {
    let source = include_str!("../../../test-guests/steps/src/resources.rs");
    let call = source
        .lines()
        .position(|line| line.contains("recurse(depth.wrapping_add(1))"))
        .expect("the step is there");

    let document = report(&json!(["recurse_forever"]), "Function.StackOverflow").document();

    let frames = document["stackTrace"].as_array().expect("a list");
    assert_eq!(frames.len(), FRAMES_LIMIT, "{frames:#?}");
    let place = format!("resources.rs:{}:", call + 1);
    // The innermost function had not begun.
    for frame in frames.iter().skip(1).map(Value::to_string) {
        let fits = frame.contains("recurse at ") && frame.contains(&place);
        assert!(fits, "recurse at {place} in {frame}");
    }
}

#[test]
fn an_error_comes_with_its_cause_for_x_ray() {
    let text = "out of \u{1f9c0}\n\u{7f}";
    let error = report(&json!([{"panic": text}]), "Function.Panic");

    let cause = error.header("lambda-runtime-function-xray-error-cause");
    let cause = cause.expect("a cause");
    assert!(cause.is_ascii() && cause.len() <= 8 * 1024, "{cause}");
    let cause: Value = serde_json::from_str(&cause).expect("JSON");
    assert_eq!(cause["working_directory"], "/");
    let paths = cause["paths"].as_array().expect("a list");
    assert!(
        paths
            .iter()
            .any(|path| path.as_str().is_some_and(|it| it.ends_with(".rs")))
    );
    let exception = &cause["exceptions"][0];
    assert_eq!(exception["type"], "Function.Panic");
    assert_eq!(exception["message"], error.document()["errorMessage"]);
    let frames = exception["stack"].as_array().expect("a list");
    let trace = error.document()["stackTrace"].clone();
    assert!(!frames.is_empty());
    for (frame, line) in frames.iter().zip(trace.as_array().expect("a list")) {
        let (label, line) = (frame["label"].as_str(), line.as_str().expect("a text"));
        assert!(line.starts_with(label.expect("a text")), "{line}");
        if let Some(path) = frame["path"].as_str() {
            assert_contains(line, &format!(" at {path}:{}", frame["line"]));
        }
    }
}

#[test]
fn the_cause_for_x_ray_stays_small_however_long_the_error() {
    let error = report(&json!([{"error": "x".repeat(1_000_000)}]), "Function.Error");

    let cause = error.header("lambda-runtime-function-xray-error-cause");
    assert!(cause.expect("a cause").len() <= 8 * 1024);
}

#[test]
fn an_error_before_anything_is_posted_with_its_text() {
    let document = report(&json!([{"error": "boom"}]), "Function.Error").document();

    assert_eq!(message(&document), "boom");
    assert_eq!(document["stackTrace"], json!([]));
}

#[test]
fn a_panic_is_reported_with_its_message_and_place() {
    let document = report(&json!([{"panic": "out of cheese"}]), "Function.Panic").document();

    assert!(message(&document).contains("out of cheese"), "{document}");
    assert!(message(&document).contains(".rs:"), "{document}");
    // The frames after the panic itself are always the same.
    let innermost = document["stackTrace"][0].as_str().expect("a frame");
    assert!(innermost.contains("step at "), "{document}");
}

#[test]
fn a_failure_in_the_response_ends_it_with_trailers() {
    for (step, error_type, text) in [
        (json!("trap"), "Function.Trap", "unreachable"),
        (json!({"error": "late"}), "Function.Error", "late"),
        (json!({"panic": "oh no"}), "Function.Panic", "oh no"),
    ] {
        let response = failed(&json!([head(200), write("part"), step]), error_type);

        assert_eq!(response.body(), "part");
        let document = response.trailer_document();
        assert!(message(&document).contains(text), "{document}");
    }
}

/// The head starts the response, so only trailers can report the failure.
#[test]
fn a_failure_between_head_and_body_ends_in_trailers() {
    let response = failed(&json!([head(200), "trap"]), "Function.Trap");
    assert_eq!(response.body(), "");
}

#[test]
fn trailers_stay_small_however_long_the_message() {
    let (lambda, host) = serving();
    let long = format!("{}the end", "x".repeat(1_000_000));
    lambda.script("id-1", &json!([write("part"), {"error": long}]));

    let response = lambda.failed_response("id-1", "Function.Error");

    let size = trailer_block_bytes(&response);
    assert!(size <= TRAILERS_LIMIT_BYTES, "{size}");
    let document = response.trailer_document();
    assert!(message(&document).starts_with("xxxx"));
    assert!(message(&document).ends_with("..."));
    assert!(host.logged("the end").contains(&long));
}

#[test]
fn trailers_stay_small_however_deep_the_stack() {
    let response = failed(
        &json!([write("part"), "recurse_forever"]),
        "Function.StackOverflow",
    );

    assert!(trailer_block_bytes(&response) <= TRAILERS_LIMIT_BYTES);
    let document = response.trailer_document();
    let frames = document["stackTrace"].as_array().expect("a list");
    assert!(!frames.is_empty());
}

#[test]
fn a_long_message_is_cut_between_characters() {
    let (lambda, _host) = serving();
    for shift in 0..4 {
        let text = format!("{}{}", "a".repeat(shift), "\u{1f600}".repeat(2000));
        let id = format!("id-{shift}");
        lambda.script(&id, &json!([write("part"), {"error": text}]));

        let response = lambda.failed_response(&id, "Function.Error");

        assert!(trailer_block_bytes(&response) <= TRAILERS_LIMIT_BYTES);
        let document = response.trailer_document();
        let cut = message(&document).strip_suffix("...").expect("a cut");
        assert!(text.starts_with(cut) && cut.len() > 1000);
    }
}

#[test]
fn a_failure_after_the_end_is_only_logged() {
    let (lambda, host) = serving();
    for (id, step) in [
        ("trap", json!("trap")),
        ("panic", json!({"panic": "p"})),
        ("error", json!({"error": "e"})),
        ("exit", json!({"exit": 1})),
    ] {
        lambda.script(id, &json!([head(200), write("all"), "finish", step]));

        let response = lambda.complete_response(id);

        assert_eq!(response.body(), "all");
        host.line("an error", |line| {
            line.contains("ERROR") && line.contains(&format!("requestId={id}"))
        });
    }
}

/// Covers what can be provoked from outside.
#[test]
fn a_process_that_dies_in_a_response_does_not_end_it() {
    let (lambda, host) = serving();
    lambda.script("id-1", &json!([write("part"), sleep_forever()]));
    lambda.first_chunk("id-1");

    host.signal(Signal::ABORT);

    assert_eq!(lambda.response("id-1").end, End::Truncated);
}

#[test]
fn limits_are_reported_with_types_of_their_own() {
    for (steps, error_type, text) in [
        (
            json!([{"grow_memory": 300_000_000}]),
            "Function.OutOfMemory",
            "MiB",
        ),
        (
            json!(["recurse_forever"]),
            "Function.StackOverflow",
            "stack",
        ),
        (json!([{"exit": 3}]), "Function.Exit", "exit"),
    ] {
        let document = report(&steps, error_type).document();
        assert!(message(&document).contains(text), "{document}");
    }
}

/// A command exits with success when its work is done.
#[test]
fn a_successful_exit_is_a_return_unless_it_cuts_a_response() {
    let (lambda, host) = serving();
    for (id, steps, body) in [
        ("before", json!([{"exit": 0}]), ""),
        ("after", json!([write("all"), "finish", {"exit": 0}]), "all"),
    ] {
        lambda.script(id, &steps);
        assert_eq!(lambda.complete_response(id).body(), body, "{id}");
    }
    for (id, steps) in [
        ("head", json!([head(200), {"exit": 0}])),
        ("part", json!([write("part"), {"exit": 0}])),
    ] {
        lambda.script(id, &steps);
        let response = lambda.failed_response(id, "Function.Exit");
        let document = response.trailer_document();
        assert!(message(&document).contains("`finish`"), "{document}");
    }
    let errors = host.stdout();
    let errors = errors.iter().filter(|line| line.contains("ERROR"));
    assert!(
        errors.clone().count() <= 2,
        "{:?}",
        errors.collect::<Vec<_>>()
    );
}

#[test]
fn a_process_survives_what_its_handlers_do() {
    let lambda = Recorder::start();
    let mut host = small_host(&lambda).start();
    for (id, step, error_type) in [
        (
            "memory",
            json!({"grow_memory": 300_000_000}),
            "Function.OutOfMemory",
        ),
        ("stack", json!("recurse_forever"), "Function.StackOverflow"),
        ("exit", json!({"exit": 3}), "Function.Exit"),
        ("trap", json!("trap"), "Function.Trap"),
    ] {
        lambda.script(id, &json!([write("part"), step]));
        let response = lambda.failed_response(id, error_type);
        assert_eq!(response.body(), "part");
    }
    lambda.script("after", &json!([write("fine")]));

    assert_eq!(lambda.complete_response("after").body(), "fine");
    host.assert_running();
}

/// The engine limits what one call may pass to the host, and has an error message of its own.
#[test]
fn a_chunk_above_the_limit_of_one_call_is_reported_with_the_limit() {
    let chunk = json!([{"write_bytes": {"len": 33 * 1024 * 1024, "fill": 97}}]);

    let document = report(&chunk, "Function.LimitExceeded").document();

    assert!(message(&document).contains("8192 KiB"), "{document}");
}

/// A component may need more memory than available before it runs at all.
#[test]
fn a_handler_too_large_for_its_function_is_reported_with_each_event() {
    let lambda = Recorder::start();
    lambda.enqueue(Event::new("id-1", "{}"));
    lambda.enqueue(Event::new("id-2", "{}"));
    let _host = Bootstrap::with_handler(&lambda, &guests::text("large_memory.wat"))
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .start();

    for id in ["id-1", "id-2"] {
        let document = lambda.reported_error(id, "Function.OutOfMemory").document();
        assert!(message(&document).contains("104 MiB"), "{document}");
    }
}

#[test]
fn messages_are_escaped_as_json() {
    let text = "\"quoted\" \\ \u{0} \u{1} \u{1b}[31m \t \r\n \u{7f} \u{2028} \u{e9}";

    let posted = report(&json!([{"error": text}]), "Function.Error");
    let trailed = failed(&json!([write("part"), {"error": text}]), "Function.Error");

    assert_eq!(message(&posted.document()), text);
    assert_eq!(message(&trailed.trailer_document()), text);
}

/// The canonical ABI rejects text that is not UTF-8.
#[test]
fn a_message_with_a_lone_surrogate_is_a_failure_of_its_own() {
    let lambda = Recorder::start();
    lambda.enqueue(Event::new("id-1", "{}"));
    let _host = Bootstrap::with_handler(&lambda, &guests::text("lone_surrogate.wat")).start();

    let document = lambda.reported_error("id-1", "Function.Trap").document();

    assert!(!message(&document).is_empty());
}

#[test]
fn an_error_document_is_capped() {
    let long = "\u{e9}\n".repeat(700_000);
    let error = report(&json!([{"error": long}]), "Function.Error");

    assert!(error.data().len() <= DOCUMENT_LIMIT_BYTES);
    assert!(message(&error.document()).ends_with("..."));
}
