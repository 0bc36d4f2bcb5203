//! Request bodies that are held in memory before they are sent.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use wasmtime_wasi_http::{Error, WasiBody};

/// Smallest step by which a body takes room, in bytes.
const STEP_BYTES: usize = 16 * 1024;

/// The room for held bodies of the process: twice the limit of one body.
///
/// Bodies share the first half, and take of it what they need as they grow. A body that finds it full waits
/// for the second half, which one body at a time may fill. So a body that has begun to grow is never stuck
/// behind another that waits.
#[derive(Clone, Debug)]
pub(crate) struct Holding {
    /// Largest body, in bytes.
    limit: usize,
    /// Permits for bytes of the first half.
    shared: Arc<Semaphore>,
    /// Permits for the second half: one.
    reserve: Arc<Semaphore>,
}

/// A whole body and its room.
#[derive(Debug)]
pub(super) struct Held {
    bytes: Vec<u8>,
    _room: Room,
}

/// Why a body is not held. The setting that limits it is named by the caller, for whom it is held.
#[derive(Debug)]
pub(super) enum NotHeld {
    /// It is larger than the limit, which is in bytes.
    TooLarge(usize),
    /// Other bodies have filled the room.
    NoRoom,
    /// The guest was too slow to write it.
    Slow,
    /// It ended before it was whole.
    Incomplete(Error),
}

impl NotHeld {
    /// The error that the guest gets.
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::TooLarge(limit) => Error::HttpRequestBodySize(u64::try_from(limit).ok()),
            Self::NoRoom => Error::ConnectionLimitReached,
            Self::Slow => Error::ConnectionWriteTimeout,
            Self::Incomplete(error) => error,
        }
    }
}

/// The room of one body.
#[derive(Debug, Default)]
struct Room {
    shared: Option<OwnedSemaphorePermit>,
    reserve: Option<OwnedSemaphorePermit>,
    bytes: usize,
}

enum Found {
    Shared(OwnedSemaphorePermit),
    Reserve(OwnedSemaphorePermit),
}

impl Holding {
    /// Creates room for bodies of up to `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            shared: Arc::new(Semaphore::new(limit)),
            reserve: Arc::new(Semaphore::new(1)),
        }
    }

    /// Reads `body` to its end. Trailers are dropped, because the body is then sent with its length.
    ///
    /// `declared` is the length that the guest has announced. `pause` is the longest wait for a part of the
    /// body, and for room.
    ///
    /// # Errors
    ///
    /// When the body is too large, is not written in time, ends early, or finds no room.
    pub(super) async fn collect(
        &self,
        mut body: WasiBody,
        declared: Option<u64>,
        pause: Duration,
    ) -> Result<Held, NotHeld> {
        let limit = u64::try_from(self.limit).unwrap_or(u64::MAX);
        if declared.is_some_and(|declared| declared > limit) {
            return Err(NotHeld::TooLarge(self.limit));
        }
        let (mut bytes, mut room) = (Vec::new(), Room::default());
        while let Some(frame) = timeout(pause, body.frame())
            .await
            .map_err(|_| NotHeld::Slow)?
        {
            let Ok(data) = frame.map_err(NotHeld::Incomplete)?.into_data() else {
                continue;
            };
            let length = bytes.len() + data.len();
            if length > self.limit {
                return Err(NotHeld::TooLarge(self.limit));
            }
            if length > room.bytes {
                let wanted = length.max(bytes.len() * 2).next_multiple_of(STEP_BYTES);
                let wanted = wanted.min(self.limit);
                self.extend(&mut room, wanted, pause).await?;
                bytes.reserve_exact(wanted - bytes.len());
            }
            bytes.extend_from_slice(&data);
        }
        Ok(Held { bytes, _room: room })
    }

    /// Extends `room` to `wanted` bytes, at most the limit.
    async fn extend(&self, room: &mut Room, wanted: usize, pause: Duration) -> Result<(), NotHeld> {
        if room.reserve.is_none() {
            let more = u32::try_from(wanted - room.bytes).map_err(|_| NotHeld::NoRoom)?;
            let found = timeout(pause, self.find(more)).await.ok().flatten();
            match found.ok_or(NotHeld::NoRoom)? {
                Found::Shared(permit) => match &mut room.shared {
                    Some(shared) => shared.merge(permit),
                    None => room.shared = Some(permit),
                },
                Found::Reserve(permit) => room.reserve = Some(permit),
            }
        }
        room.bytes = wanted;
        Ok(())
    }

    /// Waits for `bytes` of the first half, or for the second half.
    async fn find(&self, bytes: u32) -> Option<Found> {
        tokio::select! {
            biased;
            shared = Arc::clone(&self.shared).acquire_many_owned(bytes) => {
                shared.ok().map(Found::Shared)
            }
            reserve = Arc::clone(&self.reserve).acquire_owned() => {
                reserve.ok().map(Found::Reserve)
            }
        }
    }
}

impl Held {
    /// The content of the body.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Replaces the content.
    pub(super) fn filled(self, bytes: Vec<u8>) -> Self {
        Self { bytes, ..self }
    }

    /// Returns the content, whose last copy frees the room. A peer that answers before it has read the body leaves
    /// a copy with the connection.
    pub(super) fn into_bytes(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use http_body_util::channel::{Channel, Sender};

    use super::*;

    const PAUSE: Duration = Duration::from_millis(50);
    const LIMIT: usize = 64 * 1024;

    fn channel() -> (Sender<Bytes, Error>, WasiBody) {
        let (sender, body) = Channel::new(100);
        (sender, body.boxed_unsync())
    }

    /// A whole body of this many bytes, in parts of `part` bytes.
    async fn body_of(length: usize, part: usize) -> WasiBody {
        let (mut sender, body) = channel();
        let bytes = Bytes::from(vec![b'x'; length]);
        for at in (0..length).step_by(part) {
            let data = bytes.slice(at..length.min(at + part));
            sender.send_data(data).await.ok().unwrap();
        }
        body
    }

    #[tokio::test]
    async fn a_body_up_to_the_limit_is_held() {
        let holding = Holding::new(LIMIT);
        for length in [0, 1, 300, LIMIT - 1, LIMIT] {
            let body = body_of(length, 1000).await;
            let held = holding.collect(body, None, PAUSE).await.unwrap();
            assert_eq!(held.bytes().len(), length);
        }
        let body = body_of(LIMIT + 1, 1000).await;
        let refused = holding.collect(body, None, PAUSE).await;
        assert!(matches!(refused, Err(NotHeld::TooLarge(LIMIT))));
        assert_eq!(holding.shared.available_permits(), LIMIT);
    }

    #[tokio::test]
    async fn a_body_that_is_declared_too_large_is_not_read() {
        let (_sender, body) = channel();
        let declared = Some(LIMIT as u64 + 1);
        let refused = Holding::new(LIMIT).collect(body, declared, PAUSE).await;
        assert!(matches!(refused, Err(NotHeld::TooLarge(LIMIT))));
    }

    #[tokio::test]
    async fn a_body_that_pauses_or_breaks_off_is_not_held() {
        let holding = Holding::new(LIMIT);
        let (mut sender, body) = channel();
        sender
            .send_data(Bytes::from_static(b"part"))
            .await
            .ok()
            .unwrap();
        let slow = holding.collect(body, None, PAUSE).await;
        assert!(matches!(slow, Err(NotHeld::Slow)));
        let (mut sender, body) = channel();
        sender
            .send_data(Bytes::from_static(b"part"))
            .await
            .ok()
            .unwrap();
        sender.abort(Error::HttpProtocolError);
        let incomplete = holding.collect(body, None, PAUSE).await;
        assert!(matches!(incomplete, Err(NotHeld::Incomplete(_))));
        assert_eq!(holding.shared.available_permits(), LIMIT);
    }

    #[tokio::test]
    async fn trailers_are_dropped() {
        let (mut sender, body) = channel();
        sender.send_trailers(HeaderMap::new()).await.ok().unwrap();
        drop(sender);
        let held = Holding::new(LIMIT)
            .collect(body, None, PAUSE)
            .await
            .unwrap();
        assert!(held.bytes().is_empty());
    }

    /// As a connection and a second attempt have one.
    #[tokio::test]
    async fn the_last_copy_frees_the_room() {
        let holding = Holding::new(LIMIT);
        let body = body_of(LIMIT, 1000).await;
        let held = holding.collect(body, None, PAUSE).await.unwrap();
        let bytes = held.filled(vec![b'y'; 10]).into_bytes();
        let copy = bytes.slice(1..3);
        drop(bytes);
        assert_eq!(copy, "yy");
        assert_eq!(holding.shared.available_permits(), 0);
        drop(copy);
        assert_eq!(holding.shared.available_permits(), LIMIT);
    }

    /// The first half is full, so one body gets the second half, and the next one waits for it.
    #[tokio::test]
    async fn all_bodies_together_take_at_most_twice_the_limit() {
        let holding = Holding::new(LIMIT);
        let collect = async || {
            let body = body_of(LIMIT, LIMIT).await;
            holding.collect(body, None, PAUSE).await
        };
        let first = collect().await.unwrap();
        let second = collect().await.unwrap();
        assert!(matches!(collect().await, Err(NotHeld::NoRoom)));
        for full in [first, second] {
            let (waited, ()) = tokio::join!(collect(), async { drop(full) });
            assert!(waited.is_ok());
        }
        assert_eq!(holding.shared.available_permits(), LIMIT);
        assert_eq!(holding.reserve.available_permits(), 1);
    }

    /// Two bodies that have each taken a part of the room do not wait for each other.
    #[tokio::test]
    async fn bodies_that_grow_at_once_all_get_through() {
        let holding = Holding::new(LIMIT);
        let (mut one, one_body) = channel();
        let (mut two, two_body) = channel();
        let pause = Duration::from_secs(5);
        let writing = async move {
            for _ in 0..LIMIT / 1024 {
                for sender in [&mut one, &mut two] {
                    sender
                        .send_data(Bytes::from(vec![b'x'; 1024]))
                        .await
                        .ok()
                        .unwrap();
                }
                tokio::task::yield_now().await;
            }
        };
        let first = async { holding.collect(one_body, None, pause).await.map(drop) };
        let second = async { holding.collect(two_body, None, pause).await.map(drop) };
        let (first, second, ()) = tokio::join!(first, second, writing);
        assert!(first.is_ok() && second.is_ok());
    }
}
