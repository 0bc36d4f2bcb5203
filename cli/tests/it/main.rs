//! Drives the real commands over real sockets.

mod attacks;
mod build;
mod cache;
mod clients;
mod compile;
mod deploy;
mod dev;
mod doctor;
mod doors;
mod functions;
mod include;
mod invoke;
mod limits;
mod load;
mod new;
mod package;
mod peers;
mod preinit;
mod runtimes;
mod sdk;
mod support;
mod swap;
mod unpacked;
mod watch;
