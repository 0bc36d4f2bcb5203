//! Percent-encoding.

const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

/// Decodes all of `text`. Returns `None` if a `%` is not followed by two hexadecimal digits.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(if byte == b'%' {
            let (high, low) = (digit(bytes.next()?)?, digit(bytes.next()?)?);
            16 * high + low
        } else {
            byte
        });
    }
    Some(decoded)
}

fn digit(byte: u8) -> Option<u8> {
    let value = char::from(byte).to_digit(16)?;
    u8::try_from(value).ok()
}

/// Returns `bytes` with all but unreserved characters encoded.
pub(crate) fn encoded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    encode(bytes, &mut text);
    text
}

/// Appends `bytes`, with all but unreserved characters encoded.
pub(crate) fn encode(bytes: &[u8], out: &mut String) {
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let digit = |at: u8| char::from(*DIGITS.get(usize::from(at)).expect("four bits"));
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_escapes_are_decoded() {
        assert_eq!(decode("a%2f%C3%a9+").unwrap(), b"a/\xc3\xa9+");
        for text in ["%", "%2", "a%zz", "%2%20", "%+1"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    #[test]
    fn all_but_unreserved_characters_are_encoded() {
        let all: Vec<u8> = (0..=255).collect();
        let text = encoded(&all);
        assert_eq!(decode(&text).unwrap(), all);
        let plain: String = text
            .split('%')
            .map(|part| part.get(2..).unwrap_or(""))
            .collect();
        assert_eq!(
            plain,
            "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~"
        );
    }
}
