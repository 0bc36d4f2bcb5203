//! The connections to one Runtime API: which of them a request goes over.

use std::io;

use super::endpoint::Endpoint;
use crate::http1::{AnswerHead, Connection, Request};

/// What a peer does with connections that could be used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeepAlive {
    /// Nothing was seen of it yet. The first post has a connection of its own, and the kept one
    /// shows meanwhile.
    Unknown,
    Keeps,
    /// It closes them without having said so. A post that meets the end of its connection is lost,
    /// because it may have been read: each has a connection of its own, and only polls, which can be
    /// repeated, go over kept ones.
    Closes,
}

/// The Runtime API, and the one connection to it that is kept.
#[derive(Debug)]
pub(super) struct ConnectionPool {
    endpoint: Endpoint,
    idle: Option<Connection>,
    keep_alive: KeepAlive,
}

impl ConnectionPool {
    /// Connects when it is first used.
    pub(super) fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            idle: None,
            keep_alive: KeepAlive::Unknown,
        }
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Connects ahead of the first request.
    pub(super) async fn connect_ahead(&mut self) -> io::Result<()> {
        self.idle = Some(open(&self.endpoint).await?);
        Ok(())
    }

    /// Connects for the next request, which goes over this connection whatever it is.
    pub(super) async fn connect(&mut self) -> io::Result<()> {
        self.connect_ahead().await?;
        self.keep_alive = KeepAlive::Keeps;
        Ok(())
    }

    /// Waits until an exchange is over on both sides, and keeps its connection if it can carry
    /// another.
    pub(super) async fn keep(&mut self, mut connection: Connection) {
        if connection.finish().await && self.idle.is_none() {
            self.idle = Some(connection);
        }
    }

    /// Sends a request on the kept connection, or on a new one if that was closed meanwhile. What
    /// has begun to leave is not sent again.
    pub(super) async fn exchange(
        &mut self,
        request: Request,
    ) -> io::Result<(Connection, AnswerHead)> {
        let Some(kept) = self.kept() else {
            return self.exchange_afresh(request).await;
        };
        match self.keep_alive {
            KeepAlive::Unknown if request.is_post() => self.exchange_beside(kept, request).await,
            KeepAlive::Closes if request.is_post() => self.exchange_afresh(request).await,
            KeepAlive::Unknown | KeepAlive::Keeps | KeepAlive::Closes => {
                self.exchange_on(kept, request).await
            }
        }
    }

    async fn exchange_on(
        &mut self,
        kept: Connection,
        request: Request,
    ) -> io::Result<(Connection, AnswerHead)> {
        let exchanged = exchange_over(kept, request).await;
        if exchanged.is_err() {
            self.keep_alive = KeepAlive::Closes;
        }
        exchanged
    }

    async fn exchange_afresh(&self, request: Request) -> io::Result<(Connection, AnswerHead)> {
        exchange_over(open(&self.endpoint).await?, request).await
    }

    /// Sends a request on a new connection, and learns from the kept one, which nobody uses
    /// meanwhile, what the peer does with such. Where there is no new one to be had, the kept one has
    /// to do: nothing of the request has left yet.
    async fn exchange_beside(
        &mut self,
        kept: Connection,
        request: Request,
    ) -> io::Result<(Connection, AnswerHead)> {
        // Should this one be lost: a peer that serves one connection at a time would lose every other.
        self.keep_alive = KeepAlive::Keeps;
        let Ok(fresh) = open(&self.endpoint).await else {
            return self.exchange_on(kept, request).await;
        };
        let exchanged = exchange_over(fresh, request).await?;
        if kept.is_open() {
            self.idle = Some(kept);
        } else {
            self.keep_alive = KeepAlive::Closes;
        }
        Ok(exchanged)
    }

    /// The kept connection, if it is still open.
    fn kept(&mut self) -> Option<Connection> {
        let kept = self.idle.take()?;
        if kept.is_open() {
            return Some(kept);
        }
        self.keep_alive = KeepAlive::Closes;
        None
    }
}

async fn open(endpoint: &Endpoint) -> io::Result<Connection> {
    Connection::open(endpoint.host(), endpoint.port()).await
}

async fn exchange_over(
    mut connection: Connection,
    request: Request,
) -> io::Result<(Connection, AnswerHead)> {
    let head = connection.send(request).await?;
    Ok((connection, head))
}
