//! The life of a process and of an invocation: start, poll, invoke, repeat, end.

mod alarm;
mod init;
mod invoke;
mod record;
mod run_loop;
mod shutdown;

#[cfg(any(feature = "bench", feature = "rehearsal"))]
pub(crate) use init::load_handler;
pub use init::run;
pub use shutdown::end;
