//! One invocation's response as the Runtime API received it, with timestamps.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bench_workload::STAMP_BYTES;

/// Number of zero bytes that end the prelude.
const DELIMITER_BYTES: usize = 8;

/// The response to one event.
#[derive(Debug)]
pub(crate) struct Response {
    /// Just before the event was sent.
    pub(crate) delivered: Instant,
    /// When the first byte after the prelude was read.
    pub(crate) first_byte: Option<Instant>,
    /// When the end was read.
    pub(crate) ended: Instant,
    /// Bytes after the prelude.
    pub(crate) bytes: u64,
    /// Chunks on the wire.
    pub(crate) chunks: u64,
    /// Time from a handler's stamp to its arrival, for each stamped chunk.
    pub(crate) delays: Vec<Duration>,
}

/// A response in progress.
pub(crate) struct IncomingResponse {
    response: Response,
    zeros: usize,
    /// Size of each of the handler's chunks, if they are stamped.
    stamped: Option<usize>,
    body: Vec<u8>,
}

impl IncomingResponse {
    pub(crate) fn new(delivered: Instant, stamped: Option<usize>) -> Self {
        let response = Response {
            delivered,
            first_byte: None,
            ended: delivered,
            bytes: 0,
            chunks: 0,
            delays: Vec::new(),
        };
        Self {
            response,
            zeros: 0,
            stamped,
            body: Vec::new(),
        }
    }

    /// A response that is a document, without a prelude.
    pub(crate) fn of_document(delivered: Instant) -> Self {
        Self {
            zeros: DELIMITER_BYTES,
            ..Self::new(delivered, None)
        }
    }

    /// Takes the next block of the stream. Returns the time of the first byte of the body with the block that has it.
    pub(crate) fn take(&mut self, block: &[u8], chunks: u64) -> Option<Instant> {
        self.response.chunks = chunks;
        let body = if self.zeros == DELIMITER_BYTES {
            block
        } else {
            self.skip_prelude(block)
        };
        if body.is_empty() {
            return None;
        }
        let is_first = self.response.first_byte.is_none();
        let first = *self.response.first_byte.get_or_insert_with(Instant::now);
        self.response.bytes += body.len() as u64;
        if let Some(chunk_bytes) = self.stamped {
            self.body.extend_from_slice(body);
            self.read_stamps(chunk_bytes);
        }
        is_first.then_some(first)
    }

    pub(crate) fn finish(mut self) -> Response {
        self.response.ended = Instant::now();
        self.response
    }

    fn skip_prelude<'a>(&mut self, block: &'a [u8]) -> &'a [u8] {
        for (at, byte) in block.iter().enumerate() {
            self.zeros = if *byte == 0 { self.zeros + 1 } else { 0 };
            if self.zeros == DELIMITER_BYTES {
                return block.get(at + 1..).unwrap_or_default();
            }
        }
        &[]
    }

    fn read_stamps(&mut self, chunk_bytes: usize) {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        while let Some(stamp) = self
            .body
            .get(self.response.delays.len() * chunk_bytes..)
            .and_then(|rest| rest.get(..STAMP_BYTES))
        {
            let nanos = std::str::from_utf8(stamp)
                .ok()
                .and_then(|text| text.parse().ok());
            let written = nanos.map_or(Duration::MAX, Duration::from_nanos);
            self.response.delays.push(now.saturating_sub(written));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_is_the_first_after_the_prelude_wherever_it_is_cut() {
        let stream = b"{}\0\0\0\0\0\0\0\0body";
        for cut in 0..=stream.len() {
            let mut incoming = IncomingResponse::new(Instant::now(), None);
            let (first, second) = stream.split_at(cut);
            assert_eq!(incoming.take(first, 1).is_some(), cut > 10);
            assert_eq!(incoming.take(second, 2).is_some(), cut <= 10);
            let response = incoming.finish();
            assert_eq!((response.bytes, response.chunks), (4, 2));
            assert!(response.first_byte.is_some());
        }
    }

    #[test]
    fn every_stamp_is_read_even_if_chunks_were_joined() {
        let mut chunk = [b'x'; 64];
        bench_workload::stamp(&mut chunk);
        let stream = [&[0; 8][..], &chunk, &chunk, &chunk].concat();
        let mut incoming = IncomingResponse::new(Instant::now(), Some(chunk.len()));
        for block in stream.chunks(50) {
            incoming.take(block, 1);
        }
        let delays = incoming.finish().delays;
        assert_eq!(delays.len(), 3);
        assert!(delays.iter().all(|delay| *delay < Duration::from_secs(60)));
    }
}
