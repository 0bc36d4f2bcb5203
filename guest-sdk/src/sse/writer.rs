//! Sending events to a browser.

use super::Message;
use crate::{Body, Error, Head, Response, StartError, StreamError};

/// A stream of server-sent events. Each message is one write.
///
/// ```
/// use bootstream::{Error, Response, sse::{self, Sse}};
///
/// #[bootstream::handler]
/// fn handle(_: bootstream::Event, response: Response) -> Result<(), Error> {
///     let mut events = Sse::start(response)?;
///     for i in 1..=3 {
///         events.send(&sse::Message::data(format!("{i}")).event("count"))?;
///     }
///     events.finish()?;
///     Ok(())
/// }
/// ```
#[derive(Debug)]
#[must_use = "finish the stream, or the host ends it when the handler returns"]
pub struct Sse {
    body: Body,
}

/// Returns the head of a stream of events: status 200, `content-type: text/event-stream`, and the
/// headers that keep caches and proxies from holding events back.
pub fn head() -> Head {
    Head::new(200)
        .header("content-type", "text/event-stream")
        .header("cache-control", "no-cache")
        .header("x-accel-buffering", "no")
}

impl Sse {
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
    /// use bootstream::sse::{self, Sse};
    ///
    /// # fn handle(_: bootstream::Event, response: bootstream::Response)
    /// # -> Result<(), bootstream::Error> {
    /// let head = sse::head()
    ///     .set_header("cache-control", "no-store")
    ///     .cookie("session=1; HttpOnly");
    /// let events = Sse::start_with(response, head)?;
    /// # events.finish()?;
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
        Self { body }
    }

    /// Sends a message.
    ///
    /// # Errors
    ///
    /// When the type or the id has a line break, or the id a NUL character; nothing is sent then.
    /// Otherwise as for [`Body::write`].
    pub fn send(&mut self, message: &Message) -> Result<(), Error> {
        Ok(self.body.write(message.encode()?)?)
    }

    /// Sends a comment, which keeps an idle connection open. Pages do not see it.
    ///
    /// # Errors
    ///
    /// As for [`Body::write`].
    pub fn keep_alive(&mut self) -> Result<(), StreamError> {
        self.body.write(": keep-alive\n\n")
    }

    /// Ends the response. A browser reconnects unless the page closes its `EventSource`.
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
    use super::{Message, Sse};
    use crate::testing;

    #[test]
    fn a_stream_may_have_a_head_of_its_own() {
        let (response, recording) = testing::response();

        let head = super::head().set_header("Cache-Control", "no-store");
        let mut events = Sse::start_with(response, head.header("x-own", "1")).unwrap();
        events.send(&Message::data("1")).unwrap();

        let mut names: Vec<_> = recording
            .headers()
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        names.sort();
        let expected = [
            "Cache-Control",
            "content-type",
            "x-accel-buffering",
            "x-own",
        ];
        assert_eq!(names, expected);
        assert_eq!(
            recording.header("cache-control").as_deref(),
            Some("no-store")
        );
        assert_eq!(recording.chunks(), [b"data: 1\n\n"]);
    }

    #[test]
    fn a_stream_has_its_head_and_one_write_for_each_event() {
        let (response, recording) = testing::response();

        let mut events = Sse::start(response).unwrap();
        events.send(&Message::data("1")).unwrap();
        events.keep_alive().unwrap();
        events.finish().unwrap();

        assert_eq!(
            recording.header("content-type").as_deref(),
            Some("text/event-stream")
        );
        assert_eq!(
            recording.header("cache-control").as_deref(),
            Some("no-cache")
        );
        assert_eq!(
            recording.chunks(),
            [&b"data: 1\n\n"[..], b": keep-alive\n\n"]
        );
        assert!(recording.finished());
    }
}
