//! The host's log: one line per event on standard output, in the format Lambda asks for.
//!
//! ```text
//!   tracing ──▶ one line ──▶ Backlog ──▶ the log's own thread ──▶ standard output
//! ```
//!
//! Logging never waits for the pipe: a log that is not read must not delay a response.

mod backlog;
mod context;
mod escape;
mod fields;
mod once;
mod output;
mod record;
mod settings;

/// Largest event of `CloudWatch Logs`, in bytes: a batch of 1 MiB, in which each event counts 26 bytes beside its
/// text. Longer lines become several events.
pub(crate) const EVENT_LIMIT_BYTES: usize = 1024 * 1024 - 26;

pub(crate) use context::LogContext;
pub(crate) use escape::is_control;
pub(crate) use fields::{Field, Fields};
pub(crate) use once::OncePerMinute;
#[cfg(feature = "rehearsal")]
pub(crate) use output::silence;
pub(crate) use output::{event_level, has_room, room, settled, timestamp, write_event};
pub use output::{flush, init, set_event_level};
pub(crate) use record::Record;
#[doc(hidden)]
pub use record::tap_records;
pub use settings::{LogFormat, least_level, parse_level};
pub use tracing::Level;

/// The target of lines about what an invocation has used; `bootstream dev` looks for it.
pub(crate) const USAGE_TARGET: &str = "usage";
