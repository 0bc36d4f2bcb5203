//! Drives the real `bootstrap` with real handlers against a Runtime API that keeps every byte.
//!
//! The numbers in the comments are those of the conformance cases the protocol notes list.
#![cfg(test)]

mod backpressure;
mod concurrency;
mod context;
mod deadline;
mod errors;
mod init;
mod logs;
mod misuse;
mod peers;
mod polling;
mod shutdown;
mod streaming;
mod support;
