//! HTTP requests of the guest, to allowed hosts only.
//!
//! `target`, `address`, `policy` and `secret` decide which request may leave. None of them does I/O. `client`
//! sends it; a host without the feature `outbound-http` checks the settings and has no client.

pub(crate) mod address;
#[cfg(feature = "outbound-http")]
pub(crate) mod client;
mod keep_alive;
mod policy;
mod secret;
pub(crate) mod target;

pub(crate) use keep_alive::{KeepAlive, LIFE_SECONDS, MOST_WARM, NO_KEEP_ALIVE};
pub(crate) use policy::{Forbidden, Policy, Reach};
pub(crate) use secret::{
    Place, SOURCE_EXPECTED, Secret, Source as SecretSource, Text as SecretText, Use as SecretUse,
    Value as SecretValue,
};
