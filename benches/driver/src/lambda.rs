//! The Runtime API of the benchmarks: delivers events, receives responses, and records times.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bootstream_test_support::wire::{Wire, is_gone};

use crate::event::Event;
use crate::response::{IncomingResponse, Response};

const ACCEPTED: &[u8] = b"HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\n\
    content-length: 16\r\n\r\n{\"status\":\"OK\"}\n";

/// Timeout of every wait.
const PATIENCE: Duration = Duration::from_secs(120);

/// One Runtime API, for one process.
pub(crate) struct Lambda {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    seen: Mutex<Seen>,
    /// Notifies connections that wait for an event: one has come, or the server shuts down.
    queued: Condvar,
    /// Notifies the measurement of everything else. Separate, or each response would wake every waiting
    /// connection.
    changed: Condvar,
}

#[derive(Default)]
struct Seen {
    queue: VecDeque<Event>,
    /// Delivered events by id.
    out: HashMap<String, (Event, Instant)>,
    handed_out: u64,
    /// When each poll arrived.
    polls: Vec<Instant>,
    responses: Vec<Response>,
    /// Time from each event to the first byte of its response.
    first_bytes: Vec<Duration>,
    failure: Option<String>,
    closed: bool,
}

impl Lambda {
    pub(crate) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&accepting);
                if shared.lock().closed {
                    return;
                }
                let Ok(stream) = stream else { continue };
                // Without it, the response to a post waits for an acknowledgement.
                let _ = stream.set_nodelay(true);
                thread::spawn(move || serve(Wire::new(stream), &shared));
            }
        });
        Ok(Self { address, shared })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Delivers these events, one for each poll, and waits until all are answered.
    pub(crate) fn invoke(&self, events: impl IntoIterator<Item = Event>) -> anyhow::Result<Round> {
        let mut seen = self.shared.lock();
        seen.responses.clear();
        seen.queue.extend(events);
        let expected = seen.queue.len();
        // The first event answers the poll that is already open, so only later polls count.
        let polls_before = seen.polls.len();
        self.shared.queued.notify_all();
        drop(seen);
        let mut seen = self.wait("a response", |seen| {
            seen.responses.len() == expected && seen.polls.len() >= polls_before + expected
        })?;
        Ok(Round {
            responses: std::mem::take(&mut seen.responses),
            next_polls: seen.polls.split_off(polls_before),
        })
    }

    /// Delivers these events and returns when the runtime has all of them.
    pub(crate) fn begin(&self, events: impl IntoIterator<Item = Event>) -> anyhow::Result<()> {
        let mut seen = self.shared.lock();
        seen.queue.extend(events);
        self.shared.queued.notify_all();
        drop(seen);
        drop(self.wait("a poll", |seen| seen.queue.is_empty())?);
        Ok(())
    }

    /// Delivers one event, and returns the time to the first byte of its response, which need not end.
    pub(crate) fn first_byte(&self, event: Event) -> anyhow::Result<Duration> {
        let mut seen = self.shared.lock();
        seen.first_bytes.clear();
        seen.queue.push_back(event);
        self.shared.queued.notify_all();
        drop(seen);
        let seen = self.wait("a first byte", |seen| !seen.first_bytes.is_empty())?;
        seen.first_bytes
            .first()
            .copied()
            .context("waited for above")
    }

    /// Waits for this many polls since the start. Returns when the last of them arrived.
    pub(crate) fn polled(&self, times: usize) -> anyhow::Result<Instant> {
        let seen = self.wait("a poll", |seen| seen.polls.len() >= times)?;
        seen.polls.get(times - 1).copied().context("counted above")
    }

    /// Waits for this many responses since the last [`invoke`](Self::invoke).
    pub(crate) fn received(&self, times: usize) -> anyhow::Result<()> {
        drop(self.wait("a response", |seen| seen.responses.len() >= times)?);
        Ok(())
    }

    fn wait(
        &self,
        what: &str,
        until: impl Fn(&Seen) -> bool,
    ) -> anyhow::Result<MutexGuard<'_, Seen>> {
        let (mut seen, timeout) = self
            .shared
            .changed
            .wait_timeout_while(self.shared.lock(), PATIENCE, |seen| {
                !until(seen) && seen.failure.is_none()
            })
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(failure) = seen.failure.take() {
            anyhow::bail!("{failure}");
        }
        anyhow::ensure!(!timeout.timed_out(), "waited {PATIENCE:?} for {what}");
        Ok(seen)
    }
}

/// The results of a number of events.
pub(crate) struct Round {
    pub(crate) responses: Vec<Response>,
    /// When the polls after them arrived.
    pub(crate) next_polls: Vec<Instant>,
}

impl Drop for Lambda {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.queued.notify_all();
        // Wakes the accepting thread, so that it sees the end.
        TcpStream::connect(self.address).ok();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for an event. Returns `None` at shutdown.
    fn next(&self) -> Option<(String, Event)> {
        let mut seen = self.lock();
        seen.polls.push(Instant::now());
        self.changed.notify_all();
        loop {
            if seen.closed {
                return None;
            }
            if let Some(event) = seen.queue.pop_front() {
                seen.handed_out += 1;
                return Some((
                    format!("00000000-0000-4000-8000-{:012}", seen.handed_out),
                    event,
                ));
            }
            seen = self
                .queued
                .wait(seen)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn serve(mut wire: Wire<TcpStream>, shared: &Shared) {
    loop {
        match exchange(&mut wire, shared) {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) if is_gone(&error) && shared.lock().closed => return,
            Err(error) => {
                shared.lock().failure = Some(format!("a connection failed: {error}"));
                shared.changed.notify_all();
                return;
            }
        }
    }
}

/// Serves one request. Returns `false` when the connection is over.
fn exchange(wire: &mut Wire<TcpStream>, shared: &Shared) -> io::Result<bool> {
    let head = match wire.head() {
        Err(error) if is_gone(&error) => return Ok(false),
        head => String::from_utf8_lossy(&head?).into_owned(),
    };
    let path = head.split(' ').nth(1).unwrap_or_default();
    let mut segments = path.rsplit('/');
    match (segments.next(), segments.next()) {
        (Some("next"), _) => deliver_event(wire, shared),
        (Some("response"), Some(id)) => receive_response(wire, shared, id, &head),
        _ => Err(io::Error::other(format!("the runtime asked for `{path}`"))),
    }
}

fn deliver_event(wire: &mut Wire<TcpStream>, shared: &Shared) -> io::Result<bool> {
    let Some((id, event)) = shared.next() else {
        return Ok(false);
    };
    if !event.pause_before.is_zero() {
        #[expect(
            clippy::disallowed_methods,
            reason = "a thread of its own for each connection"
        )]
        thread::sleep(event.pause_before);
    }
    let message = event.message(&id);
    let mut seen = shared.lock();
    seen.out.insert(id, (event, Instant::now()));
    drop(seen);
    shared.changed.notify_all();
    wire.source().write_all(message.as_bytes())?;
    Ok(true)
}

fn receive_response(
    wire: &mut Wire<TcpStream>,
    shared: &Shared,
    id: &str,
    head: &str,
) -> io::Result<bool> {
    let known = shared.lock().out.remove(id);
    let (event, delivered) =
        known.ok_or_else(|| io::Error::other(format!("a response to `{id}`, unknown")))?;
    // A document has a length, and says more than the body.
    let document_bytes = content_length(head);
    let mut incoming = match document_bytes {
        Some(_) => IncomingResponse::of_document(delivered),
        None => IncomingResponse::new(delivered, event.stamped()),
    };
    let mut take = |block: &[u8], chunks| {
        if let Some(first) = incoming.take(block, chunks) {
            shared.lock().first_bytes.push(first - delivered);
            shared.changed.notify_all();
        }
    };
    match document_bytes {
        Some(bytes) => wire.blocks(bytes, |block| take(block, 1))?,
        None => drop(wire.chunks(take)?),
    }
    let response = incoming.finish();
    let expected = event.body_bytes().filter(|_| document_bytes.is_none());
    let bytes = response.bytes;
    if expected.is_some_and(|expected| bytes != expected) {
        return Err(io::Error::other(format!(
            "{bytes} bytes instead of {expected:?}"
        )));
    }
    wire.source().write_all(ACCEPTED)?;
    shared.lock().responses.push(response);
    shared.changed.notify_all();
    Ok(true)
}

/// The length of a body that is not chunked.
fn content_length(head: &str) -> Option<usize> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    let field = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    field?.1.trim().parse().ok()
}
