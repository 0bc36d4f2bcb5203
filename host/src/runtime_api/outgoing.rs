//! What is still to be sent of a request, as it is written to the socket.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::IoSlice;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf as _, Bytes, BytesMut};
use http::HeaderMap;
use http_body::Body as _;

use super::request::{Request, RequestBody, put_field};
use crate::response::ResponseBody;

/// Pieces of a body of at least this many bytes are written from where they are; smaller ones are copied
/// one behind the other, which costs less than to hand each to the kernel.
const OWN_PART_BYTES: usize = 4 * 1024;

/// Bytes that are taken from a body before they are written.
const ENOUGH_BYTES: usize = 256 * 1024;

/// Most parts that are written at once: more than [`ENOUGH_BYTES`] are in.
const PARTS: usize = 64;

/// A request that is being sent, or nothing.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    /// What is to be written first, in order.
    parts: VecDeque<Bytes>,
    /// What is to be written then.
    small: BytesMut,
    /// Bytes in `parts`.
    in_parts: usize,
    /// Where more comes from.
    body: Option<ResponseBody>,
}

/// What a body has besides what was taken from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum More {
    /// Nothing yet. It wakes the task when it has.
    Later,
    /// Perhaps something: enough was taken.
    Now,
    /// Nothing: this is its end.
    Never,
}

impl Outgoing {
    pub(super) fn new(request: Request) -> Self {
        let mut small = request.head;
        small.extend_from_slice(b"\r\n");
        let mut outgoing = Self {
            small,
            ..Self::default()
        };
        match request.body {
            RequestBody::Nothing => {}
            RequestBody::Document(document) => outgoing.push(document),
            RequestBody::Streamed(body) => outgoing.body = Some(body),
        }
        outgoing
    }

    /// Takes what the body has.
    pub(super) fn fill(&mut self, cx: &mut Context<'_>) -> More {
        while self.in_parts + self.small.len() < ENOUGH_BYTES {
            let Some(body) = &mut self.body else {
                return More::Never;
            };
            let Poll::Ready(frame) = Pin::new(body).poll_frame(cx) else {
                return More::Later;
            };
            match frame.map(|Ok(frame)| frame.into_data()) {
                Some(Ok(data)) => self.push_chunk(data),
                Some(Err(frame)) => self.end(&frame.into_trailers().unwrap_or_default()),
                None => self.end(&HeaderMap::new()),
            }
        }
        More::Now
    }

    /// Whether everything that was taken has been written.
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.small.is_empty()
    }

    /// Hands what is to be written to `write`, which says how much of it was.
    pub(super) fn write_with<R>(&self, write: impl FnOnce(&[IoSlice<'_>]) -> R) -> R {
        if self.parts.is_empty() {
            return write(&[IoSlice::new(&self.small)]);
        }
        let mut slices = [IoSlice::new(&[]); PARTS];
        let parts = self.parts.iter().map(Bytes::as_ref);
        let mut count = 0;
        for (slice, part) in slices.iter_mut().zip(parts.chain([self.small.as_ref()])) {
            *slice = IoSlice::new(part);
            count += 1;
        }
        write(slices.get(..count).unwrap_or_default())
    }

    /// So much was written.
    pub(super) fn advance(&mut self, mut bytes: usize) {
        while let Some(part) = self.parts.front_mut() {
            let written = bytes.min(part.len());
            part.advance(written);
            self.in_parts -= written;
            bytes -= written;
            if !part.is_empty() {
                return;
            }
            self.parts.pop_front();
        }
        self.small.advance(bytes.min(self.small.len()));
    }

    /// Adds a chunk ("RFC 9112", section 7.1). One without a byte would be the end.
    fn push_chunk(&mut self, data: Bytes) {
        if !data.is_empty() {
            write!(self.small, "{:X}\r\n", data.len()).expect("there is always room for it");
            self.push(data);
            self.small.extend_from_slice(b"\r\n");
        }
    }

    fn push(&mut self, data: Bytes) {
        if data.len() < OWN_PART_BYTES {
            self.small.extend_from_slice(&data);
            return;
        }
        let before = self.small.split().freeze();
        for part in [before, data] {
            if !part.is_empty() {
                self.in_parts += part.len();
                self.parts.push_back(part);
            }
        }
    }

    /// Adds the end of a body.
    fn end(&mut self, trailers: &HeaderMap) {
        self.body = None;
        self.small.extend_from_slice(b"0\r\n");
        for (name, value) in trailers {
            put_field(&mut self.small, name, value);
        }
        self.small.extend_from_slice(b"\r\n");
    }
}
