//! A Runtime API that delivers scripted events, records requests, and misbehaves on demand.
//!
//! It speaks raw TCP: an HTTP library would hide chunk boundaries and trailers, and would not break the
//! protocol.

mod connection;
mod exchange;
mod script;

use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use socket2::{Domain, Socket, Type};

use self::connection::Connection;
pub use self::exchange::{Chunk, DELIMITER, End, Exchange, IMPLIED_PRELUDE, contains};
pub use self::script::{Event, Fate, Post};
use crate::wait_on;

/// Most connections that wait to be accepted. The system may reset those beyond.
const BACKLOG: i32 = 1024;

/// Everything the recorder has seen, and its pending work.
#[derive(Default)]
pub struct Seen {
    /// Requests in the order of their heads.
    pub exchanges: Vec<Exchange>,
    /// Number of earlier requests that were forgotten.
    forgotten: usize,
    /// Stands in for requests that were forgotten before their connection was done with them.
    late: Option<Exchange>,
    /// Number of accepted connections.
    pub connections: usize,
    /// Number of open connections.
    pub open_connections: usize,
    /// Number of polls that wait for an event.
    pub waiting_polls: usize,
    /// The most polls that waited at once.
    pub most_waiting_polls: usize,
    events: VecDeque<Event>,
    /// Answers every poll while there is no event. Without it, polls wait.
    no_event: Option<Event>,
    posts: HashMap<String, Post>,
    /// Whether stalled readers go on.
    released: bool,
    stopped: bool,
}

impl Seen {
    fn begin(&mut self, exchange: Exchange) -> usize {
        self.exchanges.push(exchange);
        self.forgotten + self.exchanges.len() - 1
    }

    /// The request with this number, counted from the very first.
    fn exchange(&mut self, number: usize) -> &mut Exchange {
        match number.checked_sub(self.forgotten) {
            Some(at) => &mut self.exchanges[at],
            None => self
                .late
                .get_or_insert_with(|| Exchange::new(0, Vec::new())),
        }
    }

    /// Forgets the requests before the first without an answer.
    fn forget(&mut self) {
        let mut all = self.exchanges.iter();
        let waiting = all.position(|exchange| exchange.answered.is_none() && exchange.is_poll());
        let over = waiting.unwrap_or(self.exchanges.len());
        self.exchanges.drain(..over);
        self.forgotten += over;
        self.posts.clear();
    }

    fn finish(&mut self, exchange: usize, end: End) {
        let exchange = self.exchange(exchange);
        (exchange.end, exchange.ended) = (end, Some(Instant::now()));
    }

    fn post_for(&self, path: &str) -> Post {
        let named = self.posts.iter().find(|(end, _)| path.ends_with(*end));
        named.map(|(_, post)| post.clone()).unwrap_or_default()
    }

    /// The requests to paths that end in `end`, such as `id/response`.
    pub fn to(&self, end: &str) -> Vec<&Exchange> {
        let all = self.exchanges.iter();
        all.filter(|exchange| exchange.path().ends_with(end))
            .collect()
    }

    pub fn polls(&self) -> Vec<&Exchange> {
        let all = self.exchanges.iter();
        all.filter(|exchange| exchange.is_poll()).collect()
    }

    pub fn posts(&self) -> Vec<&Exchange> {
        let all = self.exchanges.iter();
        all.filter(|exchange| !exchange.is_poll()).collect()
    }

    fn describe(&self) -> String {
        let mut text = format!(
            "{} connections, {} open, {} polls waiting, {} events left\n",
            self.connections,
            self.open_connections,
            self.waiting_polls,
            self.events.len()
        );
        for exchange in &self.exchanges {
            let _ = writeln!(text, "{exchange:?}");
        }
        text
    }
}

#[derive(Default)]
struct Shared {
    seen: Mutex<Seen>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look<R>(&self, look: impl FnOnce(&Seen) -> R) -> R {
        look(&self.lock())
    }

    fn record<R>(&self, change: impl FnOnce(&mut Seen) -> R) -> R {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }

    fn wait_for_release(&self) {
        let wait = |seen: &mut Seen| !seen.released && !seen.stopped;
        drop(self.changed.wait_while(self.lock(), wait));
    }

    /// Waits for the next event, for as long as the test takes.
    fn next_event(&self) -> io::Result<Event> {
        let mut seen = self.lock();
        if seen.events.is_empty() && seen.no_event.is_some() {
            return Ok(seen.no_event.clone().expect("just seen"));
        }
        seen.waiting_polls += 1;
        seen.most_waiting_polls = seen.most_waiting_polls.max(seen.waiting_polls);
        self.changed.notify_all();
        seen = self
            .changed
            .wait_while(seen, |seen| seen.events.is_empty() && !seen.stopped)
            .unwrap_or_else(PoisonError::into_inner);
        seen.waiting_polls -= 1;
        seen.events
            .pop_front()
            .ok_or_else(|| ErrorKind::ConnectionAborted.into())
    }
}

/// The Runtime API of one test.
pub struct Recorder {
    shared: Arc<Shared>,
    socket: Socket,
    address: SocketAddr,
}

impl Recorder {
    /// Listens on a port of its own.
    pub fn start() -> Self {
        let recorder = Self::closed();
        recorder.open();
        recorder
    }

    /// Reserves a port, but refuses connections until [`open`](Self::open).
    pub fn closed() -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        socket.bind(&any_port.into()).expect("a free port");
        let address = socket.local_addr().expect("it is bound").as_socket();
        Self {
            shared: Arc::default(),
            socket,
            address: address.expect("an IPv4 address"),
        }
    }

    /// Makes the buffers of connections small, so that a stalled reader takes effect soon.
    pub fn with_small_buffers() -> Self {
        let recorder = Self::closed();
        let size = 16 * 1024;
        recorder
            .socket
            .set_recv_buffer_size(size)
            .expect("a small buffer");
        recorder.open();
        recorder
    }

    /// Begins to accept connections.
    pub fn open(&self) {
        self.socket.listen(BACKLOG).expect("a bound socket listens");
        let listener = self.socket.try_clone().expect("a socket can be cloned");
        let shared = Arc::clone(&self.shared);
        thread::spawn(move || accept(&listener.into(), &shared));
    }

    /// Refuses further connections. Open ones stay open.
    pub fn close(&self) {
        let closed = self.socket.shutdown(Shutdown::Read);
        closed.expect("a listening socket can be shut down");
    }

    /// `host:port`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Adds an event to the queue.
    pub fn enqueue(&self, event: Event) {
        self.shared.record(|seen| seen.events.push_back(event));
    }

    /// Adds a script under this request id.
    pub fn script(&self, id: &str, steps: &Value) {
        self.enqueue(Event::script(id, steps));
    }

    /// Adds events atomically.
    pub fn enqueue_all(&self, events: Vec<Event>) {
        self.shared.record(|seen| seen.events.extend(events));
    }

    /// Forgets completed requests and the rules for posts, in tests with very many of them.
    pub fn forget(&self) {
        self.shared.record(Seen::forget);
    }

    /// Answers every poll in this way once the queue is empty.
    pub fn when_empty(&self, answer: Event) {
        self.shared.record(|seen| seen.no_event = Some(answer));
    }

    /// Sets how posts to paths with this end are treated.
    pub fn on(&self, path_end: &str, post: Post) {
        self.shared
            .record(|seen| seen.posts.insert(path_end.to_owned(), post));
    }

    /// Lets stalled readers go on.
    pub fn release(&self) {
        self.shared.record(|seen| seen.released = true);
    }

    pub fn look<R>(&self, look: impl FnOnce(&Seen) -> R) -> R {
        self.shared.look(look)
    }

    /// Waits until `find` returns something.
    #[track_caller]
    pub fn wait<R>(&self, what: &str, find: impl FnMut(&Seen) -> Option<R>) -> R {
        match wait_on(self.shared.lock(), &self.shared.changed, find) {
            Ok(found) => found,
            Err(seen) => panic!("waited in vain for {what}; seen: {}", seen.describe()),
        }
    }

    /// Waits for the end of the only request to a path with this end.
    #[track_caller]
    pub fn request(&self, path_end: &str) -> Exchange {
        let request = self.wait(path_end, |seen| {
            let request = *seen.to(path_end).first()?;
            (request.end != End::Open).then(|| request.clone())
        });
        let count = self.look(|seen| seen.to(path_end).len());
        assert_eq!(count, 1, "requests to {path_end}");
        request
    }

    /// Waits for the response to this invocation, whatever its end.
    #[track_caller]
    pub fn response(&self, id: &str) -> Exchange {
        self.answer(id, "response")
    }

    /// Waits for the error reported for this invocation.
    #[track_caller]
    pub fn error(&self, id: &str) -> Exchange {
        self.answer(id, "error")
    }

    /// Waits for the only post for this invocation, which must be of this kind.
    #[track_caller]
    fn answer(&self, id: &str, kind: &str) -> Exchange {
        let (response, error) = (format!("{id}/response"), format!("{id}/error"));
        self.wait(&format!("an answer to {id}"), |seen| {
            (!seen.to(&response).is_empty() || !seen.to(&error).is_empty()).then_some(())
        });
        let wanted = format!("{id}/{kind}");
        let came = self.look(|seen| !seen.to(&wanted).is_empty());
        assert!(came, "another answer than the {kind} to {id}");
        self.request(&wanted)
    }

    /// Waits for a chunk of the response to this invocation.
    #[track_caller]
    pub fn first_chunk(&self, id: &str) {
        let path_end = format!("{id}/response");
        self.wait("a chunk", |seen| {
            let response = *seen.to(&path_end).first()?;
            response.chunks.first().map(drop)
        });
    }

    /// Waits for a chunk of the response to this invocation for which `fits` returns true. Returns the time
    /// from the first event to it.
    #[track_caller]
    pub fn delay_of_chunk(&self, id: &str, fits: impl Fn(&[u8]) -> bool) -> Duration {
        let path_end = format!("{id}/response");
        self.wait("a chunk", |seen| {
            let event = seen.polls().first()?.answered?;
            let response = *seen.to(&path_end).first()?;
            let chunk = response.chunks.iter().find(|chunk| fits(&chunk.data))?;
            Some(chunk.at - event)
        })
    }

    /// Waits until `count` polls have begun in total.
    #[track_caller]
    pub fn polls(&self, count: usize) {
        self.wait(&format!("{count} polls"), |seen| {
            (seen.polls().len() >= count).then_some(())
        });
    }

    /// Waits until all work is done: the queue is empty and `workers` polls wait.
    #[track_caller]
    pub fn idle(&self, workers: usize) {
        self.wait("idleness", |seen| {
            (seen.events.is_empty() && seen.waiting_polls == workers).then_some(())
        });
    }

    /// Waits until all work is done. Returns the response to this invocation, which must be complete and its
    /// only post.
    #[track_caller]
    pub fn complete_response(&self, id: &str) -> Exchange {
        let response = self.response(id);
        self.idle(1);
        response.assert_clean_end();
        assert_eq!(self.look(|seen| seen.to(&format!("{id}/error")).len()), 0);
        response
    }

    /// Waits until all work is done. Returns the response to this invocation, which must end in trailers of this
    /// error type and be its only post.
    #[track_caller]
    pub fn failed_response(&self, id: &str, error_type: &str) -> Exchange {
        let response = self.response(id);
        self.idle(1);
        response.assert_failed(error_type);
        assert_eq!(self.look(|seen| seen.to(&format!("{id}/error")).len()), 0);
        response
    }

    /// Asserts that there were `count` posts, each with a clean end.
    #[track_caller]
    pub fn assert_all_answered(&self, count: usize) {
        let ends = self.look(|seen| seen.posts().iter().map(|post| post.end).collect::<Vec<_>>());
        assert_eq!(ends, vec![End::Clean; count]);
    }

    /// Waits until all work is done. Returns the error of this invocation, which must be of this type and its
    /// only post.
    #[track_caller]
    pub fn reported_error(&self, id: &str, error_type: &str) -> Exchange {
        let error = self.error(id);
        self.idle(1);
        let header = error.header("lambda-runtime-function-error-type");
        assert_eq!(header.as_deref(), Some(error_type), "{error:?}");
        assert_eq!(error.document()["errorType"], error_type);
        assert_eq!(
            self.look(|seen| seen.to(&format!("{id}/response")).len()),
            0
        );
        error
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.shared.record(|seen| seen.stopped = true);
        // Wakes the accepting thread.
        let _ = TcpStream::connect(self.address);
        if thread::panicking() {
            println!("the Runtime API has seen: {}", self.look(Seen::describe));
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        let Ok(stream) = stream else { return };
        let number = shared.record(|seen| {
            if seen.stopped {
                return None;
            }
            seen.connections += 1;
            seen.open_connections += 1;
            Some(seen.connections - 1)
        });
        let Some(number) = number else { return };
        let _ = stream.set_nodelay(true);
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            let served = Connection::new(Arc::clone(&shared), number, stream).serve();
            shared.record(|seen| seen.open_connections -= 1);
            // The exchange records an end of the connection in the middle of a body.
            if let Err(error) = served
                && error.kind() == ErrorKind::InvalidData
            {
                panic!("not HTTP as the protocol wants it: {error}");
            }
        });
    }
}
