//! The sandboxed side: one thread that runs handlers, one fresh instance for each invocation.

mod failure;
mod imports;
mod instance;
mod interrupt;
mod job;
mod limits;
mod next;
mod output;
mod state;
mod thread;

pub(crate) use imports::add_to_linker;
pub(crate) use interrupt::{Interrupt, InterruptReason};
pub(crate) use job::Job;
pub(crate) use state::{Environment, GuestState};
pub(crate) use thread::GuestThread;
