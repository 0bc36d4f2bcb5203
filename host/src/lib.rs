//! The Bootstream host: runs a WebAssembly handler component on AWS Lambda and streams its
//! responses.
//!
//! ```text
//!   Runtime API                                                  guest component
//!       │ GET …/next                                                   ▲
//!       ▼                                                              │ exported `handle`
//!  runtime_api::Client ──▶ Invocation ──▶ worker ──▶ guest::Guests ─▶ guest::instance
//!       ▲                                                              │ write-headers, write,
//!       │ POST …/response                                              ▼ finish
//!       └──── response::ResponseBody ◀── response::Buffer ◀── guest::world
//!             (data, then trailers)      (state machine)
//! ```
//!
//! An event arrives in [`runtime_api::Client::next`]. A chunk leaves the guest in `guest/world/`, waits in
//! `response/buffer.rs`, and is sent by `http1/`. `docs/architecture.md` describes the whole.
#![warn(missing_docs)]

#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
compile_error!("Bootstream needs Linux on x86_64 or arm64: use a container, or WSL on Windows");

#[cfg(feature = "bench")]
pub mod bench;
mod capsule;
pub mod config;
pub mod engine;
pub mod event;
mod executor;
mod guest;
pub mod http1;
mod instance_memory;
pub mod invocation;
pub mod logging;
#[cfg_attr(
    not(feature = "outbound-http"),
    expect(dead_code, reason = "only that feature has requests to record")
)]
pub mod observe;
#[cfg_attr(
    not(feature = "outbound-http"),
    expect(
        dead_code,
        reason = "the settings of requests are read and checked in every build"
    )
)]
mod outbound;
mod platform;
mod process;
#[cfg(feature = "rehearsal")]
pub mod rehearsal;
pub mod response;
pub mod runtime_api;
mod telemetry;
mod worker;

pub use process::{print_version, serve};
pub use worker::{end, run};
