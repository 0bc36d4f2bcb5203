//! Many streams at once that handlers pass on from another server.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use bootstream_test_support::process::{Bootstrap, Running, executable};
use bootstream_test_support::recorder::{Event, Recorder, Seen};
use bootstream_test_support::{PATIENCE, assert_contains, guests};
use rustix::net::listen;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 1024;

/// A server that ends its responses only when told to.
struct Gathering {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    responses: Mutex<Responses>,
    changed: Condvar,
}

#[derive(Default)]
struct Responses {
    begun: usize,
    may_end: bool,
}

impl Gathering {
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        // The system resets connections beyond the backlog.
        listen(&listener, BACKLOG).expect("a bound socket listens");
        let port = listener.local_addr().expect("it is bound").port();
        let shared = Arc::<Shared>::default();
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&serving);
                // A test sees a broken connection in the response of its handler.
                thread::spawn(move || respond(stream, &shared).ok());
            }
        });
        Self { port, shared }
    }

    /// Waits until this many responses are open at the same time, and ends them.
    fn release(&self, begun: usize) {
        let shared = &self.shared;
        let waiting = shared.changed.wait_timeout_while(
            shared
                .responses
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
            PATIENCE,
            |responses| responses.begun < begun,
        );
        let (mut responses, _) = waiting.unwrap_or_else(PoisonError::into_inner);
        assert!(responses.begun >= begun, "{} of {begun}", responses.begun);
        responses.may_end = true;
        shared.changed.notify_all();
    }
}

/// Answers with the path of the request, in two chunks.
fn respond(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let length = path.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{length:x}\r\n{path}\r\n"
    )?;
    let mut responses = shared
        .responses
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    responses.begun += 1;
    shared.changed.notify_all();
    let waiting = shared
        .changed
        .wait_while(responses, |responses| !responses.may_end);
    drop(waiting);
    write!(stream, "{length:x}\r\n{path}\r\n0\r\n\r\n")
}

/// Raises this process's limit on file descriptors to the system's maximum: it holds the other end of every
/// socket.
fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, raised).expect("the limit may be raised");
}

/// A proxy with this many workers.
fn proxy(lambda: &Recorder, host: Bootstrap, port: u16, workers: usize) -> Running {
    let settings = format!(
        "[outbound]\nallow = ['http://127.0.0.1:{port}']\nprivate-addresses = ['127.0.0.1']\n"
    );
    std::fs::write(host.package().join("bootstream.toml"), settings).expect("a fresh folder");
    let host = host.env("AWS_LAMBDA_MAX_CONCURRENCY", &workers.to_string());
    let running = host.start();
    lambda.idle(workers);
    running
}

/// The path that the invocation with this number passes on.
fn path(number: usize) -> String {
    format!("/stream/{number}")
}

/// Invokes the handler this many times at once.
fn pass_on(lambda: &Recorder, port: u16, streams: usize) {
    let event = |number: usize| {
        let url = format!("http://127.0.0.1:{port}{}", path(number));
        Event::script(&id(number), &json!([{"pass_on": {"url": url}}]))
    };
    lambda.enqueue_all((0..streams).map(event).collect());
}

fn id(number: usize) -> String {
    format!("id-{number}-")
}

#[test]
fn five_hundred_and_twelve_streams_at_once_lose_nothing() {
    const STREAMS: usize = 512;
    raise_limit();
    let server = Gathering::start();
    let lambda = Recorder::start();
    let host = Bootstrap::with_handler(&lambda, &guests::component("reaching_guest"));
    let mut host = proxy(&lambda, host, server.port, STREAMS);

    pass_on(&lambda, server.port, STREAMS);
    server.release(STREAMS);
    lambda.idle(STREAMS);

    for number in 0..STREAMS {
        let response = lambda.response(&id(number));
        response.assert_clean_end();
        assert_eq!(response.body(), path(number).repeat(2));
    }
    host.assert_running();
}

/// Each worker has a connection to the Runtime API. The descriptors that are left do not suffice for a request of
/// each.
#[test]
fn a_request_without_a_file_descriptor_is_an_error_and_the_others_go_on() {
    const WORKERS: usize = 100;
    const FILES: usize = 150;
    let server = Gathering::start();
    let lambda = Recorder::start();
    let prlimit = Path::new("/usr/bin/prlimit");
    let guest = guests::component("reaching_guest");
    let host = Bootstrap::with_executable(&lambda, prlimit, &guest)
        .args([format!("--nofile={FILES}").into(), executable()]);
    let mut host = proxy(&lambda, host, server.port, WORKERS);

    pass_on(&lambda, server.port, WORKERS);
    let reported = |seen: &Seen| seen.to("/error").len();
    let failed = lambda.wait("errors", |seen| {
        (reported(seen) > WORKERS - (FILES - WORKERS)).then(|| reported(seen))
    });
    server.release(1);
    lambda.idle(WORKERS);

    let line = host.logged("no file descriptor left");
    assert_contains(&line, "of 150 (`ulimit -n`)");
    let mut complete = 0;
    for number in 0..WORKERS {
        let error = format!("{}/error", id(number));
        if lambda.look(|seen| seen.to(&error).is_empty()) {
            let response = lambda.response(&id(number));
            response.assert_clean_end();
            assert_eq!(response.body(), path(number).repeat(2));
            complete += 1;
        } else {
            let message = lambda.error(&id(number)).error_message();
            assert_eq!(message, "ErrorCode::ConnectionLimitReached");
        }
    }
    assert!(complete > 0 && complete <= WORKERS - failed, "{complete}");
    host.assert_running();
}
