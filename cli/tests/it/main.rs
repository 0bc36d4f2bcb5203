//! Drives the real commands over real sockets.

mod compile;
mod dev;
mod doors;
mod invoke;
mod limits;
mod sdk;
mod support;
mod swap;
