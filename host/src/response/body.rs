//! The wire's half of a response: data, then trailers if it failed.

use std::sync::Arc;
use std::task::Context;

use bytes::Bytes;
use http::HeaderValue;
use lambda_protocol::error_report::ErrorReport;

use super::buffer::{BodyEvent, Buffer, Kind, Readiness};
use super::state::{FailureRoute, ResponseStream};
use crate::observe::Watch;

/// A response that can be posted.
#[derive(Debug)]
pub enum Payload {
    /// A stream that begins with a prelude.
    Http(ResponseBody),
    /// A stream without a prelude, of this content type.
    Raw(HeaderValue, ResponseBody),
    /// A complete document, of this content type.
    Document(HeaderValue, Bytes),
}

/// Watches a response until it starts; then it becomes the payload.
#[derive(Debug)]
pub struct ResponseReader {
    buffer: Arc<Buffer>,
}

impl ResponseReader {
    pub(super) fn new(buffer: Arc<Buffer>) -> Self {
        Self { buffer }
    }

    /// Waits until there is something to post: the guest has started a stream or finished a document.
    /// Await it before calling [`payload`](Self::payload).
    pub async fn started(&self) {
        std::future::poll_fn(|cx| self.buffer.poll_started(cx)).await;
    }

    /// Whether there is something to post, as [`started`](Self::started) waits for.
    #[must_use]
    pub fn has_started(&self) -> bool {
        self.buffer.has_started()
    }

    /// Returns the payload of the started response. Call it once.
    #[must_use]
    pub fn payload(&self) -> Payload {
        match self.buffer.take_kind() {
            Kind::Document(content_type, document) => Payload::Document(content_type, document),
            Kind::Raw(content_type) => Payload::Raw(content_type, self.body()),
            Kind::Http | Kind::Unfinished(_) => Payload::Http(self.body()),
        }
    }

    /// The body of a started stream.
    #[must_use]
    pub fn body(&self) -> ResponseBody {
        ResponseBody {
            buffer: Arc::clone(&self.buffer),
            ended: false,
        }
    }

    /// Ends the response from the host's side, when the guest cannot.
    #[must_use]
    pub fn fail(&self, report: &ErrorReport) -> FailureRoute {
        self.buffer.fail(report)
    }

    /// Closes the guest's half: nothing will be read any more.
    pub fn close(&self) {
        self.buffer.close();
    }

    /// Tells the guest's half what Lambda has answered: whether it has accepted the whole response.
    pub fn settle(&self, accepted: bool) {
        self.buffer.settle(accepted);
    }

    /// Whether the receiver closed before the response had ended.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.buffer.is_abandoned()
    }

    /// The state of the response.
    #[must_use]
    pub fn state(&self) -> ResponseStream {
        self.buffer.state()
    }
}

/// The body of `POST …/response`.
///
/// Ends only when the guest's half ends it: cleanly, or with error trailers. Dropping it earlier
/// closes the guest's half.
#[derive(Debug)]
pub struct ResponseBody {
    buffer: Arc<Buffer>,
    ended: bool,
}

impl ResponseBody {
    /// Passes buffered data to `taker`, in order, until it has received at least `enough_bytes`. Wakes
    /// the task when more data arrives if it returned [`Readiness::Later`]. The response is locked while
    /// `taker` runs.
    pub fn take(
        &mut self,
        cx: &Context<'_>,
        enough_bytes: usize,
        taker: impl FnMut(BodyEvent),
    ) -> Readiness {
        if self.ended {
            return Readiness::Never;
        }
        let more = self.buffer.take(cx, enough_bytes, taker);
        self.ended = more == Readiness::Never;
        more
    }
}

impl ResponseBody {
    /// What watches the invocation.
    pub(crate) fn watch(&self) -> Option<Arc<Watch>> {
        self.buffer.watch().cloned()
    }
}

impl Drop for ResponseBody {
    fn drop(&mut self) {
        if !self.ended {
            self.buffer.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::{Poll, Wake, Waker};

    use http::HeaderMap;
    use lambda_protocol::error_report::ErrorType;
    use lambda_protocol::headers::{FUNCTION_ERROR_TYPE, JSON};
    use lambda_protocol::prelude::Prelude;

    use super::*;
    use crate::response::{HIGH_WATER_BYTES, Refused, ResponseWriter, channel};

    const IMPLIED: &[u8] = b"{\"statusCode\":200,\"headers\":{},\"cookies\":[]}\0\0\0\0\0\0\0\0";

    /// The rest of the body, and the trailers.
    async fn collect(mut body: ResponseBody) -> (Vec<u8>, HeaderMap) {
        let mut collected = vec![];
        let mut end = None;
        poll_fn(|cx| {
            let more = body.take(cx, usize::MAX, |part| match part {
                BodyEvent::Data(data) => collected.extend_from_slice(&data),
                BodyEvent::End(trailers) => end = Some(trailers),
            });
            match more {
                Readiness::Later => Poll::Pending,
                Readiness::Now => panic!("that was not enough"),
                Readiness::Never => Poll::Ready(()),
            }
        })
        .await;
        (collected, end.expect("it has an end"))
    }

    /// The buffered chunks, up to the one that completes `bytes`.
    fn pieces(body: &mut ResponseBody, bytes: usize) -> (Vec<Bytes>, Readiness) {
        let mut pieces = vec![];
        let cx = Context::from_waker(Waker::noop());
        let more = body.take(&cx, bytes, |part| match part {
            BodyEvent::Data(data) => pieces.push(data),
            BodyEvent::End(_) => panic!("it has ended"),
        });
        (pieces, more)
    }

    fn is_pending<F: Future>(future: F) -> bool {
        let waker = Waker::noop();
        pin!(future)
            .poll(&mut Context::from_waker(waker))
            .is_pending()
    }

    #[tokio::test]
    async fn a_finished_response_ends_without_trailers() {
        let (writer, reader) = channel(None);
        writer.write_headers(Prelude::implied()).unwrap();
        writer.write(b"hello").await.unwrap();
        writer.finish().unwrap();
        let (data, trailers) = collect(reader.body()).await;
        assert!(trailers.is_empty());
        assert_eq!(data, [IMPLIED, b"hello"].concat());
    }

    #[tokio::test]
    async fn the_prelude_is_readable_before_any_write() {
        let (writer, reader) = channel(None);
        assert!(is_pending(reader.started()));
        writer.write_headers(Prelude::implied()).unwrap();
        reader.started().await;
        let mut body = reader.body();
        let (prelude, more) = pieces(&mut body, usize::MAX);
        assert_eq!(prelude.concat(), IMPLIED);
        assert_eq!(more, Readiness::Later);
    }

    #[tokio::test]
    async fn finish_alone_and_an_empty_write_start_with_the_implied_prelude() {
        for empty_write_first in [false, true] {
            let (writer, reader) = channel(None);
            if empty_write_first {
                writer.write(b"").await.unwrap();
            }
            writer.finish().unwrap();
            assert_eq!(collect(reader.body()).await.0, IMPLIED);
        }
    }

    #[tokio::test]
    async fn an_empty_body_is_padded_if_asked_for_and_of_no_given_length() {
        let length = |text: &str| vec![("content-length".to_owned(), text.to_owned())];
        for (headers, text, body) in [
            (vec![], &b""[..], &b"\n"[..]),
            (vec![], b"text", b"text"),
            (length("0"), b"", b""),
            (length("4"), b"text", b"text"),
        ] {
            let (writer, reader) = channel(None);
            writer.pad_empty();
            let prelude = Prelude::encode(200, headers, vec![]).unwrap();
            let [json, delimiter] = prelude.clone().into_chunks();
            writer.write_headers(prelude).unwrap();
            writer.write(text).await.unwrap();
            writer.finish().unwrap();
            let (data, _) = collect(reader.body()).await;
            assert_eq!(data, [&json, &delimiter, body].concat());
        }
    }

    #[tokio::test]
    async fn a_failure_is_never_padded() {
        let (writer, reader) = channel(None);
        writer.pad_empty();
        writer.write_headers(Prelude::implied()).unwrap();
        writer.fail(&ErrorReport::new(ErrorType::Trap, "boom"));
        assert_eq!(collect(reader.body()).await.0, IMPLIED);
    }

    #[tokio::test]
    async fn a_failure_after_the_start_ends_in_trailers_after_the_data() {
        let (writer, reader) = channel(None);
        writer.write(b"part").await.unwrap();
        let report = ErrorReport::new(ErrorType::Trap, "boom");
        assert_eq!(writer.fail(&report), FailureRoute::Trailers);
        drop(writer);
        let (data, trailers) = collect(reader.body()).await;
        assert_eq!(trailers[FUNCTION_ERROR_TYPE], "Function.Trap");
        assert_eq!(data, [IMPLIED, b"part"].concat());
    }

    #[tokio::test]
    async fn a_writer_that_vanishes_is_never_a_clean_end() {
        let (writer, reader) = channel(None);
        writer.write(b"part").await.unwrap();
        drop(writer);
        let (_, trailers) = collect(reader.body()).await;
        assert_eq!(trailers[FUNCTION_ERROR_TYPE], "Runtime.Internal");
    }

    #[tokio::test]
    async fn a_failure_before_the_start_leaves_no_body() {
        let (writer, reader) = channel(None);
        let report = ErrorReport::new(ErrorType::Trap, "boom");
        assert_eq!(writer.fail(&report), FailureRoute::ErrorDocument);
        assert!(is_pending(reader.started()));
        assert_eq!(writer.write(b"x").await, Err(Refused::Closed));
    }

    /// Whether the waker was called.
    #[derive(Default)]
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    #[tokio::test]
    async fn a_write_waits_until_a_reader_that_is_behind_has_taken_half() {
        let (writer, reader) = channel(None);
        let mut body = reader.body();
        writer.write(&[b'x'; HIGH_WATER_BYTES]).await.unwrap();
        let mut waiting = pin!(writer.write(b"y"));
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        assert!(
            waiting
                .as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );

        // The prelude's two chunks, and a third one of what was written.
        let (some, more) = pieces(&mut body, IMPLIED.len() + 1);
        assert_eq!((some.len(), more), (3, Readiness::Now));
        assert!(!woken.0.load(Ordering::Relaxed));

        let _ = pieces(&mut body, 1);
        assert!(woken.0.load(Ordering::Relaxed));
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn what_there_is_room_for_is_written_without_waiting() {
        let (writer, reader) = channel(None);
        let mut body = reader.body();
        writer.write_headers(Prelude::implied()).unwrap();
        let room = writer.room().unwrap();
        assert!(room < HIGH_WATER_BYTES);
        assert_eq!(writer.write_now(&vec![b'x'; room]), Ok(room));
        assert_eq!(writer.room(), Ok(0));
        assert_eq!(writer.write_now(b"y"), Ok(0));
        let room = || poll_fn(|cx| writer.poll_room(cx));
        assert!(is_pending(room()));

        let (_, more) = pieces(&mut body, HIGH_WATER_BYTES / 4);
        assert_eq!(more, Readiness::Now);
        let block = [b'z'; 64 * 1024];
        assert_eq!(writer.write_now(&block), Ok(block.len()));
        // The few bytes that are left are offered as a block.
        assert_eq!(writer.room(), Ok(block.len()));
        assert_eq!(writer.write_now(&block), Ok(block.len()));
        assert_eq!(writer.room(), Ok(0));
        let _ = pieces(&mut body, HIGH_WATER_BYTES + IMPLIED.len());
        room().await;
        assert_eq!(
            writer.write_now(&[b'z'; HIGH_WATER_BYTES]),
            Ok(HIGH_WATER_BYTES)
        );

        drop(body);
        room().await;
        assert_eq!(writer.room(), Err(Refused::Closed));
        assert_eq!(writer.write_now(b"y"), Err(Refused::Closed));
    }

    #[tokio::test]
    async fn a_document_always_has_room_until_it_is_too_large() {
        let (writer, _reader) = channel(None);
        writer.start_document(JSON).unwrap();
        let chunk = vec![b'x'; HIGH_WATER_BYTES];
        let refused = loop {
            match writer.write_now(&chunk) {
                Ok(written) => assert_eq!(written, chunk.len()),
                Err(refused) => break refused,
            }
            poll_fn(|cx| writer.poll_room(cx)).await;
        };
        assert!(matches!(refused, Refused::TooLarge(_)));
        assert_eq!(writer.room(), Err(refused));
        poll_fn(|cx| writer.poll_room(cx)).await;
    }

    #[tokio::test]
    async fn one_huge_chunk_is_buffered_in_part_only() {
        let (writer, reader) = channel(None);
        let huge = vec![7; 5_000_000];
        let mut body = reader.body();
        let mut total = 0;
        let reading = poll_fn(|cx| {
            let before = total;
            let more = body.take(cx, usize::MAX, |part| match part {
                BodyEvent::Data(data) => total += data.len(),
                BodyEvent::End(trailers) => assert!(trailers.is_empty()),
            });
            assert!(total - before < 2 * HIGH_WATER_BYTES);
            if more == Readiness::Never {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        });
        let writing = async {
            writer.write(&huge).await.unwrap();
            writer.finish().unwrap();
        };
        tokio::join!(reading, writing);
        assert_eq!(total, huge.len() + IMPLIED.len());
    }

    #[tokio::test]
    async fn a_body_that_is_dropped_closes_the_writer() {
        let (writer, reader) = channel(None);
        writer.write(&[b'x'; HIGH_WATER_BYTES]).await.unwrap();
        let waiting = writer.write(b"y");
        tokio::pin!(waiting);
        assert!(is_pending(&mut waiting));
        drop(reader.body());
        assert_eq!(waiting.await, Err(Refused::Closed));
        assert_eq!(writer.finish(), Err(Refused::Closed));
    }

    #[tokio::test]
    async fn small_writes_keep_their_order_between_large_ones() {
        let (writer, reader): (ResponseWriter, _) = channel(None);
        let large = vec![b'L'; 33_000];
        let mut expected = IMPLIED.to_vec();
        for round in 0..3_u8 {
            for chunk in [&[round][..], &large, b"small", &large] {
                writer.write(chunk).await.unwrap();
                expected.extend_from_slice(chunk);
            }
        }
        writer.finish().unwrap();
        assert_eq!(collect(reader.body()).await.0, expected);
    }
}
