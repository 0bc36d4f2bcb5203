//! A local Lambda: callers in front, `bootstrap` processes behind.
//!
//! The processes are the ones Lambda starts; what is emulated is everything around them.

pub(crate) mod answer;
mod body;
pub(crate) mod bootstrap;
mod buffered;
pub(crate) mod clock;
pub(crate) mod context;
pub(crate) mod cors;
pub(crate) mod deployment;
pub(crate) mod door;
mod emulator;
mod environment;
pub(crate) mod event;
mod fields;
mod flow;
pub(crate) mod front;
pub(crate) mod functions;
pub(crate) mod guard;
mod gunzip;
pub(crate) mod http_server;
pub(crate) mod intake;
pub(crate) mod link;
mod log_tail;
pub(crate) mod opened;
pub(crate) mod pool;
pub(crate) mod prelude;
mod record;
pub(crate) mod reply;
pub(crate) mod response;
mod route;
pub(crate) mod sdk;
mod sdk_door;
pub(crate) mod source;
pub(crate) mod usage;
pub(crate) mod watch;
