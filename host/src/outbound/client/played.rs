//! Answers requests from a capsule, with the recorded pauses.

use std::collections::VecDeque;
use std::future::{pending, ready};
use std::pin::Pin;
use std::task::{self, Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use tokio::time::{Instant, Sleep, sleep, sleep_until};
use wasmtime_wasi_http::Error;

use super::hooks::{Answer, Sending};
use super::taped::decode;
use crate::capsule::{Part, Request};

/// Returns the recorded answer to a request. Without one, the request is denied.
pub(super) fn play(request: Option<Request>) -> Sending {
    let Some(request) = request else {
        return Box::new(ready(Err(Error::HttpRequestDenied)));
    };
    Box::new(async move {
        let mut parts = VecDeque::from(request.parts);
        // The handler did not wait for the answer.
        let Some((at, first)) = parts.pop_front() else {
            return pending().await;
        };
        sleep(Duration::from_micros(at.saturating_sub(request.at_us))).await;
        answer(first, at, parts)
    })
}

fn answer(head: Part, at_us: u64, parts: VecDeque<(u64, Part)>) -> Answer {
    let (status, headers) = match head {
        Part::Head(status, headers) => (status, headers),
        Part::Failed(error) => return Err(decode(&error)),
        Part::Data(_) | Part::Trailers(_) | Part::End => {
            return Err(Error::InternalError(Some(
                "the capsule has a body without a head".to_owned(),
            )));
        }
    };
    let body = PlayedBody {
        began: Instant::now(),
        at_us,
        parts,
        pause: None,
    };
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    *response.headers_mut() = map(headers);
    Ok((response, Box::new(ready(Ok(())))))
}

fn map(headers: Vec<(String, Vec<u8>)>) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name = HeaderName::try_from(name);
        if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
            map.append(name, value);
        }
    }
    map
}

/// A recorded body.
struct PlayedBody {
    began: Instant,
    /// When the head was recorded, in microseconds.
    at_us: u64,
    parts: VecDeque<(u64, Part)>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Body for PlayedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        // The handler read no further, or the recording ends here.
        let Some((at, _)) = this.parts.front() else {
            return Poll::Pending;
        };
        let due = this.began + Duration::from_micros(at.saturating_sub(this.at_us));
        let pause = this.pause.get_or_insert_with(|| Box::pin(sleep_until(due)));
        task::ready!(pause.as_mut().poll(cx));
        this.pause = None;
        let part = this.parts.pop_front().map(|(_, part)| part);
        Poll::Ready(match part {
            Some(Part::Data(data)) => Some(Ok(Frame::data(data.into()))),
            Some(Part::Trailers(trailers)) => Some(Ok(Frame::trailers(map(trailers)))),
            Some(Part::Failed(error)) => Some(Err(decode(&error))),
            Some(Part::End | Part::Head(..)) | None => None,
        })
    }
}
