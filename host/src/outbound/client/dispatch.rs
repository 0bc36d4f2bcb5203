//! Sends a request over a kept connection or a new one, and once more if a kept one was lost.

use std::sync::Arc;

use http::request::Parts;
use http::{Method, Request, Response};
use hyper::body::Incoming;
use wasmtime_wasi_http::Error;

use super::connect::{self, Failure, Permit, Route};
use super::exchange::{Carried, Ending, Exchange, Io, Timeouts};
use super::idle::{Key, User};
use super::link::{Link, Lost};
use super::payload::Payload;
use super::pool::Pool;
use super::request_log::{RequestRecord, Used};
use super::reuse::{Repeatable, leaves_no_identity, peer_keeps, repeats};
use crate::outbound::policy::{Policy, Reach};
use crate::outbound::target::Destination;

/// The idle connections of the process.
pub(super) static POOL: Pool = Pool::new();

/// A request that may be sent, without head and body.
pub(super) struct Order {
    pub(super) policy: Arc<Policy>,
    pub(super) destination: Destination,
    pub(super) reach: Reach,
    /// The tenant of the invocation.
    pub(super) tenant: Option<String>,
    pub(super) timeouts: Timeouts,
    pub(super) permit: Permit,
    pub(super) repeatable: Repeatable,
    pub(super) record: Option<RequestRecord>,
}

/// Completes the head of a request when its connection is open, for each attempt anew.
pub(super) trait Prepare: Send {
    /// Changes `head`, which is as it was given to [`dispatch`].
    fn prepare(&mut self, head: &mut Parts) -> Result<(), Error>;
}

/// Sends the head as it is.
pub(super) struct AsIs;

impl Prepare for AsIs {
    fn prepare(&mut self, _head: &mut Parts) -> Result<(), Error> {
        Ok(())
    }
}

/// Sends a request and waits for the head of its response. Poll the future until the body of the response has
/// ended; it holds the permit.
pub(super) async fn dispatch(
    order: Order,
    head: Parts,
    payload: Payload,
    prepare: &mut dyn Prepare,
) -> Result<(Response<Carried>, Io), Failure> {
    let mut attempts = Attempts {
        order,
        payload,
        prepare,
    };
    let mut used = Used::New;
    let order = &attempts.order;
    if let Some(link) = POOL.take(&order.key(), order.policy.keep_alive).await {
        match attempts.send(link, Used::Kept, head.clone()).await {
            Ok(sent) => return Ok(attempts.order.answer(sent)),
            Err(lost) if !attempts.repeats(&lost, &head.method) => return Err(lost.error.into()),
            Err(lost) => attempts.payload.restore(lost.body),
        }
        used = Used::Retried;
    }
    let link = attempts.order.open(&head).await?;
    match attempts.send(link, used, head).await {
        Ok(sent) => Ok(attempts.order.answer(sent)),
        Err(lost) => Err(lost.error.into()),
    }
}

/// A request and what its attempts share.
struct Attempts<'a> {
    order: Order,
    payload: Payload,
    prepare: &'a mut dyn Prepare,
}

impl Attempts<'_> {
    async fn send(&mut self, mut link: Link, used: Used, mut head: Parts) -> Result<Sent, Lost> {
        self.prepare.prepare(&mut head).map_err(Lost::for_good)?;
        let record = &mut self.order.record;
        if let Some(record) = record {
            record.connected(used, link.meter());
        }
        let is_anonymous = leaves_no_identity(&head.headers);
        let request = Request::from_parts(head, self.payload.take());
        let first_byte = self.order.timeouts.first_byte;
        let response = link.send(request, first_byte).await?;
        if let Some(record) = record {
            record.responded(response.status());
        }
        Ok(Sent {
            link,
            response,
            is_anonymous,
        })
    }

    fn repeats(&self, lost: &Lost, method: &Method) -> bool {
        let is_held = self.payload.is_held();
        repeats(lost.loss, method, self.order.repeatable, is_held)
    }
}

/// A request that was sent, and the head of its response.
struct Sent {
    link: Link,
    response: Response<Incoming>,
    /// Whether the request left the connection without an identity.
    is_anonymous: bool,
}

impl Order {
    fn key(&self) -> Key {
        Key {
            destination: self.destination.clone(),
            reach: self.reach,
            user: User::Tenant(self.tenant.clone()),
        }
    }

    /// Opens a connection for a request with this head.
    async fn open(&self, head: &Parts) -> Result<Link, Failure> {
        let opening = || {
            connect::open(Route {
                policy: &self.policy,
                destination: &self.destination,
                reach: self.reach,
                head: Some(head),
                permit: &self.permit,
                limit: self.timeouts.connect,
            })
        };
        match opening().await {
            Err(Failure::OutOfFiles) if POOL.clear() => opening().await,
            opened => opened,
        }
    }

    fn answer(self, sent: Sent) -> (Response<Carried>, Io) {
        let Sent {
            link,
            response,
            is_anonymous,
        } = sent;
        let is_kept = is_anonymous && leaves_no_identity(response.headers());
        let ending = Ending {
            key: self.key(),
            limits: self.policy.keep_alive,
            peer_keeps: peer_keeps(response.headers()),
            link,
            is_kept,
            permit: self.permit,
            record: self.record,
        };
        let is_sent = !ending.link.is_sending();
        let exchange = Exchange::new(ending, &POOL);
        let (head, body) = response.into_parts();
        let (body, io) = exchange.carrying(body, is_sent);
        (Response::from_parts(head, body), io)
    }
}
