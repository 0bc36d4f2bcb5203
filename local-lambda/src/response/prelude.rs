//! The head of a streamed response: the JSON in front of the prelude's delimiter.

use bytes::Bytes;
use lambda_protocol::prelude::{Decoded, PreludeDecoder};

use super::fields::Fields;
use super::head::{ResponseDocument, ResponseHead, object};
use super::rules::ResponseRules;

/// Collects bytes until the prelude is complete.
#[derive(Debug)]
pub struct PreludeReader {
    rules: &'static ResponseRules,
    decoder: PreludeDecoder,
}

impl PreludeReader {
    /// Creates a reader with the rules of a service.
    #[must_use]
    pub fn new(rules: &'static ResponseRules) -> Self {
        Self {
            rules,
            decoder: PreludeDecoder::default(),
        }
    }

    /// Adds the next bytes. Returns the head and the start of the body once both are known.
    ///
    /// # Errors
    ///
    /// The delimiter is too far away, or the bytes before it are not a valid prelude.
    pub fn push(&mut self, chunk: &[u8]) -> Result<Option<(ResponseHead, Bytes)>, String> {
        let decoded = self.decoder.push(chunk);
        let Some(Decoded { json, body }) = decoded.map_err(|error| error.to_string())? else {
            return Ok(None);
        };
        let invalid = |error| format!("the prelude is invalid: {error}");
        let object = object(&json).map_err(|error| invalid(error.to_string()))?;
        let fields = Fields::new(&object, self.rules.reading);
        let document = ResponseDocument::read(fields).map_err(invalid)?;
        let mut head = document.head(self.rules)?;
        head.document = Some(json);
        Ok(Some((head, body)))
    }
}

#[cfg(test)]
mod tests {
    use lambda_protocol::prelude::DELIMITER;

    use super::*;
    use crate::FrontEnd;

    const STREAM: &[u8] = b"{\"statusCode\":201,\"headers\":{\"content-type\":\"text/plain\",\
        \"content-length\":\"5\",\"Connection\":\"close\"},\"cookies\":[\"a=1\",\"b=2\"]}\
        \0\0\0\0\0\0\0\0he\0\0\0\0\0\0\0\0llo";
    const BODY: &[u8] = b"he\0\0\0\0\0\0\0\0llo";

    fn reader() -> PreludeReader {
        PreludeReader::new(FrontEnd::Url.response_rules())
    }

    /// Feeds the chunks and returns the head and the whole body.
    fn read(chunks: &[&[u8]]) -> (ResponseHead, Vec<u8>) {
        let mut reader = reader();
        let mut chunks = chunks.iter();
        let found = chunks.find_map(|chunk| reader.push(chunk).unwrap());
        let (head, first) = found.expect("a delimiter");
        let rest = chunks.copied().flatten().copied();
        (head, first.into_iter().chain(rest).collect())
    }

    #[test]
    fn the_prelude_may_be_cut_at_every_byte() {
        let halves = (0..=STREAM.len()).map(|cut| STREAM.split_at(cut));
        let halves = halves.map(|(first, second)| vec![first, second]);
        for chunks in halves.chain([STREAM.chunks(1).collect()]) {
            let case = format!("{} bytes in {} chunks", chunks[0].len(), chunks.len());
            let (head, body) = read(&chunks);
            assert_eq!(head.status, 201, "{case}");
            assert_eq!(head.headers["content-type"], "text/plain", "{case}");
            let length = &head.headers["x-amzn-remapped-content-length"];
            assert_eq!(length, "5", "{case}");
            assert!(!head.headers.contains_key("connection"), "{case}");
            let cookies: Vec<_> = head.headers.get_all("set-cookie").iter().collect();
            assert_eq!(cookies, ["a=1", "b=2"], "{case}");
            assert_eq!(body, BODY, "{case}");
        }
    }

    #[test]
    fn an_empty_prelude_means_200() {
        let (head, body) = read(&[b"{}\0\0\0\0\0\0\0\0"]);

        assert_eq!(head.status, 200);
        assert!(head.headers.is_empty());
        assert!(body.is_empty());
    }

    #[test]
    fn what_is_not_a_prelude_is_refused() {
        for json in [
            "nonsense",
            "[]",
            r#"{"statusCode":99}"#,
            r#"{"statusCode":103}"#,
            r#"{"statusCode":700}"#,
            r#"{"headers":{"a b":"c"}}"#,
            r#"{"headers":{"a":"b\nc"}}"#,
            r#"{"headers":{"a":["b"]}}"#,
            r#"{"cookies":["a\u0000"]}"#,
        ] {
            let bytes = [json.as_bytes(), &DELIMITER].concat();
            assert!(reader().push(&bytes).is_err(), "{json}");
        }
    }
}
