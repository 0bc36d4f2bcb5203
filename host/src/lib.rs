//! The Bootstream host: runs a WebAssembly handler component on AWS Lambda and streams its
//! responses.
//!
//! ```text
//!   Runtime API                                                  guest component
//!       │ GET …/next                                                   ▲
//!       ▼                                                              │ exported `handle`
//!  runtime_api::Client ──▶ Invocation ──▶ invoke ──▶ guest::task ───▶ guest::instance
//!       ▲                                                              │ write-headers, write,
//!       │ POST …/response                                              ▼ finish
//!       └──── response::ResponseBody ◀── response::Buffer ◀── guest::imports
//!             (data, then trailers)      (state machine)
//! ```
//!
//! An event comes in at [`runtime_api::Client::next`]; a chunk leaves the guest in
//! `guest/imports.rs` and goes on the wire from [`response::ResponseBody`], or, when it is large and
//! nothing is before it, from [`response::Socket`] without a copy.
//!
//! Sockets and timers are on a current-thread runtime, guests beside it: by the same thread while they
//! are quick, and by one of their own when they are not (`team/`). The two meet in `response/buffer.rs`
//! and, for large chunks, `response/socket.rs` only.
#![warn(missing_docs)]

mod alarm;
#[cfg(any(target_env = "musl", test))]
mod allocator;
mod bindings;
pub mod config;
pub mod engine;
mod guest;
mod handler;
mod init;
pub mod invocation;
mod invoke;
pub mod invoker;
pub mod logging;
#[cfg(all(target_arch = "x86_64", any(target_env = "musl", test)))]
mod memory_functions;
#[cfg_attr(
    not(feature = "outbound-http"),
    expect(
        dead_code,
        reason = "the settings of requests are read and checked in every build"
    )
)]
mod outbound;
mod platform;
pub mod response;
mod run_loop;
pub mod runtime_api;
mod shutdown;

#[cfg(feature = "bench")]
pub use guest::bench;
pub use init::run;
pub use shutdown::end;

/// Lets this thread keep what it frees.
pub fn keep_blocks() {
    #[cfg(target_env = "musl")]
    allocator::keep_blocks();
}

/// For every program with this library in it.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: allocator::Allocator = allocator::Allocator;
