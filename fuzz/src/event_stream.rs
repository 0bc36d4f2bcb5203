//! Event streams of AWS, as the SDK reads them.

use std::io::BufReader;

use bootstream::fetch::event_stream::{Message, Messages};

/// The messages do not depend on the pieces in which `bytes` arrive. Encoded again, they are the beginning of
/// `bytes`.
///
/// Few inputs have a correct checksum, so `bytes` are also read as the headers of a message that has one.
pub fn check(bytes: &[u8]) {
    let whole = check_stream(bytes);
    let encoded: Vec<u8> = whole.iter().flat_map(Message::encode).collect();
    assert!(bytes.starts_with(&encoded));
    for message in check_stream(&with_headers(bytes)) {
        let again = check_stream(&message.encode());
        assert_eq!(again, [message]);
    }
    let payload = Message::event("a", bytes);
    assert_eq!(check_stream(&payload.encode()), [payload]);
}

fn check_stream(bytes: &[u8]) -> Vec<Message> {
    let whole = read(bytes, bytes.len());
    for piece in [1, 5, 16] {
        assert_eq!(read(bytes, piece), whole, "in pieces of {piece}");
    }
    whole
}

fn read(bytes: &[u8], piece: usize) -> Vec<Message> {
    let messages = Messages::new(BufReader::with_capacity(piece.max(1), bytes));
    messages.map_while(Result::ok).collect()
}

/// Returns a message with these headers and correct checksums.
fn with_headers(headers: &[u8]) -> Vec<u8> {
    let word = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    let mut bytes = [word(headers.len() + 16), word(headers.len())].concat();
    bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
    bytes.extend_from_slice(headers);
    bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
    bytes
}
