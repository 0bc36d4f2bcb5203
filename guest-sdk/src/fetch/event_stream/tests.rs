use std::io::{self, BufRead, BufReader, Read};

use super::{Exception, Message, Messages, Value};

fn all_types() -> Message {
    Message::event("delta", r#"{"text":"Hi"}"#)
        .header("true", Value::Bool(true))
        .header("false", Value::Bool(false))
        .header("byte", Value::Byte(-1))
        .header("short", Value::Short(-2))
        .header("integer", Value::Integer(-3))
        .header("long", Value::Long(-4))
        .header("bytes", Value::Bytes(vec![0, 255]))
        .header("text", Value::String("\u{e9}".to_owned()))
        .header("time", Value::Timestamp(1_700_000_000_000))
        .header("uuid", Value::Uuid([7; 16]))
}

/// Gives the bytes in two pieces.
struct Split<'a>(&'a [u8], &'a [u8]);

impl Read for Split<'_> {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        unreachable!("the parser reads buffers")
    }
}

impl BufRead for Split<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(if self.0.is_empty() { self.1 } else { self.0 })
    }

    fn consume(&mut self, bytes: usize) {
        let first = if self.0.is_empty() {
            &mut self.1
        } else {
            &mut self.0
        };
        *first = &first[bytes..];
    }
}

fn read(bytes: &[u8]) -> io::Result<Vec<Message>> {
    Messages::new(bytes).collect()
}

#[track_caller]
fn refused(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

/// The example of <https://smithy.io/2.0/aws/amazon-eventstream.html>, and one with a header.
#[test]
fn the_encoding_is_that_of_the_specification() {
    let empty = [
        0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x05, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8,
        0xff,
    ];
    assert_eq!(Message::new("").encode(), empty);
    assert_eq!(read(&empty).unwrap(), [Message::new("")]);
}

#[test]
fn a_stream_is_read_however_it_is_split() {
    let messages = [
        all_types(),
        Message::new("x".repeat(300)),
        Message::event("e", ""),
    ];
    let bytes: Vec<u8> = messages.iter().flat_map(Message::encode).collect();

    for at in 0..=bytes.len() {
        let (one, two) = bytes.split_at(at);
        let read: Result<Vec<_>, _> = Messages::new(Split(one, two)).collect();
        assert_eq!(read.unwrap(), messages, "at {at}");
    }
    let by_one = BufReader::with_capacity(1, bytes.as_slice());
    let read: Result<Vec<_>, _> = Messages::new(by_one).collect();
    assert_eq!(read.unwrap(), messages);
}

#[test]
fn a_stream_that_ends_within_a_message_is_an_error_wherever_it_ends() {
    let bytes = all_types().encode();
    assert!(read(&[]).unwrap().is_empty());
    for end in 1..bytes.len() {
        let error = read(&bytes[..end]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{end}");
    }
}

#[test]
fn a_flipped_bit_is_an_error_wherever_it_is() {
    let bytes = all_types().encode();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        let error = refused(&damaged);
        let expected = if at < 12 {
            "prelude"
        } else {
            "a message is wrong"
        };
        assert!(error.contains(expected), "{at}: {error}");
    }
}

/// Encodes a message with these headers, whatever they are, and correct checksums.
fn with_headers(headers: &[u8]) -> Vec<u8> {
    let length = |length: usize| u32::try_from(length).unwrap().to_be_bytes();
    let mut bytes = [length(16 + headers.len()), length(headers.len())].concat();
    bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
    bytes.extend(headers);
    bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
    bytes
}

#[test]
fn headers_that_are_not_valid_are_an_error() {
    let cases: [&[u8]; 9] = [
        &[0],
        &[0, 0],
        &[1, b'a'],
        &[2, b'a', 0],
        &[1, b'a', 10],
        &[1, b'a', 4, 0, 0, 0],
        &[1, b'a', 7, 0, 2, b'x'],
        &[1, b'a', 7, 0, 1, 0xff],
        &[1, 0xff, 0],
    ];
    for headers in cases {
        let error = refused(&with_headers(headers));
        assert!(error.contains("the headers"), "{headers:?}: {error}");
    }
    assert_eq!(read(&with_headers(&[1, b'a', 0])).unwrap().len(), 1);
}

/// A prelude with these lengths and a correct checksum.
fn prelude(total: u32, headers: u32) -> Vec<u8> {
    let mut bytes = [total.to_be_bytes(), headers.to_be_bytes()].concat();
    bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
    bytes
}

#[test]
fn lengths_are_checked_before_the_message_arrives() {
    for (total, headers) in [(0, 0), (15, 0), (16, 1), (100, 85), (u32::MAX, u32::MAX)] {
        let error = refused(&prelude(total, headers));
        assert!(error.contains("contradict"), "{total} {headers}: {error}");
    }
    let error = refused(&prelude(24 * 1024 * 1024 + 1, 0));
    assert!(
        error.contains("a message has 25165825 bytes, more than 25165824"),
        "{error}"
    );
    let fits = read(&prelude(24 * 1024 * 1024, 0)).unwrap_err();
    assert_eq!(fits.kind(), io::ErrorKind::UnexpectedEof);
    let error = Messages::new(&*Message::new("x").encode()).limit(16).next();
    assert!(
        error
            .unwrap()
            .unwrap_err()
            .to_string()
            .contains("17 bytes, more than 16")
    );
}

#[test]
fn an_exception_is_an_error_with_its_name_and_ends_the_stream() {
    let exception = Message::exception("throttlingException", r#"{"message":"Slow down"}"#);
    let bytes = [
        Message::event("a", "").encode(),
        exception.encode(),
        Message::event("b", "").encode(),
    ];
    let bytes = bytes.concat();
    let mut messages = Messages::new(&*bytes);

    assert_eq!(messages.next().unwrap().unwrap().event_type(), Some("a"));
    let error = messages.next().unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the service sent `throttlingException`: Slow down"
    );
    let exception = Exception::find_in(&error).unwrap();
    assert_eq!(exception.name(), "throttlingException");
    assert_eq!(exception.message(), "Slow down");
    assert!(messages.next().is_none());
}

#[test]
fn an_error_without_a_model_has_its_code() {
    let text = |text: &str| Value::String(text.to_owned());
    let error = Message::new("")
        .header(":message-type", text("error"))
        .header(":error-code", text("InternalError"))
        .header(":error-message", text("Oops"));
    assert_eq!(
        refused(&error.encode()),
        "the service sent `InternalError`: Oops"
    );
    let plain = Message::exception("x", "no JSON");
    assert_eq!(refused(&plain.encode()), "the service sent `x`: no JSON");
}

#[test]
fn the_payload_is_read_as_json() {
    let message = all_types();
    let document: serde_json::Value = message.json().unwrap();
    assert_eq!(document["text"], "Hi");
    assert_eq!(message.text_header("text"), Some("\u{e9}"));
    assert_eq!(message.text_header("byte"), None);
    assert!(Message::new("x").json::<u8>().is_err());
}
