//! The Runtime API, as methods.

use std::io;
use std::time::Duration;

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Either, Full, Limited};
use hyper::body::Incoming;

use super::backoff::Backoff;
use super::connection::{Connection, RequestBody};
use super::endpoint::Endpoint;
use super::error::{Answer, POLL_ATTEMPTS, RuntimeApiError};
use super::headers::{
    ANNOUNCED_TRAILERS, FUNCTION_ERROR_TYPE, HTTP_INTEGRATION, INVOCATION_ID, RESPONSE_MODE,
    RESPONSE_MODE_STREAMING, parse_invocation,
};
use crate::error_report::ErrorReport;
use crate::invocation::Invocation;
use crate::response::ResponseBody;

const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("bootstream/", env!("CARGO_PKG_VERSION")));

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Attempts to reach a Runtime API that is to hear of an init error: a second and a half in all.
const CONNECT_ATTEMPTS: u32 = 7;

/// Some emulators answer a poll with "nothing yet" at once.
const NOTHING_YET_PAUSE: Duration = Duration::from_millis(50);

/// Most of an answer that is read, in bytes. Answers are a line of JSON.
const ANSWER_LIMIT_BYTES: usize = 1024 * 1024;

/// What one poll brought.
enum Poll {
    Event(Box<Invocation>),
    NothingYet,
}

/// A client of the Runtime API for one invocation at a time. Keeps one connection.
#[derive(Debug)]
pub struct Client {
    endpoint: Endpoint,
    idle: Option<Connection>,
    /// A post was lost on a kept connection. A peer that closes those without a word costs one
    /// answer: from then on each post has a connection of its own, and only polls, which can be
    /// repeated, go over kept ones.
    closes_unannounced: bool,
}

impl Client {
    /// A client that connects when it is first used.
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            idle: None,
            closes_unannounced: false,
        }
    }

    /// Waits for the next invocation, for hours if need be. Repeats a failed poll a few times.
    ///
    /// # Errors
    ///
    /// When polling keeps failing, or is answered with an error.
    pub async fn next(&mut self) -> Result<Invocation, RuntimeApiError> {
        let mut attempts = Backoff::of(POLL_ATTEMPTS);
        loop {
            match self.poll().await? {
                Ok(Poll::Event(invocation)) => return Ok(*invocation),
                Ok(Poll::NothingYet) => {
                    attempts = Backoff::of(POLL_ATTEMPTS);
                    tokio::time::sleep(NOTHING_YET_PAUSE).await;
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

    /// Posts a streamed response: sends `body` until it ends, and waits for the answer.
    ///
    /// If the answer comes early and is a refusal, `body` is dropped at once.
    ///
    /// # Errors
    ///
    /// When the connection breaks, or the answer says that the environment is at its end.
    pub async fn respond(
        &mut self,
        invocation: &Invocation,
        body: ResponseBody,
    ) -> Result<Answer, RuntimeApiError> {
        let path = self.endpoint.response_path(&invocation.request_id);
        let mut request = self.post(&path, HTTP_INTEGRATION, Either::Right(body));
        let headers = request.headers_mut();
        headers.insert(RESPONSE_MODE, RESPONSE_MODE_STREAMING);
        headers.insert(
            header::TRANSFER_ENCODING,
            HeaderValue::from_static("chunked"),
        );
        headers.insert(header::TRAILER, ANNOUNCED_TRAILERS);
        echo(invocation, &mut request);
        self.deliver("response", request).await
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
        let path = self.endpoint.error_path(&invocation.request_id);
        let mut request = self.error_request(&path, report);
        echo(invocation, &mut request);
        self.deliver("error", request).await
    }

    /// Reports that the process cannot serve invocations at all. Waits a little for a Runtime API
    /// that is not there yet; the report itself is sent once.
    ///
    /// # Errors
    ///
    /// As for [`respond`](Self::respond).
    pub async fn report_init_error(
        &mut self,
        report: &ErrorReport,
    ) -> Result<Answer, RuntimeApiError> {
        let mut attempts = Backoff::of(CONNECT_ATTEMPTS);
        while self.idle.is_none() {
            match Connection::open(&self.endpoint).await {
                Ok(connection) => self.idle = Some(connection),
                Err(_) if attempts.another().await => {}
                Err(source) => {
                    let endpoint = "init/error";
                    return Err(RuntimeApiError::Broken { endpoint, source });
                }
            }
        }
        let path = self.endpoint.init_error_path();
        let request = self.error_request(&path, report);
        self.deliver("init/error", request).await
    }

    async fn poll(&mut self) -> Result<io::Result<Poll>, RuntimeApiError> {
        let path = self.endpoint.next_path();
        let request = self.request(Method::GET, &path, Either::Left(Full::default()));
        let (parts, body) = match self.exchange(request).await {
            Ok((mut connection, response)) => {
                let (parts, body) = response.into_parts();
                let body = match body.collect().await {
                    Ok(body) => body.to_bytes(),
                    Err(error) => return Ok(Err(io::Error::other(error))),
                };
                if connection.is_reusable().await {
                    self.idle = Some(connection);
                }
                (parts, body)
            }
            Err(error) => return Ok(Err(error)),
        };
        match parts.status {
            StatusCode::NO_CONTENT => Ok(Ok(Poll::NothingYet)),
            StatusCode::OK | StatusCode::ACCEPTED => Ok(parse_invocation(&parts.headers, body)
                .map(|invocation| Poll::Event(Box::new(invocation)))
                .ok_or_else(|| {
                    tracing::error!("an event came without a request id, and cannot be answered");
                    io::Error::other("no `lambda-runtime-aws-request-id` header")
                })),
            status => Err(RuntimeApiError::Status {
                endpoint: "next",
                status,
            }),
        }
    }

    async fn deliver(
        &mut self,
        endpoint: &'static str,
        request: Request<RequestBody>,
    ) -> Result<Answer, RuntimeApiError> {
        let broken = |source| RuntimeApiError::Broken { endpoint, source };
        let (mut connection, response) = self.exchange(request).await.map_err(broken)?;
        let status = response.status();
        if status.is_success() {
            // What it says besides is of no interest, but must be read before the next request.
            let _ = Limited::new(response.into_body(), ANSWER_LIMIT_BYTES)
                .collect()
                .await;
            // An acceptance may come early; the body is still to be sent to its end.
            if connection.is_reusable().await {
                self.idle = Some(connection);
            }
            return Ok(Answer::Accepted);
        }
        if status.is_server_error() {
            return Err(RuntimeApiError::Status { endpoint, status });
        }
        Ok(Answer::Refused(status))
    }

    /// Sends a request on the kept connection, or on a new one if that was closed meanwhile. What
    /// has begun to leave is not sent again.
    async fn exchange(
        &mut self,
        request: Request<RequestBody>,
    ) -> io::Result<(Connection, Response<Incoming>)> {
        let is_post = request.method() == Method::POST;
        let mut request = request;
        if let Some(mut kept) = self.kept_for(is_post).await {
            match kept.send(request).await {
                Ok(response) => return Ok((kept, response)),
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => {
                        self.closes_unannounced |= is_post;
                        return Err(io::Error::other(error.into_error()));
                    }
                },
            }
        }
        let mut connection = Connection::open(&self.endpoint).await?;
        let sent = connection.send(request).await;
        let response = sent.map_err(|error| io::Error::other(error.into_error()))?;
        Ok((connection, response))
    }

    /// The kept connection, if it can carry such a request.
    async fn kept_for(&mut self, is_post: bool) -> Option<Connection> {
        let mut kept = self.idle.take()?;
        let can = !(is_post && self.closes_unannounced) && kept.is_reusable().await;
        can.then_some(kept)
    }

    fn error_request(&self, path: &str, report: &ErrorReport) -> Request<RequestBody> {
        let body = Either::Left(Full::new(report.document()));
        let mut request = self.post(path, JSON, body);
        let error_type = HeaderValue::from_static(report.error_type.as_str());
        request
            .headers_mut()
            .insert(FUNCTION_ERROR_TYPE, error_type);
        request
    }

    fn post(
        &self,
        path: &str,
        content_type: HeaderValue,
        body: RequestBody,
    ) -> Request<RequestBody> {
        let mut request = self.request(Method::POST, path, body);
        request
            .headers_mut()
            .insert(header::CONTENT_TYPE, content_type);
        request
    }

    fn request(&self, method: Method, path: &str, body: RequestBody) -> Request<RequestBody> {
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.endpoint.authority().as_str())
            .header(header::USER_AGENT, USER_AGENT)
            .body(body)
            .expect("an encoded path and a parsed authority make a valid request")
    }
}

fn echo(invocation: &Invocation, request: &mut Request<RequestBody>) {
    if let Some(id) = &invocation.invocation_id {
        request.headers_mut().insert(INVOCATION_ID, id.clone());
    }
}
