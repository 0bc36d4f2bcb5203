//! Opens connections ahead of the first request.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::connect::{self, Failure, Route};
use super::dispatch::POOL;
use super::idle::{Ages, Key, User};
use super::moment::Moment;
use crate::outbound::policy::{Policy, Reach};
use crate::outbound::target::Destination;

/// Longest time that this delays the start.
const LIMIT: Duration = Duration::from_secs(2);

/// Opens a connection for each of `routes`, all at once, and keeps those that are open within two seconds.
/// Failures are only logged: the first request tries again.
pub(crate) async fn warm(policy: &Arc<Policy>, routes: &[(Destination, Reach)]) {
    let mut opening = JoinSet::new();
    for (destination, reach) in routes {
        opening.spawn(open(Arc::clone(policy), destination.clone(), *reach));
    }
    let all = async { while opening.join_next().await.is_some() {} };
    if timeout(LIMIT, all).await.is_err() {
        tracing::debug!("opening ahead: not every connection was open after {LIMIT:?}");
    }
}

async fn open(policy: Arc<Policy>, destination: Destination, reach: Reach) {
    let permit = Arc::new(Semaphore::new(1)).try_acquire_owned();
    let permit = Arc::new(permit.expect("a new semaphore has its permit"));
    match connect::open(Route {
        policy: &policy,
        destination: &destination,
        reach,
        head: None,
        permit: &permit,
        limit: policy.connect,
    })
    .await
    {
        Ok(link) => {
            let key = Key {
                destination,
                reach,
                user: User::Nobody,
            };
            let ages = Ages {
                opened: link.opened,
                idle_since: Moment::now(),
                peer_keeps: None,
            };
            POOL.put(key, link, ages, policy.keep_alive);
        }
        Err(Failure::Other(error)) => {
            tracing::debug!("opening ahead: no connection to `{destination}`: {error}");
        }
        Err(Failure::OutOfFiles) => {
            tracing::debug!(
                "`outbound.warm`: no connection to `{destination}`: no file descriptor is left"
            );
        }
        Err(Failure::Prohibited(found)) => {
            tracing::debug!(
                "opening ahead: no connection to `{destination}`: {found:?} is prohibited"
            );
        }
    }
}
