//! Newline-delimited JSON: a stream of JSON values, one in each line.

use serde::Serialize;

use crate::{Body, Error, Head, Response, StartError, StreamError, error::JsonError};

/// A stream of JSON values. Each value is one line and one write.
///
/// ```
/// use bootstream::{Error, Event, Response, ndjson::Lines};
/// use serde_json::json;
///
/// #[bootstream::handler]
/// fn handle(_: Event, response: Response) -> Result<(), Error> {
///     let mut lines = Lines::start(response)?;
///     for id in 1..=3 {
///         lines.send(&json!({ "id": id }))?;
///     }
///     lines.finish()?;
///     Ok(())
/// }
/// ```
#[derive(Debug)]
#[must_use = "finish the stream, or the host ends it when the handler returns"]
pub struct Lines {
    body: Body,
    /// Reused for every line.
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
    /// As for [`Response::start`].
    pub fn start(response: Response) -> Result<Self, StartError> {
        Self::start_with(response, head())
    }

    /// Starts a response with a head of its own, such as a changed [`head()`]:
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
    /// # lines.finish()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Response::start`].
    pub fn start_with(response: Response, head: Head) -> Result<Self, StartError> {
        Ok(Self::from_body(response.start(head)?))
    }

    /// Continues a response that has started.
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
    /// When the value cannot be encoded as JSON; nothing is sent then. Otherwise as for
    /// [`Body::write`].
    pub fn send<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, value).map_err(|source| JsonError {
            attempted: "failed to encode a line as JSON",
            source,
        })?;
        self.line.push(b'\n');
        Ok(self.body.write(&self.line)?)
    }

    /// Ends the response.
    ///
    /// # Errors
    ///
    /// As for [`Body::finish`].
    pub fn finish(self) -> Result<(), StreamError> {
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
