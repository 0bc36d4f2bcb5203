//! The Runtime API of one execution environment.
//!
//! It has a listener of its own, so that a runtime which only understands `host:port` works.

mod api;
mod body;
mod phase;
mod replies;
#[cfg(test)]
mod tests;

pub(crate) use api::{Delivery, RuntimeApi};
pub(crate) use phase::{Invocation, Phase};
