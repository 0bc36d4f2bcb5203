//! The sandboxed side: runs the handler for a worker, by default in a fresh instance for each invocation.

#[cfg(feature = "bench")]
pub(crate) mod bench;
mod crash;
mod failure;
mod files;
#[cfg(feature = "wasi-p3")]
mod files_p3;
mod guests;
mod handler;
mod imports;
mod instance;
mod interrupt;
mod limits;
mod metrics;
mod next;
mod otel;
#[cfg(feature = "rehearsal")]
mod otel_told;
mod otel_values;
mod output;
mod ready;
mod record;
mod removal;
#[cfg(feature = "rehearsal")]
mod replay;
mod reuse;
mod run;
mod sockets;
mod stack;
mod state;
mod taped;
mod traceback;
mod wasi;
#[cfg(feature = "wasi-p3")]
mod wasi_p3;
mod world;

pub(crate) use files::Files;
pub(crate) use guests::{Guests, Panicked};
pub(crate) use handler::Handler;
pub(crate) use interrupt::{Interrupt, InterruptReason};
pub(crate) use limits::LimitSettings;
#[cfg(feature = "rehearsal")]
pub use otel_told::{Told, told};
#[cfg(feature = "rehearsal")]
pub(crate) use replay::replay_in;
pub(crate) use reuse::Reuse;
pub(crate) use run::{Completed, Ended, Invoke};
pub(crate) use state::GuestConfig;
