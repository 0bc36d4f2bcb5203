//! Response heads from a handler.

use lambda_protocol::limits::PRELUDE_LIMIT_BYTES;
use lambda_protocol::prelude::{DELIMITER, Prelude};
use serde::Deserialize;

/// The prelude as front ends read it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    status_code: u16,
    cookies: Vec<String>,
}

/// An accepted head becomes one JSON document with the same content, in visible characters only. The input
/// is the status, in two bytes, and `name:value` for each header; a line without a colon is a cookie.
///
/// # Panics
///
/// When the document differs from the head.
pub fn check(bytes: &[u8]) {
    let Some((status, bytes)) = bytes.split_first_chunk() else {
        return;
    };
    let Some(fields) = super::texts(bytes) else {
        return;
    };
    let status = u16::from_le_bytes(*status);
    let (mut headers, mut cookies) = (Vec::new(), Vec::new());
    for field in fields {
        match field.split_once(':') {
            Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
            None => cookies.push(field.to_owned()),
        }
    }
    let Ok(prelude) = Prelude::encode(status, headers, cookies.clone()) else {
        return;
    };
    let [json, delimiter] = prelude.into_chunks();
    assert_eq!(delimiter, DELIMITER.as_slice());
    assert!(json.len() + delimiter.len() <= PRELUDE_LIMIT_BYTES);
    assert!(!json.iter().any(u8::is_ascii_control));
    let document: Document = serde_json::from_slice(&json).expect("JSON of this form");
    assert_eq!(document.status_code, status);
    // Cookies of `set-cookie` headers come first.
    assert!(document.cookies.ends_with(&cookies));
}
