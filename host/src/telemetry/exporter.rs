//! Posts spans to a collector of OpenTelemetry. A collector that is gone, slow or wrong costs a bounded time, and then a
//! pause.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::Authority;
use http::{HeaderName, HeaderValue, StatusCode, header};
use tokio::time::{Instant, timeout};

use crate::http1::{Connection, Request};
use crate::invocation::{Deadline, Invocation};
use crate::logging::OncePerMinute;
use crate::observe::otlp::{self, Resource, Subject};
use crate::observe::{Context, HttpEvent, Ids, Propagation, Record};

const PROTOBUF: HeaderValue = HeaderValue::from_static("application/x-protobuf");

/// Most of an answer that is read, in bytes. It says nothing that matters here.
const ANSWER_LIMIT_BYTES: usize = 64 * 1024;

/// The pause after a failure, which doubles with each further one, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Left of an invocation's time for the next poll.
const DEADLINE_MARGIN: Duration = Duration::from_millis(50);

/// Where spans go, and which.
#[derive(Clone, Debug)]
pub(crate) struct CollectorSettings {
    pub(crate) authority: Authority,
    pub(crate) port: u16,
    pub(crate) path: String,
    /// Headers of each request. Their values may be secret.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// Longest time for one request.
    pub(crate) timeout: Duration,
    pub(crate) resource: Resource,
    pub(crate) propagation: Propagation,
    pub(crate) function_name: String,
}

/// One worker's connection to a collector.
#[derive(Debug)]
pub(super) struct Exporter {
    settings: Arc<CollectorSettings>,
    connection: Option<Connection>,
    pause: Option<Pause>,
}

/// Nothing is sent for a while.
#[derive(Clone, Copy, Debug)]
struct Pause {
    until: Instant,
    length: Duration,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Broken(#[from] io::Error),
    #[error("it answered {0}")]
    Refused(StatusCode),
    #[error("it took longer than {} ms", .0.as_millis())]
    TooLong(Duration),
}

impl Exporter {
    pub(super) fn new(settings: Arc<CollectorSettings>) -> Self {
        Self {
            settings,
            connection: None,
            pause: None,
        }
    }

    /// Returns the body of the request for one record.
    pub(super) fn request(
        &self,
        record: &Record,
        invocation: &Invocation,
        event: Option<&HttpEvent>,
        (ids, context): (Ids, &Context),
    ) -> Vec<u8> {
        let subject = Subject {
            ids,
            context,
            function_name: &self.settings.function_name,
            event,
            function_arn: invocation.invoked_function_arn.as_deref(),
        };
        otlp::request(record, &subject, &self.settings.resource)
    }

    /// Posts one request, unless an earlier one has failed a short time ago or the invocation has no time left.
    pub(super) async fn export(&mut self, body: Vec<u8>, deadline: Deadline) {
        let now = Instant::now();
        let left = deadline.at.saturating_duration_since(now);
        let limit = self
            .settings
            .timeout
            .min(left.saturating_sub(DEADLINE_MARGIN));
        let is_paused = self.pause.is_some_and(|pause| now < pause.until);
        if is_paused || limit.is_zero() {
            return;
        }
        // Left to the request, which returns it if it can be used again.
        let kept = self.connection.take();
        let posted = timeout(limit, self.post(kept, body.into())).await;
        match posted.unwrap_or(Err(Failure::TooLong(limit))) {
            Ok(connection) => {
                self.connection = connection;
                self.pause = None;
            }
            Err(failure) => self.fail(&failure),
        }
    }

    async fn post(
        &self,
        kept: Option<Connection>,
        body: Bytes,
    ) -> Result<Option<Connection>, Failure> {
        let settings = &self.settings;
        let mut request = Request::document(&settings.authority, &settings.path, body)
            .with(&header::CONTENT_TYPE, &PROTOBUF);
        for (name, value) in &settings.headers {
            request = request.with(name, value);
        }
        let mut connection = match kept.filter(Connection::is_open) {
            Some(kept) => kept,
            None => self.connect().await?,
        };
        let head = connection.send(request).await?;
        if !head.status.is_success() {
            return Err(Failure::Refused(head.status));
        }
        connection.body(&head, ANSWER_LIMIT_BYTES).await?;
        Ok(connection.finish().await.then_some(connection))
    }

    async fn connect(&self) -> io::Result<Connection> {
        let host = self.settings.authority.host();
        // `Authority` keeps the brackets of an IPv6 address, and `connect` takes it without.
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Connection::open(host, self.settings.port).await
    }

    fn fail(&mut self, failure: &Failure) {
        static WARNING: OncePerMinute = OncePerMinute::new();
        let length = self.pause.map_or(FIRST_PAUSE, |pause| pause.length * 2);
        let length = length.min(LONGEST_PAUSE);
        self.pause = Some(Pause {
            until: Instant::now() + length,
            length,
        });
        if WARNING.is_due() {
            tracing::warn!(
                "spans were lost: the collector at `{}` failed: {failure}; the next attempt is in {} s",
                self.settings.authority,
                length.as_secs()
            );
        }
    }
}
