//! The capsule of an invocation: everything that reached its handler from outside, and everything that the handler
//! wrote. No I/O.
//!
//! ```text
//!   guest, response, outbound ──▶ Tape ──▶ Recorder ──▶ lines ──▶ a file, or one record of the log
//!                                   └────▶ Player: the same calls, answered from a capsule
//! ```
//!
//! `docs/reference/capsule.md` describes the format. An invocation has a `Tape` only if it is recorded or replayed.
//! Without one, nothing here runs.

mod begin;
#[cfg(any(test, feature = "rehearsal"))]
mod fields;
#[cfg(feature = "rehearsal")]
mod findings;
mod line;
mod mask;
mod pack;
#[cfg(any(test, feature = "rehearsal"))]
#[cfg_attr(
    not(feature = "rehearsal"),
    expect(dead_code, unreachable_pub, reason = "only a replay uses all of it")
)]
mod parse;
mod part;
#[cfg(feature = "rehearsal")]
mod player;
mod random;
mod recorder;
mod settings;
mod tape;
#[cfg(all(test, feature = "outbound-http"))]
mod tests;
#[cfg(any(test, feature = "rehearsal"))]
#[cfg_attr(
    not(feature = "rehearsal"),
    expect(dead_code, unreachable_pub, reason = "only a replay uses all of it")
)]
mod written;

pub(crate) use begin::{Beginning, Seed};
pub(crate) use line::Field;
#[cfg(feature = "rehearsal")]
pub use parse::{Capsule, Ending, InvalidCapsule};
#[cfg(feature = "rehearsal")]
pub(crate) use parse::{Part, Request};
#[cfg(feature = "outbound-http")]
pub(crate) use part::AnswerPart;
pub(crate) use part::{Output, Taken};
#[cfg(feature = "rehearsal")]
pub(crate) use player::{BEYOND, Player};
pub(crate) use random::Randoms;
pub(crate) use recorder::Recorder;
pub(crate) use settings::{CapsuleSettings, Destination, Hidden, KEPT_SETTINGS, KEPT_VARIABLES};
pub(crate) use tape::{Kind, Recall, Seen, Tape};
#[cfg(feature = "rehearsal")]
pub use written::Difference;
#[cfg(any(test, feature = "rehearsal"))]
use written::Written;

/// The version of the format, which readers check.
pub(crate) const VERSION: u64 = 1;
