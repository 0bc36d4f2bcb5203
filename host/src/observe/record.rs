//! The record of one invocation.

use std::time::{Duration, Instant, SystemTime};

use lambda_protocol::error_report::ErrorReport;

use super::calls::Calls;
use super::guest_span::GuestSpans;
use super::moments::Moments;
use super::watch::{GuestEnd, Instantiated};

/// How an invocation ended.
#[derive(Clone, Debug, Default)]
pub(crate) enum Ending {
    #[default]
    Completed,
    /// It failed before its response had begun.
    Failed(Box<ErrorReport>),
    /// It failed after its response had begun, or its receiver was gone before the end.
    FailedInStream(Box<ErrorReport>),
}

impl Ending {
    pub(crate) fn report(&self) -> Option<&ErrorReport> {
        match self {
            Self::Completed => None,
            Self::Failed(report) | Self::FailedInStream(report) => Some(report),
        }
    }
}

/// The start of the process, up to its first poll.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Init {
    pub(crate) began: Instant,
    /// The settings are read.
    pub(crate) configured: Instant,
    /// The handler is verified and loaded.
    pub(crate) loaded: Instant,
    /// The first poll begins.
    pub(crate) ready: Instant,
}

/// What an invocation did. Times are those of this process, and durations begin with the arrival of the event.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) request_id: String,
    pub(crate) tenant_id: Option<String>,
    pub(crate) began: Instant,
    /// `began` on the wall clock.
    pub(crate) wall: SystemTime,
    pub(crate) ended: Instant,
    /// The start of the process, in the first record.
    pub(crate) init: Option<Init>,
    /// Whether it is the first invocation of the process.
    pub(crate) is_first: bool,
    /// When the head of the response was on the wire.
    pub(crate) head: Option<Instant>,
    /// When the first byte of the body was on the wire.
    pub(crate) first_byte: Option<Instant>,
    /// The longest time between two writes to the socket.
    pub(crate) longest_silence: Duration,
    /// When the handler ended the response.
    pub(crate) finished: Option<Instant>,
    /// The time that writes waited for the reader.
    pub(crate) backpressure: Duration,
    /// From the beginning of the first wait to the end of the last.
    pub(crate) waits: Option<(Instant, Instant)>,
    /// Empty unless they are asked for.
    pub(crate) moments: Moments,
    pub(crate) calls: Calls,
    /// Those that the guest made.
    pub(crate) spans: GuestSpans,
    /// `None` if the handler did not stop.
    pub(crate) guest: Option<GuestEnd>,
    pub(crate) instantiated: Option<Instantiated>,
    pub(crate) ending: Ending,
}

impl Record {
    /// A moment of the invocation on the wall clock.
    pub(crate) fn wall_time(&self, at: Instant) -> SystemTime {
        match at.checked_duration_since(self.began) {
            Some(after) => self.wall + after,
            None => self.wall - self.began.saturating_duration_since(at),
        }
    }

    pub(crate) fn since_event(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.began)
    }

    /// How long the handler went on after it had ended its response.
    pub(crate) fn after_finish(&self) -> Duration {
        let returned = self.guest.as_ref().map(|guest| guest.at);
        let worked = self.finished.zip(returned);
        worked.map_or(Duration::ZERO, |(finished, returned)| {
            returned.saturating_duration_since(finished)
        })
    }

    /// How long the start of the process took, if this is the first record.
    pub(crate) fn init_time(&self) -> Option<Duration> {
        self.init
            .map(|init| init.ready.saturating_duration_since(init.began))
    }
}

/// Milliseconds with three decimals.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
