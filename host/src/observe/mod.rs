//! What an invocation did, in numbers, and the documents that tell it. No I/O.
//!
//! ```text
//!   http1, response, guest, outbound ──▶ Watch ──▶ Record ──▶ xray, metrics, otlp: bytes
//! ```
//!
//! An invocation has a `Watch` only if a receiver wants its record. Without one, nothing here runs.

mod calls;
mod event;
mod guest_span;
mod header;
mod id;
pub(crate) mod metrics;
mod moments;
mod number;
mod onward;
pub(crate) mod otlp;
mod record;
mod span;
mod trace;
mod watch;
pub(crate) mod xray;

#[cfg(feature = "outbound-http")]
pub(crate) use calls::CallId;
pub use event::HttpEvent;
pub(crate) use guest_span::{Attributes, GuestEvent, GuestLink, GuestSpan, Kind, Status};
pub use header::{Traceparent, XrayHeader};
pub(crate) use id::Ids;
pub use id::{SpanId, TraceId};
#[cfg(feature = "outbound-http")]
pub(crate) use moments::WriteMoments;
pub(crate) use onward::Onward;
#[cfg(feature = "outbound-http")]
pub(crate) use onward::Origin;
pub use onward::continued_xray;
pub(crate) use record::{Init, Record};
pub(crate) use trace::{Context, Place, Propagation, Propagator, Sampler, Traces};
pub(crate) use watch::{GuestEnd, Instantiated, Sent, Watch};
