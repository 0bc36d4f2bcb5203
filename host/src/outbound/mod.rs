//! HTTP requests of the guest, to the hosts that are allowed and to nowhere else.
//!
//! `target`, `address`, `policy` and `secret` decide and do no I/O. `hooks` is where a request
//! leaves the guest; `connect`, `exchange` and `body` carry it out, and `told` logs what came to nothing.

pub(crate) mod address;
mod policy;
mod secret;
pub(crate) mod target;

#[cfg(feature = "outbound-http")]
mod body;
#[cfg(feature = "outbound-http")]
mod connect;
#[cfg(feature = "outbound-http")]
mod exchange;
#[cfg(feature = "outbound-http")]
mod hooks;
#[cfg(feature = "outbound-http")]
mod tls;
#[cfg(feature = "outbound-http")]
mod told;

#[cfg(feature = "outbound-http")]
pub(crate) use hooks::Outbound;
pub(crate) use policy::Policy;
pub(crate) use secret::Secret;
