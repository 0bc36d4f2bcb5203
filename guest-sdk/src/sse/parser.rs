//! The parser of the HTML standard. It takes bytes in pieces of any size.

use std::time::Duration;

use super::Message;

/// The mark that may begin a stream.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Longest field name and what separates it from its value, in bytes. A line over the limit by more than this
/// has a value over the limit.
const FIELD_BYTES: usize = 16;

/// An event is larger than the limit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

/// The state between two pieces.
#[derive(Debug)]
pub(super) struct Parser {
    /// Most bytes of the data of an event.
    pub(super) limit: usize,
    /// A line that has not ended.
    line: Vec<u8>,
    /// Whether the last byte was a CR, so that a LF belongs to it.
    after_cr: bool,
    /// Whether no line has ended yet.
    is_first_line: bool,
    /// The event that has not ended.
    message: Message,
    /// The last id of the stream, as a browser would send it.
    pub(super) last_id: String,
    /// The last wait before a reconnect that the stream has set.
    pub(super) retry: Option<Duration>,
}

impl Parser {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            after_cr: false,
            is_first_line: true,
            message: Message::default(),
            last_id: String::new(),
            retry: None,
        }
    }

    /// Reads until the end of the next event. Returns how many bytes were read, and the event if it ended.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<(usize, Option<Message>), TooLarge> {
        let mut read = 0;
        while let Some(rest) = bytes.get(read..).filter(|rest| !rest.is_empty()) {
            if std::mem::take(&mut self.after_cr) && rest.first() == Some(&b'\n') {
                read += 1;
                continue;
            }
            let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let part = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            self.line.extend_from_slice(part);
            self.check(self.line.len(), FIELD_BYTES)?;
            read += part.len();
            if let Some(end) = end {
                self.after_cr = rest.get(end) == Some(&b'\r');
                read += 1;
                if let Some(message) = self.end_line()? {
                    return Ok((read, Some(message)));
                }
            }
        }
        Ok((read, None))
    }

    fn check(&self, bytes: usize, more: usize) -> Result<(), TooLarge> {
        if bytes > self.limit.saturating_add(more) {
            return Err(TooLarge);
        }
        Ok(())
    }

    /// Reads the line that has ended. Returns an event if the line was a blank one that ends it.
    fn end_line(&mut self) -> Result<Option<Message>, TooLarge> {
        let mut line = std::mem::take(&mut self.line);
        let mut text = line.as_slice();
        if std::mem::take(&mut self.is_first_line) {
            text = text.strip_prefix(BOM).unwrap_or(text);
        }
        let ended = if text.is_empty() {
            self.end_event()
        } else {
            self.field(&String::from_utf8_lossy(text))?;
            None
        };
        // The next line uses the buffer again.
        line.clear();
        self.line = line;
        Ok(ended)
    }

    fn end_event(&mut self) -> Option<Message> {
        let message = std::mem::take(&mut self.message);
        // An event without data is not one; its id and its retry have counted.
        message.data.is_some().then_some(message)
    }

    fn field(&mut self, line: &str) -> Result<(), TooLarge> {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "data" => return self.data(value),
            "event" => {
                self.message.event = Some(value.to_owned()).filter(|value| !value.is_empty());
            }
            "id" if !value.contains('\0') => {
                value.clone_into(&mut self.last_id);
                self.message.id = Some(value.to_owned());
            }
            "retry" => {
                let is_number = !value.is_empty() && value.bytes().all(|it| it.is_ascii_digit());
                if let (true, Ok(milliseconds)) = (is_number, value.parse()) {
                    let wait = Duration::from_millis(milliseconds);
                    self.retry = Some(wait);
                    self.message.retry = Some(wait);
                }
            }
            // A comment has an empty name.
            _ => {}
        }
        Ok(())
    }

    fn data(&mut self, value: &str) -> Result<(), TooLarge> {
        match &mut self.message.data {
            Some(data) => {
                data.push('\n');
                data.push_str(value);
            }
            none => *none = Some(value.to_owned()),
        }
        let bytes = self.message.data.as_ref().map_or(0, String::len);
        self.check(bytes, 0)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Message, Parser, TooLarge};

    fn parsed(stream: &[u8], split: &[usize]) -> Vec<Message> {
        let mut parser = Parser::new(1024);
        let mut messages = Vec::new();
        let mut from = 0;
        for to in split.iter().copied().chain([stream.len()]) {
            let mut piece = &stream[from..to];
            while !piece.is_empty() {
                let (read, message) = parser.read(piece).unwrap();
                piece = &piece[read..];
                messages.extend(message);
            }
            from = to;
        }
        messages
    }

    fn data(text: &str) -> Message {
        Message::data(text)
    }

    #[test]
    fn streams_are_read_as_the_standard_says_however_they_are_split() {
        let cases: Vec<(&[u8], Vec<Message>)> = vec![
            (b"", vec![]),
            (b"data: a\n\n", vec![data("a")]),
            (b"data: a\r\n\r\n", vec![data("a")]),
            (b"data: a\r\rdata: b\r\r", vec![data("a"), data("b")]),
            (b"data: a\r\n\ndata: b\n\r\n", vec![data("a"), data("b")]),
            (b"data: a\n\rdata: b\n\n", vec![data("a"), data("b")]),
            (b"\xef\xbb\xbfdata: a\n\n", vec![data("a")]),
            (b"\xef\xbb\xbf\ndata: a\n\n", vec![data("a")]),
            // Only the first mark is one.
            (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n", vec![]),
            (b"\n\xef\xbb\xbfdata: a\n\n", vec![]),
            (b": hello\n\n:\n\ndata:a\n:x\n\n", vec![data("a")]),
            // A comment does not end an event.
            (b"data: a\n: x\ndata: b\n\n", vec![data("a\nb")]),
            // The example of the standard.
            (
                b"data: YHOO\ndata: +2\ndata: 10\n\n",
                vec![data("YHOO\n+2\n10")],
            ),
            (b"data\n\ndata\ndata\n\ndata:", vec![data(""), data("\n")]),
            (
                b"data:test\n\ndata: test\n\ndata:  t\n\n",
                vec![data("test"), data("test"), data(" t")],
            ),
            (b"data: a:b\n\n", vec![data("a:b")]),
            // What has not ended with a blank line is not an event.
            (b"data: a", vec![]),
            (b"data: a\n", vec![]),
            (b"data: a\n\ndata: b\n", vec![data("a")]),
            (b"event: e\n\ndata: a\n\n", vec![data("a")]),
            (
                b"event: e\nevent: f\ndata: a\n\n",
                vec![data("a").event("f")],
            ),
            (b"event: e\nevent\ndata: a\n\n", vec![data("a")]),
            (
                b"event: e\ndata: a\n\ndata: b\n\n",
                vec![data("a").event("e"), data("b")],
            ),
            (
                b"id: 1\ndata: a\n\ndata: b\n\n",
                vec![data("a").id("1"), data("b")],
            ),
            (b"id\ndata: a\n\n", vec![data("a").id("")]),
            (b"id: 1\0\ndata: a\n\n", vec![data("a")]),
            (
                b"retry: 15\ndata: a\n\n",
                vec![data("a").retry(Duration::from_millis(15))],
            ),
            (
                b"retry: +5\nretry: 1s\nretry:\nretry: 99999999999999999999\ndata: a\n\n",
                vec![data("a")],
            ),
            (b"Data: a\n data: b\nfoo: c\ndata : d\n\n", vec![]),
            (b"data: \xff\xe2\x82\n\n", vec![data("\u{fffd}\u{fffd}")]),
            (
                "data: \u{e9}\u{1f600}\u{2028}\u{85}\n\n".as_bytes(),
                vec![data("\u{e9}\u{1f600}\u{2028}\u{85}")],
            ),
        ];
        for (stream, expected) in cases {
            let shown = String::from_utf8_lossy(stream).into_owned();
            assert_eq!(parsed(stream, &[]), expected, "{shown:?}");
            for first in 0..=stream.len() {
                for second in first..=stream.len() {
                    let split = [first, second];
                    assert_eq!(parsed(stream, &split), expected, "{shown:?} at {split:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_parsed_can_be_sent_and_parsed_again() {
        let stream = b"event: \0e\nid: 7\nretry: 3\ndata: a\ndata\ndata:  b\n\ndata\n\n";
        let messages = parsed(stream, &[]);

        let sent: String = messages.iter().map(|it| it.encode().unwrap()).collect();

        assert_eq!(messages.len(), 2);
        assert_eq!(parsed(sent.as_bytes(), &[]), messages);
    }

    #[test]
    fn the_id_and_the_wait_outlive_their_event() {
        let mut parser = Parser::new(100);

        parser.read(b"id: 7\nretry: 5\n\n").unwrap();
        parser.read(b"data: a\n\n").unwrap();

        assert_eq!(parser.last_id, "7");
        assert_eq!(parser.retry, Some(Duration::from_millis(5)));
    }

    #[test]
    fn an_event_over_the_limit_is_refused() {
        let read = |stream: &[u8]| Parser::new(100).read(stream).map(|(_, message)| message);
        let fits = format!("data: {}\n\n", "x".repeat(100));
        let is_too_large = format!("data: {}\n\n", "x".repeat(101));
        let of_lines = format!("data: {}\ndata: {}\n\n", "x".repeat(50), "y".repeat(50));
        let without_end = "x".repeat(117);
        let comments = format!(": {}\n", "x".repeat(90)).repeat(100);

        assert!(read(fits.as_bytes()).unwrap().is_some());
        assert_eq!(read(comments.as_bytes()), Ok(None));
        for stream in [is_too_large, of_lines, without_end] {
            assert_eq!(read(stream.as_bytes()), Err(TooLarge), "{stream}");
        }
    }
}
