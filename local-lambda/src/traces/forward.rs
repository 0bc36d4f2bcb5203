//! Passes what a function sends to its collector on to another.

use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HOST};
use http::request::Parts;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::observer::Observer;

/// Requests that wait for the collector. Further ones are lost: the function does not wait for them.
const QUEUE_LENGTH: usize = 64;

const PATIENCE: Duration = Duration::from_secs(5);

/// The port of OTLP over HTTP.
const DEFAULT_PORT: u16 = 4318;

/// A collector of OpenTelemetry, for OTLP over HTTP.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Collector {
    authority: Authority,
    /// Before `/v1/traces`.
    prefix: String,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("it did not answer within {} s", PATIENCE.as_secs())]
    Slow(#[from] tokio::time::error::Elapsed),
    #[error("{0}")]
    Unreachable(#[from] std::io::Error),
    #[error("{0}")]
    Broken(#[from] hyper::Error),
    #[error("it answered {0}")]
    Refused(StatusCode),
}

impl FromStr for Collector {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("write it as http://127.0.0.1:{DEFAULT_PORT}");
        let uri: Uri = text.parse().map_err(|_| expected())?;
        if uri.scheme() != Some(&Scheme::HTTP) || uri.query().is_some() {
            return Err(expected());
        }
        Ok(Self {
            authority: uri.authority().ok_or_else(expected)?.clone(),
            prefix: uri.path().trim_end_matches('/').to_owned(),
        })
    }
}

/// What is passed on, without waiting for it.
#[derive(Clone, Debug)]
pub(super) struct Forward(mpsc::Sender<(Parts, Bytes)>);

impl Forward {
    /// Passes on in a task of its own.
    pub(super) fn start(collector: Collector, tasks: &mut JoinSet<()>, observer: Observer) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE_LENGTH);
        tasks.spawn(pass_on(collector, receiver, observer));
        Self(sender)
    }

    pub(super) fn send(&self, head: &Parts, body: Bytes) {
        // A full queue has a failure in front of it, which is told.
        let _ = self.0.try_send((head.clone(), body));
    }
}

async fn pass_on(
    collector: Collector,
    mut requests: mpsc::Receiver<(Parts, Bytes)>,
    observer: Observer,
) {
    let mut has_failed = false;
    while let Some((head, body)) = requests.recv().await {
        let posted = timeout(PATIENCE, collector.post(&head, body)).await;
        let failure = posted
            .map_err(Failure::from)
            .and_then(|posted| posted)
            .err();
        if let Some(failure) = &failure
            && !has_failed
        {
            let text = format!(
                "the collector at {} lost spans: {failure}",
                collector.authority
            );
            observer.warn(None, &text);
        }
        // Told once, until it works again.
        has_failed = failure.is_some();
    }
}

impl Collector {
    async fn post(&self, head: &Parts, body: Bytes) -> Result<(), Failure> {
        let host = self.authority.host();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = self.authority.port_u16().unwrap_or(DEFAULT_PORT);
        let stream = TcpStream::connect((host, port)).await?;
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        let response = sender.send_request(self.request(head, body)).await?;
        let status = response.status();
        response.into_body().collect().await?;
        if status.is_success() {
            Ok(())
        } else {
            Err(Failure::Refused(status))
        }
    }

    fn request(&self, head: &Parts, body: Bytes) -> Request<Full<Bytes>> {
        let path = head.uri.path();
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = head.method.clone();
        // Both parts were paths, and so is what they are together.
        *request.uri_mut() = format!("{}{path}", self.prefix).parse().unwrap_or_default();
        let headers = request.headers_mut();
        for name in [CONTENT_TYPE, CONTENT_ENCODING] {
            if let Some(value) = head.headers.get(&name) {
                headers.insert(name, value.clone());
            }
        }
        if let Ok(host) = HeaderValue::from_str(self.authority.as_str()) {
            headers.insert(HOST, host);
        }
        request
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc as threads;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::observer::Report;
    use crate::testing::parts;

    #[test]
    fn a_collector_is_a_url_of_http() {
        let collector: Collector = "http://[::1]:4318/otlp/".parse().unwrap();
        assert_eq!(collector.authority, "[::1]:4318");
        assert_eq!(collector.prefix, "/otlp");
        for text in [
            "https://a",
            "127.0.0.1:4318",
            "http://a?b=c",
            "",
            "grpc://a",
        ] {
            let refused = text.parse::<Collector>().unwrap_err();
            assert!(
                refused.contains("http://127.0.0.1:4318"),
                "{text}: {refused}"
            );
        }
    }

    #[tokio::test]
    async fn requests_are_passed_on_and_a_failure_is_told_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let collector = format!("http://{address}/otlp").parse().unwrap();
        let (told, warnings) = threads::channel();
        let observer = Observer::new(move |report| {
            if let Report::Warning { text, .. } = report {
                told.send(text.to_owned()).unwrap();
            }
        });
        let mut tasks = JoinSet::new();
        let forward = Forward::start(collector, &mut tasks, observer);
        let head =
            parts(Request::post("/v1/traces").header("content-type", "application/x-protobuf"));

        for status in ["200 OK", "503 Busy", "503 Busy", "200 OK", "429 Slow"] {
            forward.send(&head, Bytes::from_static(b"spans"));
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 1024];
            let mut length = 0;
            while !request[..length].ends_with(b"spans") {
                length += stream.read(&mut request[length..]).await.unwrap();
            }
            let request = String::from_utf8_lossy(&request[..length]);
            assert!(
                request.starts_with("POST /otlp/v1/traces HTTP/1.1\r\n"),
                "{request}"
            );
            assert!(
                request.contains("content-type: application/x-protobuf\r\n"),
                "{request}"
            );
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }

        drop(forward);
        tasks.join_next().await;
        let warnings: Vec<_> = warnings.try_iter().collect();
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(warnings[0].contains("it answered 503"), "{warnings:?}");
        assert!(warnings[1].contains("it answered 429"), "{warnings:?}");
    }
}
