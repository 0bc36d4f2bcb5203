//! Names and values of a form: `application/x-www-form-urlencoded`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};

use super::body::Piece;

/// What the URL standard encodes in forms. A space becomes `+`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'*')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_');

/// Returns the names and values of `text` that `is_wanted` takes, decoded.
pub(super) fn pieces(text: &[u8], is_wanted: impl Fn(&[u8]) -> bool) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for pair in text.split(|byte| *byte == b'&') {
        let name_end = pair.iter().position(|byte| *byte == b'=');
        let parts = [
            (0..name_end.unwrap_or(pair.len()), true),
            (
                name_end.map_or(pair.len(), |end| end + 1)..pair.len(),
                false,
            ),
        ];
        for (range, is_name) in parts {
            let decoded = decode(pair.get(range.clone()).unwrap_or_default());
            if let Some(text) = decoded.filter(|text| is_wanted(text.as_bytes())) {
                let range = start + range.start..start + range.end;
                pieces.push(Piece {
                    range,
                    is_name,
                    text,
                });
            }
        }
        start += pair.len() + 1;
    }
    pieces
}

/// Returns `text` as a value in a form.
pub(super) fn encode(text: &str) -> Vec<u8> {
    let encoded = percent_encode(text.as_bytes(), ENCODED).to_string();
    encoded.replace("%20", "+").into_bytes()
}

fn decode(text: &[u8]) -> Option<String> {
    let plus = |byte: &u8| if *byte == b'+' { b' ' } else { *byte };
    let spaced: Vec<u8> = text.iter().map(plus).collect();
    let decoded = percent_decode(&spaced).decode_utf8().ok()?;
    Some(decoded.into_owned())
}
