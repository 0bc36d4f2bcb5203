//! The idle connections of the process.
//!
//! Nothing runs for an idle connection: it is checked when it is taken.

use std::future::poll_fn;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;

use super::idle::{Ages, IdleSet, Key};
use super::link::Link;
use super::moment::Moment;
use crate::outbound::keep_alive::KeepAlive;
use crate::platform::yield_to_driver;

/// Idle connections, shared by all invocations.
pub(super) struct Pool(Mutex<IdleSet<Link>>);

impl Pool {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(IdleSet::new()))
    }

    /// Takes an open connection for `key`.
    pub(super) async fn take(&self, key: &Key, limits: KeepAlive) -> Option<Link> {
        let mut link = self.next(key, limits)?;
        // Lets the runtime learn what the system has received meanwhile, above all during a freeze.
        yield_to_driver().await;
        loop {
            let is_open = poll_fn(|cx| Poll::Ready(link.poll_is_open(cx))).await;
            if is_open {
                return Some(link);
            }
            link = self.next(key, limits)?;
        }
    }

    /// Adds an idle connection. `ages` are its own as of now.
    pub(super) fn put(&self, key: Key, link: Link, ages: Ages, limits: KeepAlive) {
        let closed = self.with(|set| set.put(key, link, ages, limits));
        drop(closed);
    }

    /// Closes all idle connections. Returns whether there were any.
    pub(super) fn clear(&self) -> bool {
        let closed = self.with(IdleSet::clear);
        !closed.is_empty()
    }

    fn next(&self, key: &Key, limits: KeepAlive) -> Option<Link> {
        let (taken, expired) = self.with(|set| set.take(key, Moment::now(), limits));
        drop(expired);
        taken
    }

    /// Connections that are removed are returned, so that the lock is free while they are closed.
    fn with<R>(&self, change: impl FnOnce(&mut IdleSet<Link>) -> R) -> R {
        let mut set = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut set)
    }
}
