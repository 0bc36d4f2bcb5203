//! The receiver of what a function tells about itself: X-Ray's daemon, and a collector of OpenTelemetry. Each environment
//! has one of its own, on loopback.

mod forward;
mod otlp;
mod xray;

pub use forward::Collector;

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Incoming;
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;

use self::forward::Forward;
use self::otlp::Trace;
use crate::http_server::{self, Handler};
use crate::observer::{Observer, Report, TraceSpan};
use crate::recorder::GuestTimes;

/// Largest datagram of X-Ray, in bytes.
const DATAGRAM_LIMIT_BYTES: usize = 64 * 1024;

/// Largest request of OTLP, in bytes.
const REQUEST_LIMIT_BYTES: usize = 4 * 1024 * 1024;

/// Makes `bootstrap` tell a collector when its handler wrote.
pub(crate) const WRITES_VARIABLE: (&str, &str) = ("BOOTSTREAM_OBSERVE_WRITES", "true");

/// How long a process waits until the receiver has its spans, in milliseconds. The machine may be busy.
const PATIENCE_MS: &str = "5000";

/// Most ids of spans that are remembered, so that a span that comes both ways is reported once.
const SEEN_LIMIT: usize = 1024;

/// The two sockets of one environment.
#[derive(Debug)]
pub(crate) struct TraceReceiver {
    daemon: UdpSocket,
    collector: TcpListener,
}

/// Returns the invocation that an environment serves.
pub(crate) type CurrentInvocation = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// Reports and records spans. Clones share which were reported.
#[derive(Clone)]
struct Reporter {
    observer: Observer,
    current: CurrentInvocation,
    forward: Option<Forward>,
    seen: Arc<Mutex<VecDeque<String>>>,
}

impl TraceReceiver {
    /// # Errors
    ///
    /// The machine has no free port.
    pub(crate) async fn bind() -> io::Result<Self> {
        let collector = http_server::bind_loopback().await?;
        let ip = collector.local_addr()?.ip();
        let daemon = UdpSocket::bind(SocketAddr::new(ip, 0)).await?;
        Ok(Self { daemon, collector })
    }

    /// The variables with which a process finds the receiver.
    ///
    /// # Errors
    ///
    /// The sockets have no address.
    pub(crate) fn variables(&self) -> io::Result<[(&'static str, String); 3]> {
        let collector = self.collector.local_addr()?;
        Ok([
            (
                "AWS_XRAY_DAEMON_ADDRESS",
                self.daemon.local_addr()?.to_string(),
            ),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{collector}")),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", PATIENCE_MS.to_owned()),
        ])
    }

    /// Reports and records the spans that come, in tasks of their own, and passes what comes for a collector on to
    /// `collector`. Spans that name no invocation are of `current`.
    pub(crate) fn serve(
        self,
        tasks: &mut JoinSet<()>,
        collector: Option<Collector>,
        observer: Observer,
        current: CurrentInvocation,
    ) {
        let forward = collector.map(|it| Forward::start(it, tasks, observer.clone()));
        let reporter = Reporter {
            observer,
            current,
            forward,
            seen: Arc::default(),
        };
        tasks.spawn(http_server::serve(self.collector, reporter.clone()));
        tasks.spawn(receive(self.daemon, reporter));
    }
}

async fn receive(daemon: UdpSocket, reporter: Reporter) {
    let mut datagram = vec![0; DATAGRAM_LIMIT_BYTES];
    loop {
        match daemon.recv(&mut datagram).await {
            Ok(bytes) => {
                let document = datagram.get(..bytes).unwrap_or_default();
                reporter.take_document(document);
            }
            // An earlier answer was refused; there are none.
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

impl Reporter {
    fn take_document(&self, datagram: &[u8]) {
        let document = xray::read(datagram);
        // What `bootstrap` tells a collector has more to record.
        if !document.is_own {
            self.record((self.current)(), document.spans.clone(), None);
        }
        self.report(document.spans);
    }

    fn take_trace(&self, trace: Trace) {
        let Trace {
            invocation,
            mut own,
            others,
            guest,
        } = trace;
        own.extend(others.iter().cloned());
        self.record(invocation.or_else(|| (self.current)()), own, guest);
        self.report(others);
    }

    fn record(&self, invocation: Option<String>, spans: Vec<TraceSpan>, guest: Option<GuestTimes>) {
        if let Some((recorder, invocation)) = self.observer.recorder().zip(invocation) {
            recorder.traced(&invocation, spans, guest);
        }
    }

    fn report(&self, spans: Vec<TraceSpan>) {
        for span in spans {
            if self.is_new(&span.id) {
                self.observer.report(Report::Span(&span));
            }
        }
    }

    fn take(&self, head: &Parts, body: Bytes) -> StatusCode {
        if let Some(forward) = &self.forward {
            forward.send(head, body.clone());
        }
        if head.uri.path() != "/v1/traces" {
            // Metrics and logs are not shown.
            return StatusCode::OK;
        }
        match otlp::traces(body) {
            Some(traces) => {
                traces.into_iter().for_each(|trace| self.take_trace(trace));
                StatusCode::OK
            }
            None => StatusCode::BAD_REQUEST,
        }
    }

    fn is_new(&self, id: &str) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = !seen.iter().any(|it| it == id);
        if is_new {
            if seen.len() == SEEN_LIMIT {
                seen.pop_front();
            }
            seen.push_back(id.to_owned());
        }
        is_new
    }
}

impl Handler for Reporter {
    type Body = Empty<Bytes>;

    async fn handle(self, request: Request<Incoming>, _peer: IpAddr) -> Response<Empty<Bytes>> {
        let (head, body) = request.into_parts();
        let body = Limited::new(body, REQUEST_LIMIT_BYTES).collect().await;
        let status = match body {
            Err(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Ok(_) if head.method != Method::POST => StatusCode::METHOD_NOT_ALLOWED,
            Ok(body) => self.take(&head, body.to_bytes()),
        };
        let mut response = Response::new(Empty::new());
        *response.status_mut() = status;
        response
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use serde_json::json;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_span_is_reported_once_whichever_way_it_comes() {
        let receiver = TraceReceiver::bind().await.unwrap();
        let [(_, daemon), (_, collector), _] = receiver.variables().unwrap();
        let (reported, names) = mpsc::channel();
        let observer = Observer::new(move |report| {
            if let Report::Span(span) = report {
                reported.send(span.name.clone()).unwrap();
            }
        });
        let mut tasks = JoinSet::new();
        receiver.serve(&mut tasks, None, observer, Arc::new(|| None));

        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        for (id, name) in [("1", "one"), ("1", "again"), ("2", "two")] {
            let document = json!({"id": id, "name": name, "start_time": 1, "end_time": 2});
            let datagram = format!("{{\"format\":\"json\",\"version\":1}}\n{document}");
            socket.send_to(datagram.as_bytes(), &daemon).await.unwrap();
        }
        let next = || names.recv_timeout(PATIENCE).unwrap();
        assert_eq!([next(), next()], ["one", "two"]);

        let address = collector.strip_prefix("http://").unwrap();
        for (request, status) in [
            (
                "POST /v1/traces HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\r\n{}",
                "400",
            ),
            (
                "POST /v1/traces HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n",
                "200",
            ),
            (
                "POST /v1/logs HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\n\r\nx",
                "200",
            ),
            ("GET /v1/traces HTTP/1.1\r\nhost: h\r\n\r\n", "405"),
        ] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).await.unwrap();
            assert_eq!(
                std::str::from_utf8(&answer).unwrap(),
                format!("HTTP/1.1 {status}")
            );
        }
    }
}
