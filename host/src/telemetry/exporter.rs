//! Posts spans to a collector of OpenTelemetry. A collector that is gone, slow or wrong costs a bounded time, and then a
//! pause.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::Authority;
use http::{HeaderName, HeaderValue, StatusCode, header};
#[cfg(feature = "outbound-http")]
use http::{Method, uri::Scheme};
use tokio::time::{Instant, timeout};

use crate::http1::{Connection, Request};
use crate::invocation::{Deadline, Invocation};
use crate::logging::OncePerMinute;
use crate::observe::otlp::{self, Resource, Subject};
use crate::observe::{Context, Ids, Propagation, Record};
use crate::outbound::Policy;
#[cfg(feature = "outbound-http")]
use crate::outbound::{client::Peer, target::Destination};

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
    /// Whether it is reached over TLS.
    #[cfg_attr(
        not(feature = "outbound-http"),
        expect(dead_code, reason = "there is no TLS")
    )]
    pub(crate) is_secure: bool,
    pub(crate) path: String,
    /// Headers of each request. Their values may be secret.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// Longest time for one request.
    pub(crate) timeout: Duration,
    pub(crate) resource: Resource,
    pub(crate) propagation: Propagation,
    pub(crate) function_name: String,
}

/// One worker's way to a collector.
#[derive(Debug)]
pub(super) struct Exporter {
    settings: Arc<CollectorSettings>,
    route: Route,
    pause: Option<Pause>,
}

/// How a collector is reached.
#[derive(Debug)]
enum Route {
    /// The last connection, if it can be used again.
    Plain(Option<Connection>),
    #[cfg(feature = "outbound-http")]
    Secure(Peer),
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
    #[cfg(feature = "outbound-http")]
    #[error("{0}")]
    Unreachable(String),
    #[error("it answered {0}")]
    Refused(StatusCode),
    #[error("it took longer than {} ms", .0.as_millis())]
    TooLong(Duration),
}

impl Exporter {
    /// `policy`: what outbound requests trust.
    pub(super) fn new(settings: Arc<CollectorSettings>, policy: &Arc<Policy>) -> Self {
        Self {
            route: Route::to(&settings, policy),
            settings,
            pause: None,
        }
    }

    /// Returns the body of the request for one record.
    pub(super) fn request(
        &self,
        record: &Record,
        invocation: &Invocation,
        (ids, context): (Ids, &Context),
    ) -> Vec<u8> {
        let subject = Subject {
            ids,
            context,
            function_name: &self.settings.function_name,
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
        let posted = timeout(limit, self.route.post(&self.settings, body.into())).await;
        match posted.unwrap_or(Err(Failure::TooLong(limit))) {
            Ok(()) => self.pause = None,
            Err(failure) => self.fail(&failure),
        }
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

impl Route {
    #[cfg_attr(
        not(feature = "outbound-http"),
        expect(unused_variables, reason = "there is no TLS")
    )]
    fn to(settings: &CollectorSettings, policy: &Arc<Policy>) -> Self {
        #[cfg(feature = "outbound-http")]
        if settings.is_secure {
            let destination = Destination {
                scheme: Scheme::HTTPS,
                host: settings.host().to_ascii_lowercase(),
                port: settings.port,
            };
            return Self::Secure(Peer::new(Arc::clone(policy), destination));
        }
        Self::Plain(None)
    }

    async fn post(&mut self, settings: &CollectorSettings, body: Bytes) -> Result<(), Failure> {
        let status = match self {
            // Left to the request, which gives it back if it can be used again.
            Self::Plain(kept) => post_plain(settings, kept, body).await?,
            #[cfg(feature = "outbound-http")]
            Self::Secure(peer) => {
                let sent = peer.send(settings.request(body), ANSWER_LIMIT_BYTES).await;
                sent.map_err(Failure::Unreachable)?
            }
        };
        if status.is_success() {
            Ok(())
        } else {
            Err(Failure::Refused(status))
        }
    }
}

async fn post_plain(
    settings: &CollectorSettings,
    kept: &mut Option<Connection>,
    body: Bytes,
) -> Result<StatusCode, Failure> {
    let mut request = Request::document(&settings.authority, &settings.path, body)
        .with(&header::CONTENT_TYPE, &PROTOBUF);
    for (name, value) in &settings.headers {
        request = request.with(name, value);
    }
    let mut connection = match kept.take().filter(Connection::is_open) {
        Some(kept) => kept,
        None => Connection::open(settings.host(), settings.port).await?,
    };
    let head = connection.send(request).await?;
    if head.status.is_success() {
        connection.body(&head, ANSWER_LIMIT_BYTES).await?;
        *kept = connection.finish().await.then_some(connection);
    }
    Ok(head.status)
}

impl CollectorSettings {
    /// The host, without the brackets of an IPv6 address.
    fn host(&self) -> &str {
        let host = self.authority.host();
        host.trim_start_matches('[').trim_end_matches(']')
    }

    #[cfg(feature = "outbound-http")]
    fn request(&self, body: Bytes) -> http::Request<Bytes> {
        let length = body.len();
        let mut request = http::Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.path.parse().unwrap_or_default();
        let headers = request.headers_mut();
        if let Ok(host) = HeaderValue::from_str(self.authority.as_str()) {
            headers.insert(header::HOST, host);
        }
        headers.insert(header::CONTENT_TYPE, PROTOBUF);
        headers.insert(header::CONTENT_LENGTH, length.into());
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
        request
    }
}
