//! Drives the real commands over real sockets.

mod compile;
mod deploy;
mod dev;
mod doctor;
mod doors;
mod functions;
mod invoke;
mod limits;
mod new;
mod package;
mod runtimes;
mod sdk;
mod support;
mod swap;
mod watch;
