//! A thousand invocations of one process, every other one hostile: each of those gets its own error, and the
//! others are unaffected.

use std::time::Duration;

use bootstream_test_support::process::{Bootstrap, Running};
use bootstream_test_support::recorder::{End, Event, Recorder};
use bootstream_test_support::steps::{expect, head_with, sleep_forever, write};
use serde_json::{Value, json};

use crate::reaching::{fetch, host};
use crate::web::Web;

const INVOCATIONS: usize = 1000;
/// One in this many hostile handlers runs into its deadline, which takes time.
const ONE_ENDLESS_OF: usize = 25;
const DEADLINE: Duration = Duration::from_millis(400);
const WORKERS: usize = 8;
const MIB: usize = 1024 * 1024;

/// How an invocation must end.
enum Expected {
    /// With exactly this body.
    Complete(String),
    /// With a body of this many lines, each of which reports an error.
    Refused(usize),
    /// With this error type, and a message with these words, in the trailers of a response.
    Failed(&'static str, Vec<String>),
    /// With the same as an error report.
    Reported(&'static str, Vec<String>),
}

use Expected::{Complete, Failed, Refused, Reported};

/// The servers that the handlers send requests to.
struct Hosts {
    /// The allowed server.
    allowed: Web,
    /// A server allowed by a name that resolves to a denied address.
    private: Web,
}

impl Hosts {
    fn start() -> Self {
        Self {
            allowed: Web::start(),
            private: Web::start(),
        }
    }

    fn settings(&self) -> String {
        format!(
            "[outbound]\nallow = ['http://127.0.0.1:{}', 'http://localhost:{}']\n\
             [limits]\nevent-kib = 1024\n",
            self.allowed.port(),
            self.private.port()
        )
    }

    fn good(&self, n: usize) -> (Value, Expected) {
        if n % 10 == 1 {
            let answer = "ok: 200 5 hello\n".to_owned();
            return (json!([fetch(&self.allowed.url("/"))]), Complete(answer));
        }
        let text = format!("answer {n} ").repeat(1 + n % 50);
        (json!([write(&text), "finish"]), Complete(text))
    }

    fn hostile(&self, n: usize) -> (Value, Expected) {
        let rounds = n / 4;
        match n % 4 {
            0 => too_much(rounds),
            1 => breaking_the_rules(rounds),
            2 => self.reaching_out(rounds),
            _ => ending_badly(rounds),
        }
    }

    fn reaching_out(&self, n: usize) -> (Value, Expected) {
        let denied = |count: usize| Complete("error: ErrorCode::HttpRequestDenied\n".repeat(count));
        let metadata = "http://169.254.169.254/latest/meta-data/";
        match n % 5 {
            0 => {
                let seen = json!({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128"});
                (json!(["write_env"]), Complete(seen.to_string()))
            }
            1 => {
                let loopback = self.private.url("/");
                let urls = [&loopback, metadata, "http://[fd00:ec2::254]/"];
                (json!(urls.map(fetch)), denied(urls.len()))
            }
            2 => {
                let url = self.allowed.url(&format!("/redirect?{metadata}"));
                (json!([{"fetch": {"url": url, "redirects": 3}}]), denied(1))
            }
            3 => {
                let url = format!("http://localhost:{}/", self.private.port());
                let prohibited = "error: ErrorCode::DestinationIpProhibited\n";
                (json!([fetch(&url)]), Complete(prohibited.to_owned()))
            }
            _ => {
                let steps = json!([
                    {"connect": "127.0.0.1:80"},
                    {"datagram": "169.254.169.254:80"},
                    {"resolve": "localhost"},
                    {"read_file": "/proc/self/environ"},
                ]);
                (steps, Refused(4))
            }
        }
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().copied().map(ToOwned::to_owned).collect()
}

fn too_much(n: usize) -> (Value, Expected) {
    let limit = "Function.LimitExceeded";
    let one_call = || Reported(limit, words(&["8192 KiB", "`limits.hostcall-kib`"]));
    match n % 6 {
        0 => (
            // It fails somewhere on its way to four gigabytes.
            json!([write("p"), {"repeat_forever": {"grow_memory": 10_000_000}}]),
            Failed(
                "Function.OutOfMemory",
                words(&["104 MiB", "the function's memory"]),
            ),
        ),
        1 => (
            json!(["recurse_forever"]),
            Reported(
                "Function.StackOverflow",
                words(&["512 KiB", "`limits.stack-kib`"]),
            ),
        ),
        2 => (
            json!([{"write_bytes": {"len": 9 * MIB, "fill": 1}}]),
            one_call(),
        ),
        3 => (
            json!([{"write_many_headers": {"count": 100_000, "bytes": 100}}]),
            one_call(),
        ),
        4 => (
            json!([expect(
                &json!({"write_many_headers": {"count": 1000, "bytes": 100}}),
                "head-too-large"
            )]),
            Complete(String::new()),
        ),
        _ => (
            json!([write(&"x".repeat(MIB))]),
            Reported(limit, words(&["1048576", "`limits.event-kib`"])),
        ),
    }
}

fn breaking_the_rules(n: usize) -> (Value, Expected) {
    let injected = head_with(&[("x", "a\r\nset-cookie: evil=1")]);
    match n % 3 {
        0 => (
            json!([expect(&injected, "invalid-header"), write("clean")]),
            Complete("clean".to_owned()),
        ),
        1 => (
            json!([
                write("once"),
                "finish",
                expect(&write("late"), "already-finished")
            ]),
            Complete("once".to_owned()),
        ),
        _ => (
            json!([{"write_many": {"count": 20_000, "chunk": "t"}}]),
            Complete("t".repeat(20_000)),
        ),
    }
}

fn ending_badly(n: usize) -> (Value, Expected) {
    let flood = json!({"print": "x".repeat(100_000)});
    let trap = || Failed("Function.Trap", words(&["unreachable"]));
    match n % 7 {
        0 => (
            json!([write("p"), {"exit": 0}]),
            Failed("Function.Exit", words(&["`exit`", "status 0"])),
        ),
        1 => (
            json!([{"exit": 3}]),
            Reported("Function.Exit", words(&["`exit`", "status 1"])),
        ),
        2 => (json!([flood, write("p"), "trap"]), trap()),
        3 => (
            json!([{"panic": format!("panic {n}")}]),
            Reported("Function.Panic", vec![format!("panic {n}")]),
        ),
        4 => (
            json!([write("p"), {"error": format!("error {n}")}]),
            Failed("Function.Error", vec![format!("error {n}")]),
        ),
        5 => (
            json!([{"write_many": {"count": 2000, "chunk": "t"}}, "trap"]),
            trap(),
        ),
        _ => (
            json!([write("all"), "finish", "trap"]),
            Complete("all".to_owned()),
        ),
    }
}

/// Handlers that never end by themselves.
fn endless(n: usize, hosts: &Hosts) -> (Value, Expected) {
    let (steps, begun) = match n % 7 {
        0 => (json!(["loop_forever"]), false),
        1 => (json!([write("p"), sleep_forever()]), true),
        2 => (json!([{"repeat_forever": {"spin_ms": 0}}]), false),
        3 => (json!(["loop_writing"]), true),
        4 => (
            json!([{"repeat_forever": {"log": {"level": "trace", "message": "m"}}}]),
            false,
        ),
        5 => (
            json!([{"repeat_forever": {"print": "x".repeat(10_000)}}]),
            false,
        ),
        _ => (json!([fetch(&hosts.allowed.url("/silent"))]), true),
    };
    let (stopped, message) = ("Function.DeadlineExceeded", words(&["timeout"]));
    let expected = if begun { Failed } else { Reported }(stopped, message);
    (steps, expected)
}

/// One of the invocations: what its handler does, and how it must end.
struct Case {
    id: String,
    steps: Value,
    expected: Expected,
    is_endless: bool,
}

impl Case {
    fn new(n: usize, hosts: &Hosts) -> Self {
        let (is_good, turn) = (n % 2 == 1, n / 2);
        let is_endless = !is_good && turn.is_multiple_of(ONE_ENDLESS_OF);
        let (steps, expected) = if is_good {
            hosts.good(turn)
        } else if is_endless {
            endless(turn / ONE_ENDLESS_OF, hosts)
        } else {
            hosts.hostile(turn)
        };
        Self {
            id: format!("case-{n}-"),
            steps,
            expected,
            is_endless,
        }
    }

    fn event(&self) -> Event {
        let event = Event::script(&self.id, &self.steps);
        if self.is_endless {
            event.deadline_in(DEADLINE)
        } else {
            event
        }
    }

    #[track_caller]
    fn check(&self, lambda: &Recorder) {
        match &self.expected {
            Complete(body) => assert_eq!(self.complete_body(lambda), *body, "{}", self.id),
            Refused(lines) => {
                let body = self.complete_body(lambda);
                assert_eq!(body.lines().count(), *lines, "{}: {body}", self.id);
                let refused = body.lines().all(|line| line.starts_with("error: "));
                assert!(refused, "{}: {body}", self.id);
            }
            Failed(error_type, words) => {
                let response = lambda.response(&self.id);
                response.assert_failed(error_type);
                self.check_message(&response.trailer_document(), words);
            }
            Reported(error_type, words) => {
                let document = lambda.error(&self.id).document();
                assert_eq!(document["errorType"], *error_type, "{}", self.id);
                self.check_message(&document, words);
            }
        }
    }

    #[track_caller]
    fn complete_body(&self, lambda: &Recorder) -> String {
        let response = lambda.response(&self.id);
        assert_eq!(response.end, End::Clean, "{}", self.id);
        response.assert_clean_end();
        response.body()
    }

    #[track_caller]
    fn check_message(&self, document: &Value, words: &[String]) {
        let message = document["errorMessage"].as_str().expect("a text");
        for word in words {
            assert!(message.contains(word), "{}: {message}", self.id);
        }
    }
}

#[track_caller]
fn run(lambda: &Recorder, hosts: &Hosts, mut host: Running, workers: usize) {
    let cases: Vec<Case> = (0..INVOCATIONS).map(|n| Case::new(n, hosts)).collect();
    // A few at a time: an event's deadline begins when it is queued.
    for batch in cases.chunks(workers) {
        lambda.enqueue_all(batch.iter().map(Case::event).collect());
        batch.iter().for_each(|case| case.check(lambda));
    }
    lambda.idle(workers);
    host.assert_running();
    assert!(hosts.private.heads().is_empty());
}

/// A host with variables its handler must not see.
fn start(lambda: &Recorder, hosts: &Hosts) -> Bootstrap {
    host(lambda, &hosts.settings())
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("AWS_ACCESS_KEY_ID", "AKIA-HIDDEN")
        .env("AWS_SESSION_TOKEN", "HIDDEN")
        .env("MY_SECRET", "HIDDEN")
}

#[test]
fn a_thousand_hostile_and_good_handlers_in_turn_leave_each_other_alone() {
    let (lambda, hosts) = (Recorder::start(), Hosts::start());
    let host = start(&lambda, &hosts).start();
    run(&lambda, &hosts, host, 1);
}

#[test]
fn a_thousand_hostile_and_good_handlers_side_by_side_leave_each_other_alone() {
    let (lambda, hosts) = (Recorder::start(), Hosts::start());
    let host = start(&lambda, &hosts)
        .env("AWS_LAMBDA_MAX_CONCURRENCY", &WORKERS.to_string())
        .start();
    lambda.idle(WORKERS);
    run(&lambda, &hosts, host, WORKERS);
}
