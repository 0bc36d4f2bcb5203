//! HTTP requests of the guest, to allowed hosts only.
//!
//! `target`, `address`, `policy` and `secret` decide which request may leave, `idle` and `reuse` which connection
//! it takes. None of them does I/O. A request leaves the guest in `hooks`. `filling` fills in the values of
//! secrets, those from a store out of `vault`; `watch` looks for placeholders in bodies that stay as they are.
//! `dispatch` sends the request, with its `payload`, over a connection of `pool` or a new one (`connect`, `link`).
//! `exchange` ends it. `failure_log` logs requests that fail, `request_log` what each has cost.

pub(crate) mod address;
mod keep_alive;
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
mod dispatch;
#[cfg(feature = "outbound-http")]
mod exchange;
#[cfg(feature = "outbound-http")]
mod failure_log;
#[cfg(feature = "outbound-http")]
mod filling;
#[cfg(feature = "outbound-http")]
mod held;
#[cfg(feature = "outbound-http")]
mod hooks;
#[cfg(feature = "outbound-http")]
mod idle;
#[cfg(feature = "outbound-http")]
mod late_timer;
#[cfg(feature = "outbound-http")]
mod link;
#[cfg(feature = "outbound-http")]
mod meter;
#[cfg(feature = "outbound-http")]
mod moment;
#[cfg(feature = "outbound-http")]
mod payload;
#[cfg(feature = "outbound-http")]
mod pool;
#[cfg(feature = "outbound-http")]
mod request_log;
#[cfg(feature = "outbound-http")]
mod reuse;
#[cfg(feature = "outbound-http")]
mod sending;
#[cfg(feature = "outbound-http")]
mod tls;
#[cfg(feature = "outbound-http")]
mod vault;
#[cfg(feature = "outbound-http")]
mod warm;
#[cfg(feature = "outbound-http")]
mod watch;

#[cfg(feature = "outbound-http")]
pub(crate) use held::Holding;
#[cfg(feature = "outbound-http")]
pub(crate) use hooks::Outbound;
pub(crate) use keep_alive::{KeepAlive, LIFE_SECONDS, MOST_WARM, NO_KEEP_ALIVE};
pub(crate) use policy::{Forbidden, Policy, Reach};
pub(crate) use secret::{
    Place, SOURCE_EXPECTED, Secret, Source as SecretSource, Text as SecretText, Use as SecretUse,
    Value as SecretValue,
};
#[cfg(feature = "outbound-http")]
pub(crate) use vault::Vault;
#[cfg(feature = "outbound-http")]
pub(crate) use warm::warm;
