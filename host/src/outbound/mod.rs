//! HTTP requests of the guest, to allowed hosts only.
//!
//! `target`, `address`, `policy` and `secret` decide and do no I/O. A request leaves the guest in `hooks`;
//! `connect`, `exchange` and `body` carry it out, and `failure_log` logs those that fail.

pub(crate) mod address;
mod policy;
mod secret;
pub(crate) mod target;

#[cfg(feature = "outbound-http")]
pub(crate) mod aws;
#[cfg(feature = "outbound-http")]
mod body;
#[cfg(feature = "outbound-http")]
mod connect;
#[cfg(feature = "outbound-http")]
mod exchange;
#[cfg(feature = "outbound-http")]
mod failure_log;
#[cfg(feature = "outbound-http")]
mod held;
#[cfg(feature = "outbound-http")]
mod hooks;
#[cfg(feature = "outbound-http")]
mod tls;

#[cfg(feature = "outbound-http")]
pub(crate) use held::Holding;
#[cfg(feature = "outbound-http")]
pub(crate) use hooks::Outbound;
pub(crate) use policy::{Forbidden, Policy};
pub(crate) use secret::Secret;
