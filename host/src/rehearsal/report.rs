//! The report of a rehearsal: what the guest did, and when.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::clock::Hold;
use super::double::{from_base64, to_base64};
use super::reader;

/// An entry of the report. Times are in nanoseconds since the start of the process.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The guest was called.
    Began {
        /// When.
        at: u64,
    },
    /// The guest has written to the body of its response.
    Wrote {
        /// When.
        at: u64,
        /// Bytes written until then.
        total: u64,
    },
    /// A receiver that reads slowly has got a piece of the body.
    Took {
        /// When.
        at: u64,
        /// Bytes that it has got until then.
        total: u64,
    },
    /// The guest has returned, failed or was stopped.
    Ended {
        /// When.
        at: u64,
    },
    /// The guest has sent a request, and a double has served it.
    Request {
        /// The place of the double in the list.
        double: usize,
        /// The method.
        method: String,
        /// The URL, without a default port.
        url: String,
        /// The headers as they were sent.
        headers: Vec<(String, String)>,
        /// The body, in Base64.
        #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
        body: Vec<u8>,
    },
    /// The guest wanted to send a request that no double matches.
    Undeclared {
        /// The method.
        method: String,
        /// The URL, without a default port.
        url: String,
    },
}

static REPORT: OnceLock<Report> = OnceLock::new();

#[derive(Debug)]
struct Report {
    file: File,
    start: Instant,
    leaves_after: Option<u64>,
    /// Keeps time from passing until the receiver has left. Taken once.
    hold: Mutex<Option<Hold>>,
    has_held: AtomicBool,
}

impl Report {
    fn hold(&self) -> MutexGuard<'_, Option<Hold>> {
        self.hold.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts a new report.
pub(super) fn start(path: &Path, leaves_after: Option<u64>) -> io::Result<()> {
    let report = Report {
        file: File::create(path)?,
        start: Instant::now(),
        leaves_after,
        hold: Mutex::new(None),
        has_held: AtomicBool::new(false),
    };
    // A process has one.
    let _ = REPORT.set(report);
    Ok(())
}

pub(crate) fn began() {
    timed(|at| Event::Began { at });
}

/// The guest has written `total` bytes of the body of its response.
pub(crate) fn wrote(total: u64) {
    timed(|at| Event::Wrote { at, total });
    if !reader::is_slow() {
        hold_if_leaving(total);
    }
}

/// A slow receiver has got `total` bytes of the body of the response.
pub(super) fn took(total: u64) {
    timed(|at| Event::Took { at, total });
    hold_if_leaving(total);
}

/// The receiver has got, or gets now, `total` bytes. If it leaves then, time waits for that.
fn hold_if_leaving(total: u64) {
    if let Some(report) = REPORT.get()
        && report.leaves_after.is_some_and(|bytes| bytes <= total)
        && !report.has_held.swap(true, Ordering::Relaxed)
    {
        *report.hold() = Hold::take();
    }
}

/// The receiver of the response has left.
pub(crate) fn receiver_left() {
    if let Some(report) = REPORT.get() {
        *report.hold() = None;
    }
}

pub(crate) fn ended() {
    receiver_left();
    timed(|at| Event::Ended { at });
}

fn timed(event: impl FnOnce(u64) -> Event) {
    if let Some(report) = REPORT.get() {
        let at = report.start.elapsed().as_nanos();
        note(&event(u64::try_from(at).unwrap_or(u64::MAX)));
    }
}

/// Adds an event to the report.
pub(crate) fn note(event: &Event) {
    let Some(report) = REPORT.get() else { return };
    let written = serde_json::to_vec(event).map_err(io::Error::from);
    let written = written.and_then(|mut line| {
        line.push(b'\n');
        (&report.file).write_all(&line)
    });
    if let Err(error) = written {
        tracing::error!("cannot write the report of the rehearsal: {error}");
    }
}
