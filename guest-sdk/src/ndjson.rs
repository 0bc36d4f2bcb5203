//! Newline-delimited JSON: a stream of JSON values, one in each line.

use serde::Serialize;

use crate::{Body, Error, Head, HeadRefused, Response};

/// A stream of JSON values. Each value is a line of its own and leaves in one write.
///
/// ```
/// use bootstream::{Error, Event, Response, ndjson::Lines};
/// use serde_json::json;
///
/// fn handle(_: Event, response: Response) -> Result<(), Error> {
///     let mut lines = Lines::start(response)?;
///     for id in 1..=3 {
///         lines.send(&json!({ "id": id }))?;
///     }
///     lines.finish()
/// }
/// ```
#[derive(Debug)]
pub struct Lines {
    body: Body,
    /// Kept from line to line, so that a long stream does not allocate for each.
    line: Vec<u8>,
}

/// Returns the head of a stream of lines: status 200 and `content-type: application/x-ndjson`.
pub fn head() -> Head {
    Head::new(200).header("content-type", "application/x-ndjson")
}

impl Lines {
    /// Starts a response with the head of [`head()`].
    ///
    /// # Errors
    ///
    /// As for [`Response::write_headers`].
    pub fn start(response: Response) -> Result<Self, HeadRefused> {
        Self::start_with(response, head())
    }

    /// Starts a response with another head, say that of [`head()`] with more in it:
    ///
    /// ```
    /// use bootstream::ndjson::{self, Lines};
    ///
    /// # fn handle(_: bootstream::Event, response: bootstream::Response)
    /// # -> Result<(), bootstream::Error> {
    /// let head = ndjson::head()
    ///     .set_header("cache-control", "no-store")
    ///     .cookie("session=1; HttpOnly");
    /// let lines = Lines::start_with(response, head)?;
    /// # lines.finish()
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Response::write_headers`].
    pub fn start_with(response: Response, head: Head) -> Result<Self, HeadRefused> {
        Ok(Self::from_body(response.write_headers(head)?))
    }

    /// Continues a response whose head was written already.
    pub fn from_body(body: Body) -> Self {
        Self {
            body,
            line: Vec::new(),
        }
    }

    /// Sends a value as one line.
    ///
    /// # Errors
    ///
    /// When the value cannot be written as JSON, before anything of it was sent; or as for
    /// [`Body::write`].
    pub fn send<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, value)
            .map_err(|error| Error::from(error).context("failed to encode a line as JSON"))?;
        self.line.push(b'\n');
        self.body.write(&self.line)
    }

    /// Ends the response.
    ///
    /// # Errors
    ///
    /// As for [`Body::finish`].
    pub fn finish(self) -> Result<(), Error> {
        self.body.finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;

    use super::Lines;
    use crate::testing;

    #[test]
    fn a_value_is_one_line_in_one_write() {
        let (response, recording) = testing::response();

        let mut lines = Lines::start(response).unwrap();
        lines.send(&json!({"text": "two\nlines"})).unwrap();
        lines.send("plain").unwrap();
        lines.finish().unwrap();

        assert_eq!(
            recording.header("content-type").as_deref(),
            Some("application/x-ndjson")
        );
        assert_eq!(
            recording.chunks(),
            [&b"{\"text\":\"two\\nlines\"}\n"[..], b"\"plain\"\n"]
        );
        assert!(recording.finished());
    }

    #[test]
    fn a_value_that_is_no_json_sends_nothing() {
        let (response, recording) = testing::response();

        let mut lines = Lines::start(response).unwrap();
        let error = lines.send(&HashMap::from([((1, 2), 3)])).unwrap_err();

        assert_eq!(
            error.to_string(),
            "failed to encode a line as JSON: key must be a string"
        );
        assert!(recording.chunks().is_empty());
    }
}
