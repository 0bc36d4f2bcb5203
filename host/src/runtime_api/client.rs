//! The Runtime API, as methods.

use std::error::Error;
use std::io;
use std::time::Duration;

use http::uri::Authority;
use http::{HeaderValue, StatusCode, header};
use lambda_protocol::error_report::ErrorReport;
use lambda_protocol::headers::{
    ANNOUNCED_TRAILERS, FUNCTION_ERROR_TYPE, HTTP_INTEGRATION, INVOCATION_ID, JSON, RESPONSE_MODE,
    RESPONSE_MODE_STREAMING, XRAY_ERROR_CAUSE,
};
use lambda_protocol::xray::error_cause;

use super::backoff::Backoff;
use super::endpoint::Endpoint;
use super::error::{Answer, POLL_ATTEMPTS, Refusal, RuntimeApiError};
use super::headers::{parse_invocation, request_id};
use super::pool::ConnectionPool;
use crate::http1::{AnswerHead, Connection, InvalidAnswer, Request};
use crate::invocation::Invocation;
use crate::response::{Payload, ResponseBody};

/// Attempts to reach a Runtime API before the first poll: a second and a half in all.
const CONNECT_ATTEMPTS: u32 = 7;

/// Some emulators answer a poll with "nothing yet" at once. The pause after it, which doubles as long as
/// there is nothing, up to the longest.
const NOTHING_YET_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_NOTHING_YET_PAUSE: Duration = Duration::from_millis(320);

/// Most of an acceptance that is read, in bytes. Those are a line of JSON.
const ANSWER_LIMIT_BYTES: usize = 1024 * 1024;

/// Most of a refusal that is told, in bytes.
const REFUSAL_LIMIT_BYTES: usize = 256;

/// What one poll brought.
enum Polled {
    Event(Box<Invocation>),
    NothingYet,
}

/// What a process was doing when it found that it cannot serve invocations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartPhase {
    /// It was starting.
    Init,
    /// It was going on from a snapshot.
    Restore,
}

/// A client of the Runtime API for one invocation at a time. Keeps one connection.
#[derive(Debug)]
pub struct Client {
    connections: ConnectionPool,
    /// The longest an invocation may take, where that is known.
    function_timeout: Option<Duration>,
    /// The largest event that is kept, in bytes.
    event_limit_bytes: usize,
}

impl Client {
    /// A client that connects when it is first used.
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            connections: ConnectionPool::new(endpoint),
            function_timeout: None,
            event_limit_bytes: usize::MAX,
        }
    }

    /// Keeps no event of more than `bytes`: it is counted while it is read, and thrown away.
    #[must_use]
    pub fn with_event_limit(mut self, bytes: usize) -> Self {
        self.event_limit_bytes = bytes;
        self
    }

    /// Takes no deadline for later than `timeout` after its event.
    #[must_use]
    pub fn with_function_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.function_timeout = timeout;
        self
    }

    /// Connects ahead of the first request, so that the Runtime API accepts the connection while this
    /// process does something else. One that is not there yet is left for the request to find.
    pub async fn connect_ahead(&mut self) {
        if let Err(error) = self.connections.connect_ahead().await {
            tracing::debug!(%error, "cannot connect ahead");
        }
    }

    /// Says that the process may be snapshotted, and waits until it goes on from its snapshot, in
    /// another place and perhaps years later. To be called at most once, before the first poll.
    ///
    /// # Errors
    ///
    /// When the Runtime API is not there, or does not answer with success.
    pub async fn restored(&mut self) -> Result<(), RuntimeApiError> {
        let endpoint = "restore/next";
        self.connect(endpoint).await?;
        let path = self.connections.endpoint().restore_next_path();
        let request = Request::get(self.authority(), &path);
        // Its connection is of the time before the snapshot, and is not used again.
        let exchanged = self.connections.exchange(request).await;
        let (mut connection, head) =
            exchanged.map_err(|source| RuntimeApiError::Broken { endpoint, source })?;
        if head.status.is_success() {
            return Ok(());
        }
        let refusal = refusal(&mut connection, &head).await;
        Err(RuntimeApiError::Status { endpoint, refusal })
    }

    /// Waits for the next invocation, for hours if need be. Repeats a failed poll a few times.
    ///
    /// # Errors
    ///
    /// When polling keeps failing, or is answered with an error.
    pub async fn next(&mut self) -> Result<Invocation, RuntimeApiError> {
        let mut attempts = Backoff::of(POLL_ATTEMPTS);
        let mut pause = NOTHING_YET_PAUSE;
        loop {
            match self.poll().await? {
                Ok(Polled::Event(invocation)) => return Ok(*invocation),
                Ok(Polled::NothingYet) => {
                    attempts = Backoff::of(POLL_ATTEMPTS);
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_NOTHING_YET_PAUSE);
                }
                Err(error) => {
                    tracing::debug!(%error, "polling failed");
                    if !attempts.another().await {
                        return Err(RuntimeApiError::GaveUp(error));
                    }
                }
            }
        }
    }

    /// Posts a response: a document at once, a stream until it ends. Waits for the answer.
    ///
    /// If the answer comes early and is a refusal, the body of a stream is dropped at once.
    ///
    /// # Errors
    ///
    /// When the connection breaks, or the answer says that the environment is at its end.
    pub async fn respond(
        &mut self,
        invocation: &Invocation,
        payload: Payload,
    ) -> Result<Answer, RuntimeApiError> {
        let endpoint = self.connections.endpoint();
        let path = endpoint.response_path(&invocation.request_id);
        let request = match payload {
            Payload::Http(body) => streamed(endpoint, &path, body, &HTTP_INTEGRATION),
            Payload::Raw(content_type, body) => streamed(endpoint, &path, body, &content_type),
            Payload::Document(content_type, document) => {
                Request::document(endpoint.authority(), &path, document)
                    .with(&header::CONTENT_TYPE, &content_type)
                    .watched(invocation.watch.clone())
            }
        };
        self.deliver("response", echo(invocation, request)).await
    }

    /// Reports that an invocation failed before its response had begun.
    ///
    /// # Errors
    ///
    /// As for [`respond`](Self::respond).
    pub async fn report_error(
        &mut self,
        invocation: &Invocation,
        report: &ErrorReport,
    ) -> Result<Answer, RuntimeApiError> {
        let path = self
            .connections
            .endpoint()
            .error_path(&invocation.request_id);
        let request = self
            .error_request(&path, report)
            .with(&XRAY_ERROR_CAUSE, &error_cause(report));
        self.deliver("error", echo(invocation, request)).await
    }

    /// Reports that the process cannot serve invocations at all. Waits a little for a Runtime API
    /// that is not there yet; the report itself is sent once.
    ///
    /// # Errors
    ///
    /// As for [`respond`](Self::respond).
    pub async fn report_start_error(
        &mut self,
        phase: StartPhase,
        report: &ErrorReport,
    ) -> Result<Answer, RuntimeApiError> {
        let (endpoint, path) = match phase {
            StartPhase::Init => ("init/error", self.connections.endpoint().init_error_path()),
            StartPhase::Restore => (
                "restore/error",
                self.connections.endpoint().restore_error_path(),
            ),
        };
        self.connect(endpoint).await?;
        let request = self.error_request(&path, report);
        self.deliver(endpoint, request).await
    }

    /// Connects, and waits a little for a Runtime API that is not there yet.
    async fn connect(&mut self, endpoint: &'static str) -> Result<(), RuntimeApiError> {
        let mut attempts = Backoff::of(CONNECT_ATTEMPTS);
        while let Err(source) = self.connections.connect().await {
            if !attempts.another().await {
                return Err(RuntimeApiError::Broken { endpoint, source });
            }
        }
        Ok(())
    }

    async fn poll(&mut self) -> Result<io::Result<Polled>, RuntimeApiError> {
        let request = Request::get(self.authority(), self.connections.endpoint().next_path());
        let (mut connection, head) = match self.connections.exchange(request).await {
            Ok(answer) => answer,
            Err(error) => {
                if error
                    .get_ref()
                    .is_some_and(<dyn Error + Send + Sync>::is::<InvalidAnswer>)
                {
                    tell_loss(None, &error);
                }
                return Ok(Err(error));
            }
        };
        if !head.status.is_success() {
            let refusal = refusal(&mut connection, &head).await;
            let endpoint = "next";
            return Err(RuntimeApiError::Status { endpoint, refusal });
        }
        let event = match connection
            .body_or_length(&head, self.event_limit_bytes)
            .await
        {
            Ok(event) => event,
            Err(error) => {
                tell_loss(request_id(&head).as_deref(), &error);
                return Ok(Err(error));
            }
        };
        self.connections.keep(connection).await;
        if !matches!(head.status, StatusCode::OK | StatusCode::ACCEPTED) {
            return Ok(Ok(Polled::NothingYet));
        }
        Ok(parse_invocation(&head, event)
            .map(|invocation| Polled::Event(Box::new(self.in_time(invocation))))
            .ok_or_else(|| {
                tracing::error!("an event came without a request id, and cannot be answered");
                io::Error::other("no `lambda-runtime-aws-request-id` header")
            }))
    }

    async fn deliver(
        &mut self,
        endpoint: &'static str,
        request: Request,
    ) -> Result<Answer, RuntimeApiError> {
        let broken = |source| RuntimeApiError::Broken { endpoint, source };
        let (mut connection, head) = self.connections.exchange(request).await.map_err(broken)?;
        if head.status.is_success() {
            // What it says besides is of no interest, but must be read before the next request.
            let _ = connection.body(&head, ANSWER_LIMIT_BYTES).await;
            // An acceptance may come early; the body is still to be sent to its end.
            self.connections.keep(connection).await;
            return Ok(Answer::Accepted);
        }
        let refusal = refusal(&mut connection, &head).await;
        if head.status.is_server_error() {
            return Err(RuntimeApiError::Status { endpoint, refusal });
        }
        Ok(Answer::Refused(refusal))
    }

    fn in_time(&self, mut invocation: Invocation) -> Invocation {
        if let Some(timeout) = self.function_timeout {
            invocation.deadline = invocation.deadline.within(timeout);
        }
        invocation
    }

    fn authority(&self) -> &Authority {
        self.connections.endpoint().authority()
    }

    fn error_request(&self, path: &str, report: &ErrorReport) -> Request {
        let error_type = HeaderValue::from_static(report.error_type.as_str());
        Request::document(self.authority(), path, report.document())
            .with(&header::CONTENT_TYPE, &JSON)
            .with(&FUNCTION_ERROR_TYPE, &error_type)
    }
}

fn streamed(
    endpoint: &Endpoint,
    path: &str,
    body: ResponseBody,
    content_type: &HeaderValue,
) -> Request {
    Request::streamed(endpoint.authority(), path, body)
        .with(&header::CONTENT_TYPE, content_type)
        .with(&RESPONSE_MODE, &RESPONSE_MODE_STREAMING)
        .with(&header::TRAILER, &ANNOUNCED_TRAILERS)
}

/// Reads the beginning of an unsuccessful answer.
async fn refusal(connection: &mut Connection, head: &AnswerHead) -> Refusal {
    let said = connection.beginning(head, REFUSAL_LIMIT_BYTES).await;
    let said = String::from_utf8_lossy(&said);
    Refusal {
        status: head.status,
        said: said.trim().to_owned(),
    }
}

/// The answer to a poll began and cannot be read: Lambda believes that its event was taken.
fn tell_loss(request_id: Option<&str>, error: &io::Error) {
    tracing::warn!(
        requestId = request_id,
        "an event was lost on its way here: {error}"
    );
}

fn echo(invocation: &Invocation, request: Request) -> Request {
    match &invocation.invocation_id {
        Some(id) => request.with(&INVOCATION_ID, id),
        None => request,
    }
}
