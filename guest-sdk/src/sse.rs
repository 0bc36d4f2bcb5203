//! Server-sent events: a stream a browser reads with `EventSource`.
//!
//! The format is that of the [HTML standard](https://html.spec.whatwg.org/#server-sent-events).

use std::{fmt::Write as _, time::Duration};

use crate::{Body, Error, Head, HeadRefused, Response};

/// One event of a stream.
///
/// ```
/// use std::time::Duration;
///
/// use bootstream::sse;
///
/// let event = sse::Event::data("first line\nsecond line")
///     .event("greeting")
///     .id("1")
///     .retry(Duration::from_secs(3));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    event: Option<String>,
    id: Option<String>,
    retry: Option<Duration>,
    data: Option<String>,
}

impl Event {
    /// Creates an event with data. Data may have several lines; the receiver sees each line break
    /// as a line feed.
    pub fn data(data: impl Into<String>) -> Self {
        Self {
            data: Some(data.into()),
            ..Self::default()
        }
    }

    /// Creates an event that only tells the browser how long to wait before it connects again.
    ///
    /// Without data nothing is delivered to the page.
    pub fn only_retry(wait: Duration) -> Self {
        Self::default().retry(wait)
    }

    /// Names the event: what a page listens for with `addEventListener`. Unnamed ones are
    /// `message`.
    ///
    /// A name with a line break makes [`Sse::send`] fail.
    #[must_use]
    pub fn event(mut self, name: impl Into<String>) -> Self {
        self.event = Some(name.into());
        self
    }

    /// Gives the event an id. The browser sends the last one it saw as `last-event-id` when it
    /// connects again.
    ///
    /// An id with a line break or a NUL character makes [`Sse::send`] fail.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Tells the browser how long to wait before it connects again, to the millisecond.
    #[must_use]
    pub fn retry(mut self, wait: Duration) -> Self {
        self.retry = Some(wait);
        self
    }

    /// Writes the event in the format of the standard, blank line included.
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
            // A browser drops an id with NUL without a word.
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

/// Checks a text that would become further fields, or further events, if it had several lines.
fn one_line<'a>(what: &str, value: &'a str, forbidden: &[char]) -> Result<&'a str, Error> {
    if value.contains(forbidden) {
        let shown = value.escape_debug();
        return Err(Error::msg(format!(
            "the {what} `{shown}` has a line break or a NUL in it"
        )));
    }
    Ok(value)
}

/// Splits at CR LF, LF and CR: all three end a line for a browser.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n')
        .flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

/// A stream of server-sent events. Each event leaves in one write.
///
/// ```
/// use bootstream::{Error, Response, sse::{self, Sse}};
///
/// fn handle(_: bootstream::Event, response: Response) -> Result<(), Error> {
///     let mut events = Sse::start(response)?;
///     for i in 1..=3 {
///         events.send(&sse::Event::data(format!("{i}")).event("count"))?;
///     }
///     events.finish()
/// }
/// ```
#[derive(Debug)]
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
    /// As for [`Response::write_headers`].
    pub fn start(response: Response) -> Result<Self, HeadRefused> {
        Self::start_with(response, head())
    }

    /// Starts a response with another head, say that of [`head()`] with more in it:
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
    /// # events.finish()
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
        Self { body }
    }

    /// Sends an event.
    ///
    /// # Errors
    ///
    /// When the name or the id of the event has a line break in it, or the id a NUL character,
    /// before anything was sent; or as for [`Body::write`].
    pub fn send(&mut self, event: &Event) -> Result<(), Error> {
        self.body.write(event.encode()?)
    }

    /// Sends a comment, which no page sees: it keeps a quiet connection from being closed as idle.
    ///
    /// # Errors
    ///
    /// As for [`Body::write`].
    pub fn keep_alive(&mut self) -> Result<(), Error> {
        self.body.write(": keep-alive\n\n")
    }

    /// Ends the response. A browser connects again unless the page closes its `EventSource`.
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
    use std::time::Duration;

    use super::{Event, Sse};
    use crate::testing;

    fn sent(event: &Event) -> String {
        event.encode().unwrap()
    }

    #[test]
    fn an_event_has_its_fields_and_ends_with_a_blank_line() {
        let event = Event::data("hello")
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
            assert_eq!(sent(&Event::data(data)), expected, "{data:?}");
        }
    }

    #[test]
    fn an_event_without_data_has_no_data_line() {
        assert_eq!(
            sent(&Event::only_retry(Duration::from_millis(1500))),
            "retry: 1500\n\n"
        );
    }

    #[test]
    fn a_name_or_an_id_cannot_smuggle_in_fields() {
        let cases = [
            Event::data("x").event("a\ndata: y"),
            Event::data("x").event("a\r"),
            Event::data("x").id("1\n\ndata: y"),
            Event::data("x").id("1\0"),
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
        events.send(&Event::data("1")).unwrap();

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
        events.send(&Event::data("1")).unwrap();
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
