//! Receivers of OpenTelemetry that others wrote. `scripts/setup-clients.sh` installs them.

use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bootstream_test_support::process::Bootstrap;
use bootstream_test_support::recorder::{Event, Recorder};
use bootstream_test_support::steps::{head, write};
use bootstream_test_support::{built, guests, pause};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long a judge may take to start, or to print.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running judge. Killed when dropped.
struct Judge {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl Judge {
    fn start(command: impl FnOnce(u16) -> Command) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("it is bound").port();
        drop(free);
        let folder = tempfile::tempdir().expect("a folder");
        let child = command(port)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::from(create(&folder, "out")))
            .stderr(Stdio::from(create(&folder, "err")))
            .spawn()
            .expect("the judge starts");
        let judge = Self {
            child,
            port,
            folder,
        };
        judge.until("a listener", || {
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        judge
    }

    /// A collector that prints all it gets.
    fn rotel() -> Self {
        Self::start(|port| {
            let mut command = Command::new(built("clients/collectors/rotel"));
            let http = format!("127.0.0.1:{port}");
            command.args(["start", "--otlp-http-endpoint", &http]);
            command.args([
                "--otlp-grpc-endpoint",
                "127.0.0.1:0",
                "--exporter",
                "blackhole",
            ]);
            command.args(["--debug-log", "traces", "--debug-log-verbosity", "detailed"]);
            command
        })
    }

    /// A receiver that ends with the span it waits for.
    fn oteltap(span: &str) -> Self {
        Self::start(|port| {
            let mut command = Command::new(built("clients/collectors/bin/oteltap"));
            command.args(["--await-span", span, "--port", &port.to_string()]);
            command
        })
    }

    fn until<R>(&self, what: &str, mut find: impl FnMut() -> Option<R>) -> R {
        let began = Instant::now();
        loop {
            if let Some(found) = find() {
                return found;
            }
            assert!(began.elapsed() < PATIENCE, "no {what}: {}", self.printed());
            pause(Duration::from_millis(20));
        }
    }

    fn printed(&self) -> String {
        let mut all = String::new();
        for name in ["out", "err"] {
            let file = std::fs::File::open(self.folder.path().join(name));
            let _ = file.and_then(|mut file| file.read_to_string(&mut all));
        }
        all
    }

    /// Waits until it has printed each of these.
    fn printed_all(&self, parts: &[&str]) {
        for part in parts {
            self.until(part, || self.printed().contains(part).then_some(()));
        }
    }

    fn known_to(&self, host: Bootstrap) -> Bootstrap {
        let url = format!("http://127.0.0.1:{}", self.port);
        host.env("OTEL_EXPORTER_OTLP_ENDPOINT", &url)
            .env("OTEL_EXPORTER_OTLP_TIMEOUT", "5000")
            .env("AWS_LAMBDA_FUNCTION_NAME", "orders")
    }

    /// Stops it, and waits until each of its threads has stopped.
    fn stop(&self) {
        self.signal(Signal::STOP);
        let folder = format!("/proc/{}/task", self.child.id());
        self.until("end of its threads", || {
            let threads = std::fs::read_dir(&folder).ok()?;
            let mut states = threads.map(|thread| {
                let stat = std::fs::read_to_string(thread.ok()?.path().join("stat"));
                Some(stat.ok()?.contains(") T "))
            });
            states
                .all(|is_stopped| is_stopped == Some(true))
                .then_some(())
        });
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a process"), signal).expect("the judge runs");
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn create(folder: &TempDir, name: &str) -> std::fs::File {
    std::fs::File::create(folder.path().join(name)).expect("a file in a fresh folder")
}

fn event(id: &str) -> Event {
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let steps = json!([
        {"start_span": "00000000000000a1"},
        {"end_span": {"id": "00000000000000a1", "name": "think", "attributes": [["model", "\"m-1\""]]}},
        head(200),
        write("hello"),
        "finish",
    ]);
    let event: Value = json!({
        "resource": "/orders/{id}",
        "httpMethod": "POST",
        "headers": {"traceparent": traceparent},
        "requestContext": {},
        "body": json!({ "steps": steps }).to_string(),
    });
    Event::new(id, event.to_string())
}

/// Also stopped for a while: invocations go on without it, and it with later ones.
#[test]
fn rotel_shows_the_spans_with_all_attributes() {
    let (lambda, judge) = (Recorder::start(), Judge::rotel());
    lambda.enqueue(event("id-1"));
    let host = Bootstrap::with_handler(&lambda, &guests::component("otel_guest"));
    let host = judge
        .known_to(host)
        .env("OTEL_EXPORTER_OTLP_TIMEOUT", "1000");
    let host = host.start();
    judge.printed_all(&[
        "/orders/{id}",
        "0af7651916cd43dd8448eb211c80319c",
        "b7ad6b7169203331",
        "service.name",
        "faas.invocation_id",
        "id-1",
        "faas.coldstart",
        "http.route",
        "bootstream.head_ms",
        "bootstream.first_byte_ms",
        "bootstream.response.bytes",
        "bootstream.response.writes",
        "bootstream.longest_silence_ms",
        "bootstream.backpressure_ms",
        "bootstream.after_finish_ms",
        "bootstream.outbound.requests",
        "bootstream.guest.memory_bytes",
        "bootstream.instantiate_us",
        "think",
        "m-1",
    ]);

    judge.stop();
    lambda.enqueue_all(vec![event("id-2"), event("id-3")]);
    for id in ["id-2", "id-3"] {
        assert_eq!(lambda.complete_response(id).body(), "hello");
    }
    lambda.polls(4);
    host.logged("spans were lost");
    judge.signal(Signal::CONT);
    let mut number = 4;
    judge.until("a later span", || {
        let id = format!("id-{number}");
        number += 1;
        lambda.enqueue(event(&id));
        lambda.complete_response(&id);
        pause(Duration::from_millis(100));
        (4..number)
            .any(|number| judge.printed().contains(&format!("id-{number}")))
            .then_some(())
    });
}

#[test]
fn oteltap_takes_the_span_it_waits_for() {
    let (lambda, mut judge) = (Recorder::start(), Judge::oteltap("^/orders/"));
    lambda.enqueue(event("id-1"));
    let host = Bootstrap::with_handler(&lambda, &guests::component("otel_guest"));
    let _host = judge.known_to(host).start();
    lambda.complete_response("id-1");
    let began = Instant::now();
    let status = loop {
        if let Some(status) = judge.child.try_wait().expect("a child") {
            break status;
        }
        assert!(began.elapsed() < PATIENCE, "{}", judge.printed());
        pause(Duration::from_millis(20));
    };
    assert!(status.success(), "{}", judge.printed());
}
