//! Sends the requests of the guest.
//!
//! A request leaves the guest in `hooks`. `filling` fills in the values of secrets, those from a store out of
//! `vault`; `watch` looks for placeholders in bodies that stay as they are. `aws` signs. `dispatch` sends the
//! request, with its `payload`, over a connection of `pool` or a new one (`connect`, `link`); `idle` and `reuse`
//! decide which, and do no I/O. `exchange` ends it. `own` sends requests of the host itself. `failure_log` logs requests that fail, `request_log` what each
//! has cost.

pub(crate) mod aws;
mod body;
mod cached;
mod connect;
mod dispatch;
#[cfg(feature = "rehearsal")]
mod double;
mod exchange;
mod failure_log;
mod filling;
mod held;
mod hooks;
mod idle;
mod late_timer;
mod link;
mod meter;
mod moment;
mod own;
mod payload;
#[cfg(feature = "rehearsal")]
mod played;
mod pool;
mod request_log;
mod reuse;
mod sending;
mod taped;
mod tls;
mod vault;
mod warm;
mod watch;

pub(crate) use held::Holding;
pub(crate) use hooks::{Caller, Outbound};
pub(crate) use own::Peer;
pub(crate) use vault::Vault;
pub(crate) use warm::warm;
