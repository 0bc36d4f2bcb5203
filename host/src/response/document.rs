//! A response that is posted as a whole: collects and serializes it.

use std::io;

use bytes::Bytes;
use http::HeaderValue;
use lambda_protocol::Head;
use lambda_protocol::front_end::FrontEnd;
use lambda_protocol::headers::JSON;
use lambda_protocol::limits::PAYLOAD_LIMIT_BYTES;
use lambda_protocol::response_document::{self, DocumentTooLarge};

/// What surrounds the body of a document.
#[derive(Debug)]
pub(super) enum Envelope {
    /// Nothing: the bytes are the payload, of this content type.
    Bare(HeaderValue),
    /// The response document of a front end.
    FrontEnd(FrontEnd, Head),
}

/// An unfinished response, of which nothing leaves before its end.
#[derive(Debug)]
pub(super) struct Document {
    envelope: Envelope,
    body: Vec<u8>,
    too_large: Option<DocumentTooLarge>,
}

impl Document {
    pub(super) fn new(envelope: Envelope) -> Self {
        Self {
            envelope,
            body: Vec::new(),
            too_large: None,
        }
    }

    /// Appends to the body. A chunk that exceeds the limit discards the whole body.
    pub(super) fn push(&mut self, chunk: &[u8]) -> Result<(), DocumentTooLarge> {
        self.check()?;
        let actual_bytes = self.body.len() + chunk.len();
        if actual_bytes > self.limit_bytes() {
            return Err(self.give_up(actual_bytes, false));
        }
        self.body.extend_from_slice(chunk);
        Ok(())
    }

    /// Serializes the document, and returns it with its content type. One that is too large is returned as it
    /// is, and accepts nothing more.
    pub(super) fn into_payload(mut self) -> Result<(HeaderValue, Bytes), Self> {
        if self.too_large.is_some() {
            return Err(self);
        }
        let mut payload = Limited::new(self.limit_bytes(), self.body.len());
        match &self.envelope {
            Envelope::Bare(content_type) => return Ok((content_type.clone(), self.body.into())),
            Envelope::FrontEnd(front_end, head) => {
                response_document::write(*front_end, head, &self.body, &mut payload)
                    .expect("text serializes, and the output takes it");
            }
        }
        if payload.bytes > payload.limit_bytes {
            self.give_up(payload.bytes, true);
            return Err(self);
        }
        Ok((JSON, payload.kept.into()))
    }

    /// Why the document accepts nothing more.
    pub(super) fn too_large(&self) -> Option<DocumentTooLarge> {
        self.too_large
    }

    fn check(&self) -> Result<(), DocumentTooLarge> {
        self.too_large.map_or(Ok(()), Err)
    }

    fn give_up(&mut self, actual_bytes: usize, is_complete: bool) -> DocumentTooLarge {
        self.body = Vec::new();
        *self.too_large.insert(DocumentTooLarge {
            actual_bytes,
            limit_bytes: self.limit_bytes(),
            is_complete,
        })
    }

    fn limit_bytes(&self) -> usize {
        match self.envelope {
            Envelope::FrontEnd(front_end, _) => front_end.document_limit_bytes(),
            Envelope::Bare(_) => PAYLOAD_LIMIT_BYTES,
        }
    }
}

/// Room for the head of a document, in bytes. Few heads need more.
const HEAD_ROOM_BYTES: usize = 1024;

/// Buffers bytes up to a limit. Beyond it, only counts them and keeps nothing.
struct Limited {
    kept: Vec<u8>,
    bytes: usize,
    limit_bytes: usize,
}

impl Limited {
    fn new(limit_bytes: usize, body_bytes: usize) -> Self {
        Self {
            kept: Vec::with_capacity((body_bytes + HEAD_ROOM_BYTES).min(limit_bytes)),
            bytes: 0,
            limit_bytes,
        }
    }
}

impl io::Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += bytes.len();
        if self.bytes > self.limit_bytes {
            self.kept = Vec::new();
        } else {
            self.kept.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use lambda_protocol::limits::LOAD_BALANCER_LIMIT_BYTES;

    use super::*;

    fn head() -> Head {
        let headers = [("Content-Type", "text/plain"), ("x-a", "1"), ("X-A", "2")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let cookies = vec!["a=1; Path=/".to_owned(), "b=2".to_owned()];
        Head::check(201, headers.to_vec(), cookies).unwrap()
    }

    #[test]
    fn a_bare_document_may_have_exactly_what_lambda_takes() {
        let mut document = Document::new(Envelope::Bare(JSON));
        document.push(&vec![b'x'; PAYLOAD_LIMIT_BYTES - 1]).unwrap();
        document.push(b"x").unwrap();
        let (content_type, payload) = document.into_payload().unwrap();
        assert_eq!(content_type, JSON);
        assert_eq!(payload.len(), PAYLOAD_LIMIT_BYTES);
    }

    #[test]
    fn what_is_too_large_stays_so_and_takes_no_memory() {
        let mut document = Document::new(Envelope::Bare(JSON));
        document.push(&vec![b'x'; PAYLOAD_LIMIT_BYTES]).unwrap();
        let refused = document.push(b"xy").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the response is a document of at least 6291558 bytes, and Lambda takes 6291556 at most: \
             send less, or stream the response"
        );
        assert_eq!(document.body.capacity(), 0);
        assert_eq!(document.push(b""), Err(refused));
        let document = document.into_payload().unwrap_err();
        assert_eq!(document.too_large(), Some(refused));
    }

    #[test]
    fn the_limit_of_a_front_end_counts_the_whole_document() {
        let load_balancer = FrontEnd::LoadBalancer { multi_value: false };
        for (front_end, limit, reader) in [
            (
                load_balancer,
                LOAD_BALANCER_LIMIT_BYTES,
                "a load balancer takes 1048576",
            ),
            (
                FrontEnd::Lattice,
                PAYLOAD_LIMIT_BYTES,
                "Lambda takes 6291556",
            ),
        ] {
            let finish = |body_bytes: usize| {
                let mut document = Document::new(Envelope::FrontEnd(front_end, head()));
                document.push(&vec![b'x'; body_bytes]).unwrap();
                document.into_payload()
            };
            let overhead = finish(0).unwrap().1.len();
            assert_eq!(finish(limit - overhead).unwrap().1.len(), limit);
            let refused = finish(limit - overhead + 1)
                .unwrap_err()
                .too_large()
                .unwrap();
            assert_eq!(
                (refused.actual_bytes, refused.is_complete),
                (limit + 1, true)
            );
            assert!(refused.to_string().contains(reader), "{refused}");
        }
    }
}
