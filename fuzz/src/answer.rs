//! HTTP responses of the Runtime API.

use bootstream_host::http1::{AnswerHead, Body, Incoming, InvalidAnswer};
use bytes::BytesMut;
use http::StatusCode;

const LIMIT_BYTES: usize = 4096;

/// Whether longer lines are refused depends on how they arrive.
const INPUT_BYTES: usize = 16 * 1024;

/// A parsed head, and its body if that is complete.
type Read = Option<(StatusCode, Option<Body>)>;

/// A response is parsed the same however it is split. The input is the size of the blocks it arrives in,
/// and the response.
///
/// # Panics
///
/// When the results differ.
pub fn check(bytes: &[u8]) {
    let Some((size, answer)) = bytes.split_first() else {
        return;
    };
    let answer = answer.get(..INPUT_BYTES).unwrap_or(answer);
    let size = usize::from(*size).max(1);
    let _ = read(answer, size, usize::MAX);
    let at_once = read(answer, INPUT_BYTES, LIMIT_BYTES);
    let in_pieces = read(answer, size, LIMIT_BYTES);
    match (at_once, in_pieces) {
        (Ok(at_once), Ok(in_pieces)) => {
            assert_eq!(at_once, in_pieces);
            match at_once {
                Some((_, Some(Body::Whole(body)))) => assert!(body.len() <= LIMIT_BYTES),
                Some((_, Some(Body::TooLong(bytes)))) => {
                    assert!(usize::try_from(bytes).is_ok_and(|bytes| bytes > LIMIT_BYTES));
                }
                Some((_, None)) | None => {}
            }
        }
        (at_once, in_pieces) => assert_eq!(at_once.is_err(), in_pieces.is_err()),
    }
}

fn read(answer: &[u8], size: usize, limit_bytes: usize) -> Result<Read, InvalidAnswer> {
    let mut blocks = answer.chunks(size);
    let mut input = BytesMut::new();
    let head = loop {
        if let Some(head) = AnswerHead::take(&mut input)? {
            break head;
        }
        let Some(block) = blocks.next() else {
            return Ok(None);
        };
        input.extend_from_slice(block);
    };
    let mut body = Incoming::new(head.framing()?, limit_bytes);
    loop {
        if let Some(body) = body.take(&mut input, false)? {
            return Ok(Some((head.status, Some(body))));
        }
        // Must not panic, whatever the body.
        let _ = body.wants(input.len());
        let Some(block) = blocks.next() else {
            return Ok(Some((head.status, body.take(&mut input, true)?)));
        };
        input.extend_from_slice(block);
    }
}
