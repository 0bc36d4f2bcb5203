//! The body of a request before it is sent.

use std::io::Read;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};

use super::transport::Content;

pub(super) enum RequestBody {
    None,
    Bytes {
        bytes: Vec<u8>,
        content_type: Option<&'static str>,
    },
    Reader(Box<dyn Read>),
}

impl RequestBody {
    /// Returns what is sent, and adds its headers.
    pub(super) fn open(self, headers: &mut HeaderMap, method: &Method) -> Option<Content> {
        let (bytes, content_type) = match self {
            Self::Reader(reader) => return Some(Content::Reader(reader)),
            // Some servers require a length from these methods.
            Self::None if matches!(*method, Method::POST | Method::PUT | Method::PATCH) => {
                (Vec::new(), None)
            }
            Self::None => return None,
            Self::Bytes {
                bytes,
                content_type,
            } => (bytes, content_type),
        };
        if let Some(content_type) = content_type {
            let value = HeaderValue::from_static(content_type);
            headers.entry(CONTENT_TYPE).or_insert(value);
        }
        headers.insert(CONTENT_LENGTH, bytes.len().into());
        Some(Content::Bytes(bytes))
    }
}
