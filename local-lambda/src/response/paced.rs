//! The body of an answer on its way to the caller, piece by piece.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::time::{Sleep, sleep, sleep_until};

use super::answer::{Answer, Failure, Part, Verdict, settled};
use super::link::{Link, Pace};
use super::log_tail::LogTail;

/// The next thing that happens to a caller.
#[derive(Debug)]
pub(crate) enum Piece {
    Chunk(Bytes),
    /// The invocation ended.
    End(Verdict),
    /// The connection breaks, whatever the invocation does.
    Cut(Failure),
}

/// Reads an answer at the pace of a link.
///
/// Holds one part and asks for the next when that has passed, so that a slow link makes the
/// function's `write` wait. Dropping it lets the function go on unheard.
#[derive(Debug)]
pub(crate) struct Flow {
    /// What was read and has not passed yet.
    waiting: Bytes,
    rest: Answer,
    link: Link,
    pace: Option<Pace>,
    passed: usize,
    silence: Option<Pin<Box<Sleep>>>,
    end: Option<Pin<Box<Sleep>>>,
}

impl Flow {
    pub(crate) fn new(first: Bytes, rest: Answer, link: Link) -> Self {
        Self {
            waiting: first,
            rest,
            link,
            pace: link.pace.map(Pace::new),
            passed: 0,
            silence: None,
            end: link.end.map(|end| Box::pin(sleep_until(end))),
        }
    }

    pub(crate) fn log(&self) -> LogTail {
        self.rest.log.clone()
    }

    /// Waits for the next piece. There is none after an end or a cut.
    pub(crate) fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Piece> {
        if self
            .link
            .cut_after
            .is_some_and(|limit| self.passed >= limit)
        {
            let message = format!("cut off after {} bytes, as asked", self.passed);
            return Poll::Ready(Piece::Cut(Failure::new("Client.Disconnected", message)));
        }
        if let Some(end) = &mut self.end
            && end.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Piece::Cut(Failure::new(
                "Service.Timeout",
                "the stream took longer than the service allows",
            )));
        }
        if self.waiting.is_empty() {
            match self.poll_part(cx) {
                Poll::Ready(Some(part)) => self.waiting = part,
                Poll::Ready(None) => {
                    let verdict = ready!(Pin::new(&mut self.rest.verdict).poll(cx));
                    return Poll::Ready(Piece::End(settled(verdict)));
                }
                Poll::Pending => return self.poll_silence(cx).map(Piece::Cut),
            }
        }
        if self.link.total.is_some_and(|limit| self.passed >= limit) {
            return Poll::Ready(Piece::End(Err(too_large(self.passed))));
        }
        let allowed = match &mut self.pace {
            Some(pace) => ready!(pace.poll_allowance(cx)),
            None => usize::MAX,
        };
        Poll::Ready(Piece::Chunk(self.pass(allowed)))
    }

    /// Takes what may pass from what waits.
    fn pass(&mut self, allowed: usize) -> Bytes {
        let limits = [self.link.total, self.link.cut_after];
        let left = limits.iter().flatten().map(|limit| limit - self.passed);
        let length = left.fold(allowed.min(self.waiting.len()), usize::min);
        let chunk = self.waiting.split_to(length);
        self.passed += length;
        if let Some(pace) = &mut self.pace {
            pace.spend(length);
        }
        chunk
    }

    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            match ready!(self.rest.parts.poll_recv(cx)) {
                Some(Part::Chunk(chunk)) if !chunk.is_empty() => {
                    self.silence = None;
                    return Poll::Ready(Some(chunk));
                }
                Some(Part::Chunk(_) | Part::Head { .. }) => {}
                None => return Poll::Ready(None),
            }
        }
    }

    /// Waits until nothing has come for too long.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<Failure> {
        let Some(limit) = self.link.idle else {
            return Poll::Pending;
        };
        let silence = self
            .silence
            .get_or_insert_with(|| Box::pin(sleep(self.link.clock.real(limit))));
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
    use crate::dev::answer::{self, Responder};
    use std::time::Duration;
    use tokio::time::Instant;

    async fn flow(link: Link, chunks: &[&'static [u8]]) -> (Responder, Flow) {
        let (responder, answer) = answer::channel();
        for chunk in chunks {
            let part = Part::Chunk(Bytes::from_static(chunk));
            responder.parts.send(part).await.unwrap();
        }
        (responder, Flow::new(Bytes::new(), answer, link))
    }

    async fn next(flow: &mut Flow) -> Piece {
        std::future::poll_fn(|cx| flow.poll_piece(cx)).await
    }

    #[track_caller]
    fn expect_chunk(piece: &Piece, expected: &str) {
        assert!(
            matches!(piece, Piece::Chunk(chunk) if chunk == expected),
            "{piece:?}"
        );
    }

    #[tokio::test]
    async fn the_total_is_passed_to_the_last_byte_and_then_told() {
        let link = Link {
            total: Some(5),
            ..Link::default()
        };
        let (_responder, mut flow) = flow(link, &[b"abc", b"defg"]).await;

        expect_chunk(&next(&mut flow).await, "abc");
        expect_chunk(&next(&mut flow).await, "de");
        let Piece::End(Err(failure)) = next(&mut flow).await else {
            panic!("no failure");
        };
        assert_eq!(failure.error_type, "Function.ResponseSizeTooLarge");
    }

    #[tokio::test]
    async fn a_total_that_is_just_reached_is_complete() {
        let link = Link {
            total: Some(3),
            ..Link::default()
        };
        let (responder, mut flow) = flow(link, &[b"abc"]).await;
        responder.verdict.send(Ok(())).unwrap();
        drop(responder.parts);

        expect_chunk(&next(&mut flow).await, "abc");
        assert!(matches!(next(&mut flow).await, Piece::End(Ok(()))));
    }

    #[tokio::test]
    async fn the_caller_is_cut_off_after_the_bytes_asked_for() {
        let link = Link {
            cut_after: Some(4),
            ..Link::default()
        };
        let (_responder, mut flow) = flow(link, &[b"abc", b"defg"]).await;

        expect_chunk(&next(&mut flow).await, "abc");
        expect_chunk(&next(&mut flow).await, "d");
        assert!(matches!(next(&mut flow).await, Piece::Cut(_)));
    }

    #[tokio::test]
    async fn silence_is_measured_from_the_last_piece() {
        const LIMIT: Duration = Duration::from_millis(400);
        let link = Link {
            idle: Some(LIMIT),
            ..Link::default()
        };
        let (responder, mut flow) = flow(link, &[b"a"]).await;
        expect_chunk(&next(&mut flow).await, "a");
        let early = tokio::time::timeout(LIMIT / 2, next(&mut flow)).await;
        assert!(early.is_err(), "{early:?}");
        responder.parts.send(Part::Chunk("b".into())).await.unwrap();
        expect_chunk(&next(&mut flow).await, "b");
        let since = Instant::now();

        let Piece::Cut(failure) = next(&mut flow).await else {
            panic!("not cut");
        };

        assert_eq!(failure.error_type, "Service.IdleTimeout");
        assert!(since.elapsed() >= LIMIT);
    }
}
