//! A local Lambda: callers in front, `bootstrap` processes behind.
//!
//! The processes are the ones Lambda starts; what is emulated is everything around them.

pub(crate) mod answer;
pub(crate) mod bootstrap;
pub(crate) mod buffered;
pub(crate) mod deployment;
pub(crate) mod emulator;
pub(crate) mod environment;
pub(crate) mod event;
pub(crate) mod front;
pub(crate) mod http_server;
pub(crate) mod pool;
pub(crate) mod prelude;
pub(crate) mod record;
pub(crate) mod reply;
pub(crate) mod watch;
