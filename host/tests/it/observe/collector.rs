//! A collector of OpenTelemetry: takes requests on a port of its own, decodes them with the published types, and answers
//! as a test says.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use bootstream_test_support::process::Bootstrap;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use rustls::{ServerConnection, StreamOwned};

use crate::web::tls;

pub(super) const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// How long a test waits for a request.
const PATIENCE: Duration = Duration::from_secs(20);

/// One request.
pub(super) struct Export {
    pub(super) head: String,
    pub(super) request: ExportTraceServiceRequest,
    /// When it was there, whole.
    pub(super) at: Instant,
    /// The number of its connection, counted from 0.
    pub(super) connection: usize,
}

pub(super) struct Collector {
    url: String,
    exports: Receiver<Export>,
}

impl Collector {
    /// Answers each request with the next of `answers`, and with the last of them from then on. An empty one is none: the
    /// connection stays open without it.
    pub(super) fn start(answers: &'static [&'static str]) -> Self {
        Self::listen("http://127.0.0.1", answers, Some)
    }

    /// The same over TLS, as `localhost`, with the certificate in PEM form.
    pub(super) fn start_tls(answers: &'static [&'static str]) -> (Self, String) {
        let (config, certificate) = tls("localhost");
        let collector = Self::listen("https://localhost", answers, move |stream| {
            let session = ServerConnection::new(Arc::clone(&config)).ok()?;
            Some(StreamOwned::new(session, stream))
        });
        (collector, certificate)
    }

    fn listen<S: Read + Write>(
        origin: &str,
        answers: &'static [&'static str],
        open: impl Fn(TcpStream) -> Option<S> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let (sender, exports) = channel();
        thread::spawn(move || {
            let mut served = 0;
            for (number, stream) in listener.incoming().enumerate() {
                let Some(stream) = stream.ok().and_then(&open) else {
                    return;
                };
                serve(stream, number, (answers, &mut served), &sender);
            }
        });
        let url = format!("{origin}:{port}");
        Self { url, exports }
    }

    /// A host that sends its spans here.
    pub(super) fn known_to(&self, host: Bootstrap) -> Bootstrap {
        host.env("OTEL_EXPORTER_OTLP_ENDPOINT", &self.url)
    }

    #[track_caller]
    pub(super) fn export(&self) -> Export {
        self.exports.recv_timeout(PATIENCE).expect("a request")
    }

    /// The spans of one invocation.
    #[track_caller]
    pub(super) fn spans(&self) -> Vec<Span> {
        spans(&self.export().request)
    }

    /// The number of requests that have come and were not looked at.
    pub(super) fn count(&self) -> usize {
        self.exports.try_iter().count()
    }
}

/// Serves one connection to its end.
fn serve(
    mut stream: impl Read + Write,
    connection: usize,
    (answers, served): (&[&str], &mut usize),
    exports: &Sender<Export>,
) {
    let mut received = Vec::new();
    while let Some((head, body)) = read(&mut stream, &mut received) {
        let request =
            ExportTraceServiceRequest::decode(body.as_slice()).expect("a request of OTLP");
        assert_eq!(
            request.encode_to_vec(),
            body,
            "the encoding of others differs"
        );
        let at = Instant::now();
        let export = Export {
            head,
            request,
            at,
            connection,
        };
        if exports.send(export).is_err() {
            return;
        }
        let answer = answers.get(*served).or(answers.last()).expect("an answer");
        *served += 1;
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// Reads one request: its head, and its body.
fn read(stream: &mut impl Read, received: &mut Vec<u8>) -> Option<(String, Vec<u8>)> {
    let mut more = |received: &mut Vec<u8>| {
        let mut part = [0; 16 * 1024];
        let bytes = stream.read(&mut part).ok().filter(|bytes| *bytes > 0)?;
        received.extend(&part[..bytes]);
        Some(())
    };
    let end = loop {
        match received.windows(4).position(|part| part == b"\r\n\r\n") {
            Some(end) => break end + 4,
            None => more(received)?,
        }
    };
    let head = String::from_utf8(received.drain(..end).collect()).expect("a head is text");
    let mut lines = head.lines();
    let length = lines.find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.expect("a length").parse().expect("a number");
    while received.len() < length {
        more(received)?;
    }
    Some((head, received.drain(..length).collect()))
}

pub(super) fn spans(request: &ExportTraceServiceRequest) -> Vec<Span> {
    let scopes = request.resource_spans.iter().flat_map(|it| &it.scope_spans);
    scopes.flat_map(|scope| scope.spans.clone()).collect()
}

/// An attribute as text.
#[track_caller]
pub(super) fn attribute(attributes: &[KeyValue], name: &str) -> String {
    let found = attributes.iter().find(|it| it.key == name);
    let found = found.unwrap_or_else(|| panic!("no {name} in {attributes:#?}"));
    match found.value.as_ref().and_then(|it| it.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::DoubleValue(number)) => number.to_string(),
        Some(Value::BoolValue(value)) => value.to_string(),
        other => format!("{other:?}"),
    }
}

/// A number among the attributes.
#[track_caller]
pub(super) fn number(attributes: &[KeyValue], name: &str) -> f64 {
    attribute(attributes, name).parse().expect("a number")
}
