//! Drives the real `bootstrap` with real handlers against a Runtime API that records every byte.
//!
//! The tests check what `docs/reference/protocol.md` specifies.
#![cfg(test)]

mod any_runtime;
mod arm64;
#[cfg(feature = "outbound-http")]
mod aws;
mod backpressure;
mod concurrency;
mod conformance_table;
mod connections;
mod context;
mod deadline;
mod documents;
mod errors;
#[cfg(feature = "outbound-http")]
mod events;
mod faults;
#[cfg(feature = "outbound-http")]
mod fetch;
mod hostile;
mod hot_pages;
mod init;
mod instances;
#[cfg(feature = "outbound-http")]
mod kept;
#[cfg(feature = "outbound-http")]
mod kept_lost;
mod lambda_root;
mod large_chunks;
mod loading;
mod log_pipe;
mod logs;
mod misuse;
#[cfg(feature = "outbound-http")]
mod mixed;
mod observe;
#[cfg(feature = "outbound-http")]
mod outbound;
mod peers;
mod polling;
mod precompiled;
mod properties;
#[cfg(feature = "outbound-http")]
mod proxied_streams;
#[cfg(feature = "outbound-http")]
mod reaching;
#[cfg(feature = "outbound-http")]
mod rebinding;
#[cfg(feature = "outbound-http")]
mod reuse;
#[cfg(feature = "outbound-http")]
mod sandbox;
#[cfg(feature = "outbound-http")]
mod secrets;
#[cfg(feature = "outbound-http")]
mod service;
mod settings;
mod shutdown;
mod snapshot;
mod soak;
mod sockets;
mod start_reads;
mod streaming;
#[cfg(feature = "outbound-http")]
mod warm;
#[cfg(feature = "outbound-http")]
mod wasi_http;
#[cfg(feature = "outbound-http")]
mod web;
