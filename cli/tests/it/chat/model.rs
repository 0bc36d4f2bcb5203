//! A model that answers as OpenAI does, when the test tells it to.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use bootstream_test_support::PATIENCE;
use bootstream_test_support::wire::Wire;
use serde_json::{Value, json};

/// A model on loopback.
pub(super) struct Model {
    pub(super) url: String,
    questions: Receiver<Question>,
}

/// A request to the model, which waits for its answer.
pub(super) struct Question {
    pub(super) head: String,
    pub(super) body: Value,
    stream: TcpStream,
}

impl Model {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (sender, questions) = channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let sender = sender.clone();
                thread::spawn(move || receive(stream, &sender));
            }
        });
        Self { url, questions }
    }

    /// Waits for the next request.
    #[track_caller]
    pub(super) fn question(&self) -> Question {
        let question = self.questions.recv_timeout(PATIENCE);
        question.expect("a request to the model")
    }
}

/// Reads one request. Its answer ends the connection.
fn receive(stream: TcpStream, questions: &Sender<Question>) {
    let mut wire = Wire::new(stream.try_clone().expect("a second handle"));
    let head = String::from_utf8(wire.head().expect("a head")).expect("text");
    let lines = head.lines().map(str::to_ascii_lowercase);
    let mut lengths = lines.filter_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let body = wire.exactly(lengths.next().expect("a length"));
    let body = serde_json::from_slice(&body.expect("a body")).expect("a body in JSON");
    let question = Question { head, body, stream };
    // The test may have ended.
    let _ = questions.send(question);
}

impl Question {
    /// Begins the stream of the answer.
    pub(super) fn answer(mut self) -> Answer {
        self.send(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\
             transfer-encoding: chunked\r\n\r\n",
        );
        Answer(self)
    }

    /// Refuses to answer.
    pub(super) fn refuse(mut self, status: &str, body: &str) {
        let length = body.len();
        self.send(&format!(
            "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        ));
    }

    fn send(&mut self, text: &str) {
        self.stream
            .write_all(text.as_bytes())
            .expect("the host reads");
    }
}

/// An answer that has begun. Dropped, it breaks off.
pub(super) struct Answer(Question);

impl Answer {
    pub(super) fn token(&mut self, text: &str) {
        self.event(&json!({"choices": [{"delta": {"content": text}}]}).to_string());
    }

    /// Sends an event with any data.
    pub(super) fn event(&mut self, data: &str) {
        self.bytes(format!("data: {data}\n\n").as_bytes());
    }

    /// Sends any part of the stream, in a chunk of its own.
    pub(super) fn bytes(&mut self, part: &[u8]) {
        let chunk = [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
        self.0.stream.write_all(&chunk).expect("the host reads");
    }

    pub(super) fn done(mut self) {
        self.event("[DONE]");
        self.end();
    }

    /// Ends the stream as HTTP does, complete or not.
    pub(super) fn end(mut self) {
        self.0.send("0\r\n\r\n");
    }
}
