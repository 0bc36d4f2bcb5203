//! The script of the Runtime API: the events it delivers, and how it treats each post.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// Default time of an invocation.
const DEADLINE: Duration = Duration::from_secs(120);

const DEADLINE_MS: &str = "Lambda-Runtime-Deadline-Ms";

/// One answer to a poll.
#[derive(Clone)]
pub struct Event {
    pub status: &'static str,
    /// Header lines without line ends, as bytes: not everything Lambda sends is text.
    pub headers: Vec<Vec<u8>>,
    /// Time left for the invocation when the event is delivered.
    time: Option<Duration>,
    pub body: Vec<u8>,
    /// Largest chunk of the body, in bytes, if the body is chunked.
    pub chunk_bytes: Option<usize>,
    /// Number of bytes at the end of the answer that are never sent.
    pub missing_bytes: usize,
    pub fate: Fate,
}

/// What happens to the connection after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Kept for the next request.
    Keep,
    /// Closed after the answer.
    CloseAfter,
    /// Closed without an answer.
    Close,
    /// Reset without an answer.
    Reset,
    /// Reset when the next request comes, which is not read. For polls.
    ResetWhenReused,
}

impl Event {
    /// An event with this body and only the headers that Lambda always sends.
    pub fn new(id: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: "200 OK",
            headers: Vec::new(),
            time: None,
            body: body.into(),
            chunk_bytes: None,
            missing_bytes: 0,
            fate: Fate::Keep,
        }
        .header("Lambda-Runtime-Aws-Request-Id", id)
        .deadline_in(DEADLINE)
    }

    /// A script for the scripted guest.
    pub fn script(id: &str, steps: &Value) -> Self {
        Self::new(id, json!({ "steps": steps }).to_string())
    }

    /// A poll without an event.
    pub fn none(status: &'static str, fate: Fate) -> Self {
        Self {
            status,
            headers: Vec::new(),
            time: None,
            body: Vec::new(),
            chunk_bytes: None,
            missing_bytes: 0,
            fate,
        }
    }

    pub fn header(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name = name.to_owned();
        let mut event = self.without(&name);
        let line = [name.as_bytes(), b": ", value.as_ref()].concat();
        event.headers.push(line);
        event
    }

    pub fn without(mut self, name: &str) -> Self {
        if name.eq_ignore_ascii_case(DEADLINE_MS) {
            self.time = None;
        }
        self.headers.retain(|line| {
            let found = line.split(|byte| *byte == b':').next().unwrap_or_default();
            !found.eq_ignore_ascii_case(name.as_bytes())
        });
        self
    }

    /// Sets the time left when the event is delivered.
    pub fn deadline_in(self, left: Duration) -> Self {
        let mut event = self.without(DEADLINE_MS);
        event.time = Some(left);
        event
    }

    pub fn status(mut self, status: &'static str) -> Self {
        self.status = status;
        self
    }

    /// Sends the body in chunks of `bytes` bytes, as Lambda does with large events.
    pub fn chunked(mut self, bytes: usize) -> Self {
        self.chunk_bytes = Some(bytes);
        self
    }

    /// Ends the connection before the last bytes of the answer.
    pub fn cut(mut self, missing_bytes: usize) -> Self {
        self.missing_bytes = missing_bytes;
        self.fate(Fate::CloseAfter)
    }

    pub fn fate(mut self, fate: Fate) -> Self {
        self.fate = fate;
        self
    }

    /// The bytes on the wire.
    pub fn answer(&self) -> Vec<u8> {
        let mut answer = format!("HTTP/1.1 {}\r\n", self.status).into_bytes();
        for line in &self.headers {
            answer.extend_from_slice(line);
            answer.extend_from_slice(b"\r\n");
        }
        if let Some(time) = self.time {
            let now = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .expect("after 1970");
            let deadline = (now + time).as_millis();
            answer.extend_from_slice(format!("{DEADLINE_MS}: {deadline}\r\n").as_bytes());
        }
        match self.chunk_bytes {
            Some(size) => self.add_chunks(&mut answer, size),
            None if self.status.starts_with("204") => answer.extend_from_slice(b"\r\n"),
            None => {
                let length = format!("Content-Length: {}\r\n\r\n", self.body.len());
                answer.extend_from_slice(length.as_bytes());
                answer.extend_from_slice(&self.body);
            }
        }
        answer.truncate(answer.len() - self.missing_bytes);
        answer
    }

    fn add_chunks(&self, answer: &mut Vec<u8>, size: usize) {
        answer.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
        for chunk in self.body.chunks(size) {
            answer.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            answer.extend_from_slice(chunk);
            answer.extend_from_slice(b"\r\n");
        }
        answer.extend_from_slice(b"0\r\n\r\n");
    }
}

/// How one post is treated.
#[derive(Clone)]
pub struct Post {
    /// The bytes of the answer.
    pub answer: Vec<u8>,
    /// Number of bytes of the body after which the answer is sent, without waiting for the end.
    pub early_after: Option<usize>,
    /// Delay of the answer.
    pub delay: Duration,
    pub fate: Fate,
    /// After this many bytes of the body, reading stops for a time, or until the test releases it.
    pub stall: Option<(usize, Option<Duration>)>,
    /// Bytes read per second.
    pub bytes_per_second: Option<u32>,
}

impl Default for Post {
    fn default() -> Self {
        Self::status("202 Accepted", "{\"status\":\"OK\"}\n")
    }
}

impl Post {
    /// Answers the whole post with a status and a body.
    pub fn status(status: &str, body: &str) -> Self {
        let length = body.len();
        Self::raw(format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        ))
    }

    /// Answers the whole post with these bytes.
    pub fn raw(answer: impl Into<Vec<u8>>) -> Self {
        Self {
            answer: answer.into(),
            early_after: None,
            delay: Duration::ZERO,
            fate: Fate::Keep,
            stall: None,
            bytes_per_second: None,
        }
    }

    pub fn early_after(mut self, bytes: usize) -> Self {
        self.early_after = Some(bytes);
        self
    }

    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    pub fn fate(mut self, fate: Fate) -> Self {
        self.fate = fate;
        self
    }

    pub fn stall(mut self, after_bytes: usize, time: Duration) -> Self {
        self.stall = Some((after_bytes, Some(time)));
        self
    }

    /// Stops reading after these bytes until [`Recorder::release`](super::Recorder::release).
    pub fn stall_until_released(mut self, after_bytes: usize) -> Self {
        self.stall = Some((after_bytes, None));
        self
    }

    pub fn bytes_per_second(mut self, rate: u32) -> Self {
        self.bytes_per_second = Some(rate);
        self
    }
}
