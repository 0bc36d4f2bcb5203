//! What is still to be sent of a request, as it is written to the socket.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::IoSlice;
use std::task::Context;

use bytes::{Buf as _, Bytes, BytesMut};
use http::HeaderMap;

use super::progress::Progress;
use super::request::{Request, RequestBody, put_field};
#[cfg(feature = "rehearsal")]
use crate::rehearsal::reader::SlowReader;
use crate::response::{BodyEvent, HIGH_WATER_BYTES, Readiness, ResponseBody};

/// Pieces of a body of at least this many bytes are written from where they are; smaller ones are copied
/// one behind the other, which costs less than to hand each to the kernel.
const OWN_PART_BYTES: usize = 4 * 1024;

/// Bytes that are taken from a body before they are written: what may have gathered.
const ENOUGH_BYTES: usize = HIGH_WATER_BYTES;

/// Most parts that are written at once.
const PARTS: usize = 64;

/// A request that is being sent, or nothing.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    /// What is to be written first, in order.
    parts: VecDeque<Bytes>,
    /// What is to be written then.
    small: BytesMut,
    /// Bytes in `parts`.
    in_parts: usize,
    /// Where more comes from.
    body: Option<ResponseBody>,
    progress: Option<Progress>,
    #[cfg(feature = "rehearsal")]
    reader: Option<SlowReader>,
}

impl Outgoing {
    pub(crate) fn new(request: Request) -> Self {
        let mut small = request.head;
        small.extend_from_slice(b"\r\n");
        let mut outgoing = Self {
            small,
            ..Self::default()
        };
        let watch = match &request.body {
            RequestBody::Streamed(body) => body.watch(),
            RequestBody::Nothing | RequestBody::Document(_) => request.watch,
        };
        outgoing.progress = watch.map(Progress::new);
        match request.body {
            RequestBody::Nothing => {}
            RequestBody::Document(document) => {
                outgoing.note(document.len());
                outgoing.push(document);
            }
            RequestBody::Streamed(body) => outgoing.stream(body),
        }
        outgoing
    }

    fn stream(&mut self, body: ResponseBody) {
        self.body = Some(body);
        #[cfg(feature = "rehearsal")]
        {
            self.reader = SlowReader::begin();
        }
    }

    /// Takes what the body has.
    pub(crate) fn fill(&mut self, cx: &mut Context<'_>) -> Readiness {
        #[cfg(feature = "rehearsal")]
        if self.reader.as_mut().is_some_and(|it| it.is_reading(cx)) {
            return Readiness::Later;
        }
        let Some(mut body) = self.body.take() else {
            return Readiness::Never;
        };
        let room = ENOUGH_BYTES.saturating_sub(self.in_parts + self.small.len());
        // A slow reader gets one piece at a time.
        #[cfg(feature = "rehearsal")]
        let room = if self.reader.is_some() { 1 } else { room };
        let more = body.take(cx, room, |part| match part {
            BodyEvent::Data(data) => self.push_chunk(data),
            BodyEvent::End(trailers) => self.end(&trailers),
        });
        if more != Readiness::Never {
            self.body = Some(body);
        }
        more
    }

    /// Whether the whole body was taken.
    pub(crate) fn has_all(&self) -> bool {
        self.body.is_none()
    }

    /// Whether everything that was taken has been written.
    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.small.is_empty()
    }

    /// Hands what is to be written to `write`, which says how much of it was.
    pub(crate) fn write_with<R>(&self, write: impl FnOnce(&[IoSlice<'_>]) -> R) -> R {
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
    pub(crate) fn advance(&mut self, mut bytes: usize) {
        if let Some(progress) = &mut self.progress {
            progress.advance(bytes);
        }
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
            self.note(data.len());
            #[cfg(feature = "rehearsal")]
            if let Some(reader) = &mut self.reader {
                reader.take(data.len());
            }
            self.push(data);
            self.small.extend_from_slice(b"\r\n");
        }
    }

    /// Data of the response is pushed next.
    fn note(&mut self, bytes: usize) {
        if let Some(progress) = &mut self.progress {
            progress.queue(bytes, self.in_parts + self.small.len());
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
        self.small.extend_from_slice(b"0\r\n");
        for (name, value) in trailers {
            put_field(&mut self.small, name, value);
        }
        self.small.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use http::uri::Authority;
    use lambda_protocol::error_report::{ErrorReport, ErrorType};
    use lambda_protocol::prelude::Prelude;

    use super::*;
    use crate::response::channel;

    fn endpoint() -> Authority {
        "h:1".parse().unwrap()
    }

    /// Everything that leaves, if at most `most` bytes are written at once.
    fn written(outgoing: &mut Outgoing, most: usize) -> Vec<u8> {
        let mut cx = Context::from_waker(Waker::noop());
        let mut wire = vec![];
        loop {
            let more = outgoing.fill(&mut cx);
            while !outgoing.is_empty() {
                let sent = outgoing.write_with(|parts| {
                    let before = wire.len();
                    for part in parts {
                        let left = most - (wire.len() - before);
                        wire.extend(&part[..part.len().min(left)]);
                    }
                    wire.len() - before
                });
                assert!(sent > 0);
                outgoing.advance(sent);
            }
            assert_eq!(outgoing.in_parts, 0);
            if more == Readiness::Never {
                return wire;
            }
            assert_eq!(more, Readiness::Now);
        }
    }

    fn behind_the_head(wire: &[u8]) -> &[u8] {
        let end = wire.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        &wire[end.unwrap() + 4..]
    }

    #[test]
    fn a_document_is_whole_whatever_its_size_and_however_it_is_written() {
        for size in [
            0,
            1,
            OWN_PART_BYTES - 1,
            OWN_PART_BYTES,
            ENOUGH_BYTES,
            ENOUGH_BYTES + 1,
        ] {
            for most in [977, usize::MAX] {
                let document = Bytes::from(vec![b'd'; size]);
                let request = Request::document(&endpoint(), "/p", document.clone());
                let wire = written(&mut Outgoing::new(request), most);
                let head = format!(
                    "POST /p HTTP/1.1\r\nhost: h:1\r\nuser-agent: bootstream/{}\r\ncontent-length: {size}\r\n\r\n",
                    env!("CARGO_PKG_VERSION")
                );
                assert_eq!(wire, [head.as_bytes(), &document].concat());
            }
        }
    }

    /// Chunks that are copied and chunks that are not, more of them than are written at once.
    #[tokio::test]
    async fn a_streamed_body_is_its_chunks_and_its_end_however_it_is_written() {
        const SIZES: [usize; 5] = [1, OWN_PART_BYTES, 40_000, 33_000, 2];
        for fails in [false, true] {
            for most in [1, 977, 65_536, usize::MAX] {
                let (writer, reader) = channel(None);
                writer.write_headers(Prelude::implied()).unwrap();
                let mut expected = vec![];
                for (size, byte) in SIZES.into_iter().zip(b'a'..) {
                    let chunk = vec![byte; size];
                    writer.write(&chunk).await.unwrap();
                    expected.extend(chunk);
                }
                if fails {
                    writer.fail(&ErrorReport::new(ErrorType::Trap, "boom"));
                } else {
                    writer.finish().unwrap();
                }
                let request = Request::streamed(&endpoint(), "/p", reader.body());
                let wire = written(&mut Outgoing::new(request), most);
                let (data, trailers) = unchunk(behind_the_head(&wire));
                assert!(data.ends_with(&expected));
                let is_failure = b"lambda-runtime-function-error-type: Function.Trap\r\n";
                assert_eq!(trailers.starts_with(is_failure), fails);
                assert!(fails || trailers == b"\r\n");
                assert!(trailers.ends_with(b"\r\n"));
            }
        }
    }

    /// The data of a chunked body, and what is behind its last chunk.
    fn unchunk(mut body: &[u8]) -> (Vec<u8>, &[u8]) {
        let mut data = vec![];
        loop {
            let (line, rest) = body.split_at(body.iter().position(|it| *it == b'\n').unwrap() + 1);
            let size = std::str::from_utf8(line).unwrap().trim_end();
            let size = usize::from_str_radix(size, 16).unwrap();
            if size == 0 {
                return (data, rest);
            }
            data.extend(&rest[..size]);
            assert!(rest[size..].starts_with(b"\r\n"));
            body = &rest[size + 2..];
        }
    }

    #[test]
    fn more_parts_than_are_written_at_once_stay_in_order() {
        let mut outgoing = Outgoing::default();
        let mut expected = vec![];
        for number in 0..PARTS {
            let data = vec![u8::try_from(number).unwrap(); OWN_PART_BYTES];
            expected.extend(format!("{:X}\r\n", data.len()).into_bytes());
            expected.extend(&data);
            expected.extend(b"\r\n");
            outgoing.push_chunk(data.into());
        }
        assert!(outgoing.parts.len() > PARTS);
        assert_eq!(written(&mut outgoing, usize::MAX), expected);
    }
}
