//! Requests outside WebAssembly, which the [`Upstream`](crate::testing::Upstream) of the test answers.

use std::collections::VecDeque;
use std::io::{Cursor, ErrorKind, Read};
use std::thread::sleep;
use std::time::Duration;

use http::{HeaderMap, Method, StatusCode};

use super::{Content, Outgoing, PIECE_BYTES, Timeouts};
use crate::fetch::ErrorCode;
use crate::fetch::error::Reason;
use crate::testing::upstream::{self, Exchange, Part, Reply};

/// The host's limit unless a setting changes it.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// The host's limit for the head of a request unless a setting changes it, in bytes.
const HEADER_LIMIT_BYTES: usize = 64 * 1024;

/// The body of a canned response.
pub(crate) struct Incoming {
    headers: HeaderMap,
    exchange: Option<Exchange>,
    upload: Option<Upload>,
    parts: VecDeque<Part>,
    trailers: Option<HeaderMap>,
    between_bytes: Duration,
}

/// Sends a request to the upstream of this test.
pub(crate) fn send(outgoing: Outgoing) -> Result<(StatusCode, Incoming), Reason> {
    let Outgoing {
        method,
        url,
        headers,
        body,
        timeouts,
    } = outgoing;
    check(&method, &headers)?;
    let address = format!("{}://{}{}", url.scheme(), url.authority, url.path_and_query);
    let exchange = upstream::begin(method, address, headers)?;
    let mut upload = match body {
        Some(content) => Some(Upload {
            reader: match content {
                Content::Bytes(bytes) => Box::new(Cursor::new(bytes)),
                Content::Reader(reader) => reader,
            },
            exchange: exchange.clone(),
        }),
        None => {
            exchange.end_body()?;
            None
        }
    };
    while exchange.awaits_body() && Upload::step(&mut upload)? {}
    let reply = exchange.reply()?;
    respond(reply, exchange, upload, timeouts)
}

fn respond(
    reply: Reply,
    exchange: Exchange,
    upload: Option<Upload>,
    timeouts: Timeouts,
) -> Result<(StatusCode, Incoming), Reason> {
    let limit = timeouts.first_byte.unwrap_or(DEFAULT_TIMEOUT);
    if !pause(reply.delay, limit) {
        return Err(Reason::NoResponse(ErrorCode::ConnectionReadTimeout, None));
    }
    let (status, headers) = reply.head.map_err(|code| Reason::NoResponse(code, None))?;
    let incoming = Incoming {
        headers,
        exchange: Some(exchange),
        upload,
        parts: reply.parts.into(),
        trailers: reply.trailers,
        between_bytes: timeouts.between_bytes.unwrap_or(DEFAULT_TIMEOUT),
    };
    Ok((status, incoming))
}

/// Refuses what the host refuses.
fn check(method: &Method, headers: &HeaderMap) -> Result<(), Reason> {
    if matches!(*method, Method::CONNECT | Method::TRACE) {
        let code = ErrorCode::HttpRequestMethodInvalid;
        return Err(Reason::NoResponse(code, None));
    }
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if bytes > HEADER_LIMIT_BYTES {
        let code = ErrorCode::HttpRequestHeaderSectionSize;
        return Err(Reason::NoResponse(code, None));
    }
    Ok(())
}

/// Waits for at most `limit`. Returns whether `wait` was within it.
fn pause(wait: Duration, limit: Duration) -> bool {
    #[expect(
        clippy::disallowed_methods,
        reason = "the rule is for the host; here the thread of a test waits"
    )]
    sleep(wait.min(limit));
    wait <= limit
}

impl Incoming {
    pub(crate) fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    /// Returns the next piece of the body, which is not empty. `None` at its end.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<u8>>, Reason> {
        Upload::step(&mut self.upload)?;
        let mut waited = Duration::ZERO;
        while let Some(part) = self.parts.pop_front() {
            match part {
                Part::Chunk(chunk) if chunk.is_empty() => {}
                Part::Chunk(chunk) => return Ok(Some(self.piece(chunk))),
                Part::Pause(wait) => {
                    waited += wait;
                    if waited > self.between_bytes {
                        pause(wait, self.between_bytes);
                        return Err(Reason::BrokeOff(ErrorCode::ConnectionReadTimeout, None));
                    }
                    pause(wait, self.between_bytes);
                }
                Part::Cut(code) => return Err(Reason::BrokeOff(code, None)),
            }
        }
        self.exchange = None;
        self.upload = None;
        Ok(None)
    }

    /// Splits a chunk that is larger than one read.
    fn piece(&mut self, mut chunk: Vec<u8>) -> Vec<u8> {
        if chunk.len() > PIECE_BYTES {
            let rest = chunk.split_off(PIECE_BYTES);
            self.parts.push_front(Part::Chunk(rest));
        }
        chunk
    }

    /// Returns the trailers. Discards what is left of the body.
    pub(crate) fn trailers(mut self) -> Result<Option<HeaderMap>, Reason> {
        while self.next()?.is_some() {}
        Ok(self.trailers)
    }
}

/// The body of a request on its way to the upstream.
struct Upload {
    reader: Box<dyn Read>,
    exchange: Exchange,
}

impl Upload {
    /// Sends the next piece, and empties `slot` at the end of the body. Returns whether there was one.
    fn step(slot: &mut Option<Self>) -> Result<bool, Reason> {
        let Some(upload) = slot else {
            return Ok(false);
        };
        let mut piece = vec![0; PIECE_BYTES];
        let bytes = loop {
            match upload.reader.read(&mut piece) {
                Ok(bytes) => break bytes,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(Reason::Upload(error)),
            }
        };
        if bytes == 0 {
            let ended = slot.take();
            return ended
                .map_or(Ok(()), |upload| upload.exchange.end_body())
                .map(|()| false);
        }
        piece.truncate(bytes);
        upload.exchange.push_body(&piece)?;
        Ok(true)
    }
}
