//! One event of a stream.

use std::{fmt::Write as _, time::Duration};

use serde::de::DeserializeOwned;

use crate::{Error, error::JsonError};

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
    pub(super) event: Option<String>,
    pub(super) id: Option<String>,
    pub(super) retry: Option<Duration>,
    pub(super) data: Option<String>,
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
    /// A name with a line break makes [`Sse::send`](super::Sse::send) fail.
    #[must_use]
    pub fn event(mut self, name: impl Into<String>) -> Self {
        self.event = Some(name.into());
        self
    }

    /// Sets the id. When the browser reconnects, it sends the last id it saw as `last-event-id`.
    ///
    /// An id with a line break or a NUL character makes [`Sse::send`](super::Sse::send) fail.
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

    /// Returns the data, with a line feed between its lines. Empty without any.
    pub fn get_data(&self) -> &str {
        self.data.as_deref().unwrap_or_default()
    }

    /// Returns the type of the event. Without one, a browser takes it as `message`.
    pub fn get_event(&self) -> Option<&str> {
        self.event.as_deref()
    }

    /// Returns the id that this message sets.
    pub fn get_id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Returns the wait before a reconnect that this message sets.
    pub fn get_retry(&self) -> Option<Duration> {
        self.retry
    }

    /// Reads the data as JSON.
    ///
    /// # Errors
    ///
    /// When it is not the JSON of a `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(self.get_data()).map_err(|source| {
            let attempted = "the data of a server-sent event is not the expected JSON";
            JsonError { attempted, source }.into()
        })
    }

    /// Encodes the message in the format of the standard, including the blank line.
    pub(super) fn encode(&self) -> Result<String, Error> {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Message;

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
}
