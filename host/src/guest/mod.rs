//! The sandboxed side: a task for each worker that runs handlers, one fresh instance for each invocation
//! unless the user wants instances used again.

#[cfg(feature = "bench")]
pub mod bench;
mod failure;
mod files;
mod imports;
mod instance;
mod interrupt;
mod job;
mod limits;
mod metrics;
mod next;
mod output;
mod record;
mod reuse;
mod sockets;
mod stack;
mod state;
mod task;
mod traceback;
mod wasi;

pub(crate) use files::{Files, limit_writes};
pub(crate) use imports::add_to_linker;
pub(crate) use interrupt::{Interrupt, InterruptReason};
pub(crate) use job::Job;
pub(crate) use limits::LimitSettings;
#[cfg(feature = "outbound-http")]
pub(crate) use output::LineOf;
pub(crate) use reuse::Reuse;
pub(crate) use sockets::refuse_sockets;
pub(crate) use state::{Environment, GuestState};
pub(crate) use task::GuestTask;
pub(crate) use wasi::add_wasi_to_linker;
