//! The encoding of a message: a prelude with two lengths, headers, a payload, and checksums.

use std::fmt;

use super::{Message, Value};

/// The lengths and their checksum.
const PRELUDE_BYTES: usize = 12;

/// The checksum of the whole message.
const CHECKSUM_BYTES: usize = 4;

/// The least that a message has.
const LEAST_BYTES: usize = PRELUDE_BYTES + CHECKSUM_BYTES;

/// Why bytes are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Invalid {
    PreludeChecksum,
    Checksum,
    Lengths,
    Headers,
    TooLarge { bytes: u32, limit: usize },
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PreludeChecksum => f.write_str("the checksum of a message's prelude is wrong"),
            Self::Checksum => f.write_str("the checksum of a message is wrong"),
            Self::Lengths => f.write_str("the lengths of a message contradict each other"),
            Self::Headers => f.write_str("the headers of a message are not valid"),
            Self::TooLarge { bytes, limit } => write!(
                f,
                "a message has {bytes} bytes, more than {limit}: raise `limit`"
            ),
        }
    }
}

/// Decodes the message at the beginning of `bytes`. Returns it with its length, or `None` if it has not
/// arrived as a whole.
///
/// A prelude is checked as soon as it is there, so that a wrong one is not waited for.
pub(super) fn decode(bytes: &[u8], limit: usize) -> Result<Option<(Message, usize)>, Invalid> {
    let Some(prelude) = bytes.first_chunk::<PRELUDE_BYTES>() else {
        return Ok(None);
    };
    let [total, headers, checksum] = words(prelude);
    let lengths = prelude.get(..8).unwrap_or_default();
    if crc32fast::hash(lengths) != checksum {
        return Err(Invalid::PreludeChecksum);
    }
    let too_large = Invalid::TooLarge {
        bytes: total,
        limit,
    };
    let length = usize::try_from(total).map_err(|_| too_large)?;
    let headers = usize::try_from(headers).map_err(|_| Invalid::Lengths)?;
    if length
        .checked_sub(LEAST_BYTES)
        .is_none_or(|most| headers > most)
    {
        return Err(Invalid::Lengths);
    }
    if length > limit {
        return Err(too_large);
    }
    let Some(message) = bytes.get(..length) else {
        return Ok(None);
    };
    let (checked, checksum) = message.split_last_chunk::<4>().ok_or(Invalid::Lengths)?;
    if crc32fast::hash(checked) != u32::from_be_bytes(*checksum) {
        return Err(Invalid::Checksum);
    }
    let content = checked.get(PRELUDE_BYTES..).ok_or(Invalid::Lengths)?;
    let (headers, payload) = content.split_at_checked(headers).ok_or(Invalid::Lengths)?;
    let message = Message {
        headers: decode_headers(headers).ok_or(Invalid::Headers)?,
        payload: payload.to_vec(),
    };
    Ok(Some((message, length)))
}

fn words(prelude: &[u8; PRELUDE_BYTES]) -> [u32; 3] {
    let &[a, b, c, d, e, f, g, h, i, j, k, l] = prelude;
    [[a, b, c, d], [e, f, g, h], [i, j, k, l]].map(u32::from_be_bytes)
}

fn decode_headers(bytes: &[u8]) -> Option<Vec<(String, Value)>> {
    let mut rest = Rest(bytes);
    let mut headers = Vec::new();
    while !rest.0.is_empty() {
        let [length] = rest.array()?;
        let name = rest.take(length.into()).filter(|name| !name.is_empty())?;
        let name = str::from_utf8(name).ok()?.to_owned();
        headers.push((name, rest.value()?));
    }
    Some(headers)
}

/// What is left to decode.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn sized(&mut self) -> Option<&'a [u8]> {
        let length = u16::from_be_bytes(self.array()?);
        self.take(length.into())
    }

    fn value(&mut self) -> Option<Value> {
        let [kind] = self.array()?;
        Some(match kind {
            0 => Value::Bool(true),
            1 => Value::Bool(false),
            2 => Value::Byte(i8::from_be_bytes(self.array()?)),
            3 => Value::Short(i16::from_be_bytes(self.array()?)),
            4 => Value::Integer(i32::from_be_bytes(self.array()?)),
            5 => Value::Long(i64::from_be_bytes(self.array()?)),
            6 => Value::Bytes(self.sized()?.to_vec()),
            7 => Value::String(str::from_utf8(self.sized()?).ok()?.to_owned()),
            8 => Value::Timestamp(i64::from_be_bytes(self.array()?)),
            9 => Value::Uuid(self.array()?),
            _ => return None,
        })
    }
}

/// Encodes a message. Panics at lengths that the format cannot express.
pub(super) fn encode(message: &Message) -> Vec<u8> {
    let mut headers = Vec::new();
    for (name, value) in &message.headers {
        let length = u8::try_from(name.len()).ok().filter(|length| *length > 0);
        headers.push(length.expect("the name of a header has 1 to 255 bytes"));
        headers.extend_from_slice(name.as_bytes());
        encode_value(&mut headers, value);
    }
    let word = |length: usize| {
        let length = u32::try_from(length).expect("a message has less than 4 GiB");
        length.to_be_bytes()
    };
    let total = LEAST_BYTES + headers.len() + message.payload.len();
    let mut bytes = [word(total), word(headers.len())].concat();
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    bytes.extend_from_slice(&headers);
    bytes.extend_from_slice(&message.payload);
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    bytes
}

fn encode_value(bytes: &mut Vec<u8>, value: &Value) {
    let mut push = |kind: u8, content: &[u8]| {
        bytes.push(kind);
        bytes.extend_from_slice(content);
    };
    match value {
        Value::Bool(true) => push(0, &[]),
        Value::Bool(false) => push(1, &[]),
        Value::Byte(number) => push(2, &number.to_be_bytes()),
        Value::Short(number) => push(3, &number.to_be_bytes()),
        Value::Integer(number) => push(4, &number.to_be_bytes()),
        Value::Long(number) => push(5, &number.to_be_bytes()),
        Value::Bytes(content) => push(6, &sized(content)),
        Value::String(text) => push(7, &sized(text.as_bytes())),
        Value::Timestamp(milliseconds) => push(8, &milliseconds.to_be_bytes()),
        Value::Uuid(uuid) => push(9, uuid),
    }
}

fn sized(content: &[u8]) -> Vec<u8> {
    let length =
        u16::try_from(content.len()).expect("the value of a header has at most 65,535 bytes");
    [&length.to_be_bytes(), content].concat()
}
