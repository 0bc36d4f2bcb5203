//! Drives the real commands over real sockets.

mod attacks;
mod build;
mod clients;
mod compile;
mod deploy;
mod dev;
mod doctor;
mod documents;
mod doors;
mod event;
mod functions;
mod invoke;
mod limits;
mod load;
mod new;
mod package;
mod pages;
mod peers;
mod preinit;
mod requests;
mod runtimes;
mod sdk;
mod support;
mod swap;
mod unpacked;
mod watch;
