//! Drives the real commands over real sockets.

mod compile;
mod dev;
mod doors;
mod functions;
mod invoke;
mod limits;
mod runtimes;
mod sdk;
mod support;
mod swap;
mod watch;
