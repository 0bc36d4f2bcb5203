//! The body of a response under network conditions.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::channel::{Outcome, Part, ResponseReceiver, outcome_of};
use super::network::NetworkConditions;
use super::token_bucket::TokenBucket;
use crate::failure::{Failure, SERVICE_TIMEOUT};
use crate::log_tail::LogTail;

/// The next event of a body.
#[derive(Debug)]
pub(super) enum BodyEvent {
    /// Bytes of the body.
    Chunk(Bytes),
    /// The invocation ended.
    End(Outcome),
    /// The connection breaks, whatever the state of the invocation.
    Cut(Failure),
}

/// Reads a response as fast as the network conditions allow.
///
/// Holds one part and reads the next only after that has passed, so that a slow network blocks the
/// function's `write`. If it is dropped, the function continues without a reader.
#[derive(Debug)]
pub(crate) struct PacedBody {
    /// Bytes that have been read but not passed yet.
    waiting: Bytes,
    /// When they arrived from the runtime.
    arrived: Instant,
    rest: ResponseReceiver,
    conditions: NetworkConditions,
    bucket: Option<TokenBucket>,
    passed: usize,
    silence: Option<Pin<Box<Sleep>>>,
    end: Option<Pin<Box<Sleep>>>,
}

impl PacedBody {
    pub(crate) fn new(first: Bytes, rest: ResponseReceiver, conditions: NetworkConditions) -> Self {
        Self {
            waiting: first,
            // They are opened as soon as they arrive.
            arrived: Instant::now(),
            rest,
            conditions,
            bucket: conditions.rate.map(TokenBucket::new),
            passed: 0,
            silence: None,
            end: conditions.end.map(|end| Box::pin(sleep_until(end))),
        }
    }

    pub(super) fn log(&self) -> LogTail {
        self.rest.log.clone()
    }

    /// Returns when the bytes of the last chunk arrived from the runtime.
    pub(super) fn arrived(&self) -> Instant {
        self.arrived
    }

    /// Polls for the next event. Do not call it after an end or a cut.
    pub(super) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<BodyEvent> {
        let has_passed = |limit: Option<usize>| limit.is_some_and(|limit| self.passed >= limit);
        let is_too_large = has_passed(self.conditions.total);
        if has_passed(self.conditions.cut_after) {
            let message = format!("cut off after {} bytes, as asked", self.passed);
            return Poll::Ready(BodyEvent::Cut(Failure::new("Client.Disconnected", message)));
        }
        if let Some(end) = &mut self.end
            && end.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(BodyEvent::Cut(Failure::new(
                SERVICE_TIMEOUT,
                "the stream took longer than the service allows",
            )));
        }
        if self.waiting.is_empty() {
            match self.poll_part(cx) {
                Poll::Ready(Some(part)) => self.waiting = part,
                Poll::Ready(None) => {
                    let outcome = ready!(Pin::new(&mut self.rest.outcome).poll(cx));
                    return Poll::Ready(BodyEvent::End(outcome_of(outcome)));
                }
                Poll::Pending => return self.poll_silence(cx).map(BodyEvent::Cut),
            }
        }
        if is_too_large {
            return Poll::Ready(BodyEvent::End(Err(too_large(self.passed))));
        }
        let allowed = match &mut self.bucket {
            Some(bucket) => ready!(bucket.poll_allowance(cx)),
            None => usize::MAX,
        };
        Poll::Ready(BodyEvent::Chunk(self.pass(allowed)))
    }

    /// Takes at most `allowed` of the waiting bytes.
    fn pass(&mut self, allowed: usize) -> Bytes {
        let limits = [self.conditions.total, self.conditions.cut_after];
        let left = limits.iter().flatten().map(|limit| limit - self.passed);
        let length = left.fold(allowed.min(self.waiting.len()), usize::min);
        let chunk = self.waiting.split_to(length);
        self.passed += length;
        if let Some(bucket) = &mut self.bucket {
            bucket.spend(length);
        }
        chunk
    }

    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            match ready!(self.rest.parts.poll_recv(cx)) {
                Some(Part::Chunk(chunk, arrived)) if !chunk.is_empty() => {
                    self.silence = None;
                    self.arrived = arrived;
                    return Poll::Ready(Some(chunk));
                }
                Some(Part::Chunk(..) | Part::Head { .. }) => {}
                None => return Poll::Ready(None),
            }
        }
    }

    /// Polls until the stream has been idle for too long.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<Failure> {
        let Some(limit) = self.conditions.idle else {
            return Poll::Pending;
        };
        let silence = self
            .silence
            .get_or_insert_with(|| Box::pin(sleep(self.conditions.clock.real(limit))));
        silence.as_mut().poll(cx).map(|()| {
            let message = format!("nothing was written for {} seconds", limit.as_secs());
            Failure::new("Service.IdleTimeout", message)
        })
    }
}

fn too_large(passed: usize) -> Failure {
    let message =
        format!("Response payload size exceeded maximum allowed payload size ({passed} bytes).");
    Failure::new("Function.ResponseSizeTooLarge", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::channel::ResponseSender;
    use crate::testing::{begun, chunk};
    use std::time::Duration;

    async fn paced(
        conditions: NetworkConditions,
        chunks: &[&'static [u8]],
    ) -> (ResponseSender, PacedBody) {
        let (sender, receiver) = begun(chunks.iter().map(|it| chunk(it))).await;
        (sender, PacedBody::new(Bytes::new(), receiver, conditions))
    }

    async fn next(body: &mut PacedBody) -> BodyEvent {
        std::future::poll_fn(|cx| body.poll_event(cx)).await
    }

    #[track_caller]
    fn expect_chunk(event: &BodyEvent, expected: &str) {
        assert!(
            matches!(event, BodyEvent::Chunk(chunk) if chunk == expected),
            "{event:?}"
        );
    }

    #[tokio::test]
    async fn the_total_is_passed_to_the_last_byte_and_then_told() {
        let conditions = NetworkConditions {
            total: Some(5),
            ..NetworkConditions::default()
        };
        let (_responder, mut body) = paced(conditions, &[b"abc", b"defg"]).await;

        expect_chunk(&next(&mut body).await, "abc");
        expect_chunk(&next(&mut body).await, "de");
        let BodyEvent::End(Err(failure)) = next(&mut body).await else {
            panic!("no failure");
        };
        assert_eq!(failure.error_type, "Function.ResponseSizeTooLarge");
    }

    #[tokio::test]
    async fn a_total_that_is_just_reached_is_complete() {
        let conditions = NetworkConditions {
            total: Some(3),
            ..NetworkConditions::default()
        };
        let (sender, mut body) = paced(conditions, &[b"abc"]).await;
        sender.outcome.send(Ok(())).unwrap();
        drop(sender.parts);

        expect_chunk(&next(&mut body).await, "abc");
        assert!(matches!(next(&mut body).await, BodyEvent::End(Ok(()))));
    }

    #[tokio::test]
    async fn the_caller_is_cut_off_after_the_bytes_asked_for() {
        let conditions = NetworkConditions {
            cut_after: Some(4),
            ..NetworkConditions::default()
        };
        let (_responder, mut body) = paced(conditions, &[b"abc", b"defg"]).await;

        expect_chunk(&next(&mut body).await, "abc");
        expect_chunk(&next(&mut body).await, "d");
        assert!(matches!(next(&mut body).await, BodyEvent::Cut(_)));
    }

    #[tokio::test]
    async fn silence_is_measured_from_the_last_event() {
        const LIMIT: Duration = Duration::from_millis(400);
        let conditions = NetworkConditions {
            idle: Some(LIMIT),
            ..NetworkConditions::default()
        };
        let (sender, mut body) = paced(conditions, &[b"a"]).await;
        expect_chunk(&next(&mut body).await, "a");
        let early = tokio::time::timeout(LIMIT / 2, next(&mut body)).await;
        assert!(early.is_err(), "{early:?}");
        sender
            .parts
            .send(Part::Chunk("b".into(), Instant::now()))
            .await
            .unwrap();
        expect_chunk(&next(&mut body).await, "b");
        let since = Instant::now();

        let BodyEvent::Cut(failure) = next(&mut body).await else {
            panic!("not cut");
        };

        assert_eq!(failure.error_type, "Service.IdleTimeout");
        assert!(since.elapsed() >= LIMIT);
    }
}
