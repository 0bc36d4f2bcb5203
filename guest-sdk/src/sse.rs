//! Server-sent events: a stream a browser reads with `EventSource`.
//!
//! The format is that of the [HTML standard](https://html.spec.whatwg.org/#server-sent-events).

use std::{fmt::Write as _, time::Duration};

use crate::{Body, Error, Head, Response, StartError, StreamError};

/// One event of a stream, which becomes a `MessageEvent` in the browser.
///
/// ```
/// use std::time::Duration;
///
/// use bootstream::sse;
///
/// let message = sse::Message::data("first line\nsecond line")
///     .event("greeting")
///     .id("1")
///     .retry(Duration::from_secs(3));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    event: Option<String>,
    id: Option<String>,
    retry: Option<Duration>,
    data: Option<String>,
}

impl Message {
    /// Creates a message with data. Data may have several lines; the receiver sees each line break
    /// as a line feed.
    pub fn data(data: impl Into<String>) -> Self {
        Self {
            data: Some(data.into()),
            ..Self::default()
        }
    }

    /// Creates a message that only sets how long the browser waits before it reconnects.
    ///
    /// The page does not see a message without data.
    pub fn only_retry(wait: Duration) -> Self {
        Self::default().retry(wait)
    }

    /// Sets the type of the event, which a page listens for with `addEventListener`. The default is
    /// `message`.
    ///
    /// A name with a line break makes [`Sse::send`] fail.
    #[must_use]
    pub fn event(mut self, name: impl Into<String>) -> Self {
        self.event = Some(name.into());
        self
    }

    /// Sets the id. When the browser reconnects, it sends the last id it saw as `last-event-id`.
    ///
    /// An id with a line break or a NUL character makes [`Sse::send`] fail.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets how long the browser waits before it reconnects, to the millisecond.
    #[must_use]
    pub fn retry(mut self, wait: Duration) -> Self {
        self.retry = Some(wait);
        self
    }

    /// Encodes the message in the format of the standard, including the blank line.
    fn encode(&self) -> Result<String, Error> {
        let mut text = String::new();
        if let Some(event) = &self.event {
            push_field(
                &mut text,
                "event",
                one_line("event name", event, &LINE_BREAKS)?,
            );
        }
        if let Some(id) = &self.id {
            // A browser ignores an id with a NUL character.
            push_field(
                &mut text,
                "id",
                one_line("event id", id, &['\r', '\n', '\0'])?,
            );
        }
        if let Some(wait) = self.retry {
            push_field(&mut text, "retry", &wait.as_millis().to_string());
        }
        if let Some(data) = &self.data {
            lines(data).for_each(|line| push_field(&mut text, "data", line));
        }
        text.push('\n');
        Ok(text)
    }
}

/// The characters that end a line for a browser.
const LINE_BREAKS: [char; 2] = ['\r', '\n'];

fn push_field(text: &mut String, name: &str, value: &str) {
    writeln!(text, "{name}: {value}").expect("a string takes any text");
}

/// Rejects text that would add fields or events.
fn one_line<'a>(what: &str, value: &'a str, forbidden: &[char]) -> Result<&'a str, Error> {
    if value.contains(forbidden) {
        let shown = value.escape_debug();
        return Err(format!("the {what} `{shown}` has a line break or a NUL in it").into());
    }
    Ok(value)
}

/// Splits at CR LF, LF and CR: all three end a line for a browser.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n')
        .flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

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
    use std::time::Duration;

    use super::{Message, Sse};
    use crate::testing;

    fn sent(message: &Message) -> String {
        message.encode().unwrap()
    }

    #[test]
    fn an_event_has_its_fields_and_ends_with_a_blank_line() {
        let event = Message::data("hello")
            .event("greeting")
            .id("7")
            .retry(Duration::from_secs(2));

        assert_eq!(
            sent(&event),
            "event: greeting\nid: 7\nretry: 2000\ndata: hello\n\n"
        );
    }

    #[test]
    fn data_is_split_at_every_kind_of_line_break() {
        let cases = [
            ("a\nb", "data: a\ndata: b\n\n"),
            ("a\r\nb", "data: a\ndata: b\n\n"),
            ("a\rb", "data: a\ndata: b\n\n"),
            ("a\n\rb\n", "data: a\ndata: \ndata: b\ndata: \n\n"),
            ("", "data: \n\n"),
            (" a", "data:  a\n\n"),
            ("x\n\ndata: y", "data: x\ndata: \ndata: data: y\n\n"),
        ];
        for (data, expected) in cases {
            assert_eq!(sent(&Message::data(data)), expected, "{data:?}");
        }
    }

    #[test]
    fn an_event_without_data_has_no_data_line() {
        assert_eq!(
            sent(&Message::only_retry(Duration::from_millis(1500))),
            "retry: 1500\n\n"
        );
    }

    #[test]
    fn a_name_or_an_id_cannot_smuggle_in_fields() {
        let cases = [
            Message::data("x").event("a\ndata: y"),
            Message::data("x").event("a\r"),
            Message::data("x").id("1\n\ndata: y"),
            Message::data("x").id("1\0"),
        ];
        for event in cases {
            let error = event.encode().unwrap_err().to_string();
            assert!(
                error.ends_with("has a line break or a NUL in it"),
                "{error}"
            );
        }
    }

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
