//! The Runtime API of one execution environment.
//!
//! It has a listener of its own, so that a runtime which only understands `host:port` works.

mod bodies;
mod credentials;
mod phase;
mod replies;
mod routes;
#[cfg(test)]
mod tests;

pub(crate) use phase::{PendingResponse, Phase};
pub(crate) use routes::{Delivery, RuntimeApi};
