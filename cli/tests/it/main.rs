//! Drives the real commands over real sockets.

mod compile;
mod dev;
mod invoke;
mod support;
mod swap;
