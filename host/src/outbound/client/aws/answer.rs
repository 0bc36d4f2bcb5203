//! Answers to signed requests: what they may show of the credentials, and what they say about them.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::SystemTime;

use aws_signing::{Credentials, Redactor};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, DATE};
use http::response::Parts;
use http::{HeaderMap, HeaderValue, Response};
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use wasmtime_wasi_http::{Error, WasiBody};

use super::Aws;

/// Largest difference between this machine's clock and AWS's that every service accepts, in seconds.
const SKEW_LIMIT_SECONDS: u64 = 300;

/// The header with the error of a service that speaks JSON.
const ERROR_TYPE: &str = "x-amzn-errortype";

/// Errors that say that the credentials are no longer valid. `ExpiredTokenException` begins with the first.
const REFUSALS: [&[u8]; 2] = [b"ExpiredToken", b"InvalidToken"];

/// The credentials of a signed request, and what was sent with them.
pub(super) struct Signed {
    pub(super) aws: Arc<Aws>,
    pub(super) credentials: Arc<Credentials>,
    /// The header that was sent.
    pub(super) authorization: Option<HeaderValue>,
}

impl Signed {
    /// Returns the answer as the guest may see it: an error shows no credentials.
    ///
    /// # Errors
    ///
    /// When the answer is an error in a content coding, which cannot be searched.
    pub(super) fn answer(self, answer: Response<WasiBody>) -> Result<Response<WasiBody>, Error> {
        let (mut head, body) = answer.into_parts();
        if !is_error(&head) {
            return Ok(Response::from_parts(head, body));
        }
        let redactor = self.redactor();
        redact_headers(&redactor, &mut head.headers);
        if let Some(coding) = content_coding(&head.headers) {
            return Err(Error::HttpResponseContentCoding(Some(coding)));
        }
        let is_refused = head
            .headers
            .get(ERROR_TYPE)
            .is_some_and(|value| refuses(value.as_bytes()));
        let body = Redacted {
            body,
            redactor,
            signed: self,
            seen: Vec::new(),
            end: None,
        };
        if is_refused {
            body.refuse();
        }
        Ok(Response::from_parts(head, body.boxed_unsync()))
    }

    fn redactor(&self) -> Redactor {
        let sent = self.authorization.clone();
        let sent = sent.map(|value| (AUTHORIZATION, value));
        Redactor::new(&self.credentials, &sent.into_iter().collect())
    }
}

/// Returns by how many seconds the clock of this machine differs from that of AWS, if an answer shows that
/// the difference is why a request was refused.
pub(in crate::outbound::client) fn clock_skew(
    head: &Response<WasiBody>,
    now: SystemTime,
) -> Option<i64> {
    if !head.status().is_client_error() {
        return None;
    }
    let date = head.headers().get(DATE)?.to_str().ok()?;
    let theirs = httpdate::parse_http_date(date).ok()?;
    let (sign, difference) = match now.duration_since(theirs) {
        Ok(ahead) => (1, ahead),
        Err(behind) => (-1, behind.duration()),
    };
    let seconds = difference.as_secs();
    let seconds = i64::try_from(seconds)
        .ok()
        .filter(|_| seconds > SKEW_LIMIT_SECONDS);
    seconds.map(|seconds| sign * seconds)
}

fn is_error(head: &Parts) -> bool {
    head.status.as_u16() >= 400
}

fn content_coding(headers: &HeaderMap) -> Option<String> {
    let codings = headers.get_all(CONTENT_ENCODING).iter();
    let mut codings = codings.filter(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    let coding = codings.next()?;
    Some(String::from_utf8_lossy(coding.as_bytes()).into_owned())
}

fn redact_headers(redactor: &Redactor, headers: &mut HeaderMap) {
    for value in headers.values_mut() {
        let redacted = redactor.redact(value.as_bytes());
        if redacted != value.as_bytes()
            && let Ok(redacted) = HeaderValue::from_bytes(&redacted)
        {
            *value = redacted;
        }
    }
}

fn refuses(text: &[u8]) -> bool {
    let mut refusals = REFUSALS.iter();
    refusals.any(|refusal| text.windows(refusal.len()).any(|part| part == *refusal))
}

/// The body of an error, without the credentials of its request.
struct Redacted {
    body: WasiBody,
    redactor: Redactor,
    signed: Signed,
    /// The end of what was searched for a refusal of the credentials.
    seen: Vec<u8>,
    /// What follows the last data: trailers, an error, or nothing.
    end: Option<Option<Result<Frame<Bytes>, Error>>>,
}

impl Redacted {
    fn refuse(&self) {
        self.signed.aws.credentials.refuse(&self.signed.credentials);
    }

    /// Searches for a refusal of the credentials, also across chunks.
    fn search(&mut self, data: &[u8]) {
        self.seen.extend_from_slice(data);
        if refuses(&self.seen) {
            self.refuse();
        }
        let longest = REFUSALS
            .iter()
            .map(|refusal| refusal.len())
            .max()
            .unwrap_or(0);
        self.seen
            .drain(..self.seen.len().saturating_sub(longest - 1));
    }
}

impl Body for Redacted {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        loop {
            if let Some(end) = this.end.take() {
                // Polled again, the body has ended.
                this.end = Some(None);
                return Poll::Ready(end);
            }
            let end = match ready!(Pin::new(&mut this.body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        this.search(&data);
                        let passed = this.redactor.push(&data);
                        if passed.is_empty() {
                            continue;
                        }
                        return Poll::Ready(Some(Ok(Frame::data(passed.into()))));
                    }
                    Err(frame) => Some(Ok(trailers(&this.redactor, frame))),
                },
                end => end,
            };
            this.end = Some(end);
            let rest = this.redactor.finish();
            if !rest.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(rest.into()))));
            }
        }
    }
}

fn trailers(redactor: &Redactor, frame: Frame<Bytes>) -> Frame<Bytes> {
    match frame.into_trailers() {
        Ok(mut trailers) => {
            redact_headers(redactor, &mut trailers);
            Frame::trailers(trailers)
        }
        Err(other) => other,
    }
}
