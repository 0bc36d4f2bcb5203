//! The wire's half of a response: an HTTP body of data, then trailers if it failed.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame};

use super::buffer::{Buffer, Next};
use super::socket::Socket;
use super::state::{ResponseStream, Telling};
use crate::error_report::ErrorReport;

/// Watches a response until it starts; then it becomes the body.
#[derive(Debug)]
pub struct ResponseReader {
    buffer: Arc<Buffer>,
}

impl ResponseReader {
    pub(super) fn new(buffer: Arc<Buffer>) -> Self {
        Self { buffer }
    }

    /// Waits until the guest has started its response. To be awaited before [`body`](Self::body).
    pub async fn started(&self) {
        std::future::poll_fn(|cx| self.buffer.poll_started(cx)).await;
    }

    /// The body of the started response. To be taken once.
    #[must_use]
    pub fn body(&self) -> ResponseBody {
        ResponseBody {
            buffer: Arc::clone(&self.buffer),
            ended: false,
        }
    }

    /// Ends the response from the host's side, when the guest cannot.
    #[must_use]
    pub fn fail(&self, report: &ErrorReport) -> Telling {
        self.buffer.fail(report)
    }

    /// Tells the guest's half that nobody reads any more.
    pub fn close(&self) {
        self.buffer.close();
    }

    /// Whether the receiver went before the response had ended.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.buffer.is_abandoned()
    }

    /// Where the response stands.
    #[must_use]
    pub fn state(&self) -> ResponseStream {
        self.buffer.state()
    }
}

/// The body of `POST …/response`.
///
/// Ends only when the guest's half said how: cleanly, or with error trailers. Dropping it earlier
/// tells the guest's half that nobody reads any more.
#[derive(Debug)]
pub struct ResponseBody {
    buffer: Arc<Buffer>,
    ended: bool,
}

impl ResponseBody {
    /// Lets the guest's thread send over `socket`, on which this body is about to be sent. To be
    /// called before the body is first polled.
    pub fn send_over(&self, socket: &Arc<Socket>) {
        self.buffer.send_over(socket);
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        Poll::Ready(match ready!(self.buffer.poll_next(cx)) {
            Next::Data(bytes) => Some(Ok(Frame::data(bytes))),
            Next::Trailers(trailers) => {
                self.ended = true;
                Some(Ok(Frame::trailers(trailers)))
            }
            Next::CleanEnd => {
                self.ended = true;
                None
            }
        })
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
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::error_report::ErrorType;
    use crate::response::{Prelude, Refused, ResponseWriter, channel};
    use crate::runtime_api::headers::FUNCTION_ERROR_TYPE;

    const IMPLIED: &[u8] = b"{\"statusCode\":200,\"headers\":{},\"cookies\":[]}\0\0\0\0\0\0\0\0";

    async fn frame(body: &mut ResponseBody) -> Option<Frame<Bytes>> {
        body.frame().await.transpose().unwrap()
    }

    async fn data(body: &mut ResponseBody) -> Bytes {
        frame(body)
            .await
            .expect("a frame")
            .into_data()
            .expect("data")
    }

    fn is_pending<F: Future>(future: F) -> bool {
        let waker = std::task::Waker::noop();
        std::pin::pin!(future)
            .poll(&mut Context::from_waker(waker))
            .is_pending()
    }

    #[tokio::test]
    async fn a_finished_response_ends_without_trailers() {
        let (writer, reader) = channel();
        writer.write_headers(Prelude::implied()).unwrap();
        writer.write(b"hello").await.unwrap();
        writer.finish().unwrap();
        let collected = reader.body().collect().await.unwrap();
        assert!(collected.trailers().is_none());
        assert_eq!(collected.to_bytes(), [IMPLIED, b"hello"].concat());
    }

    #[tokio::test]
    async fn the_prelude_is_readable_before_any_write() {
        let (writer, reader) = channel();
        assert!(is_pending(reader.started()));
        writer.write_headers(Prelude::implied()).unwrap();
        reader.started().await;
        let mut body = reader.body();
        let prelude = [data(&mut body).await, data(&mut body).await].concat();
        assert_eq!(prelude, IMPLIED);
    }

    #[tokio::test]
    async fn finish_alone_and_an_empty_write_start_with_the_implied_prelude() {
        for empty_write_first in [false, true] {
            let (writer, reader) = channel();
            if empty_write_first {
                writer.write(b"").await.unwrap();
            }
            writer.finish().unwrap();
            let collected = reader.body().collect().await.unwrap();
            assert_eq!(collected.to_bytes(), IMPLIED);
        }
    }

    #[tokio::test]
    async fn an_empty_body_is_padded_if_asked_for_and_of_no_told_length() {
        let length = |text: &str| vec![("content-length".to_owned(), text.to_owned())];
        for (headers, text, body) in [
            (vec![], &b""[..], &b"\n"[..]),
            (vec![], b"text", b"text"),
            (length("0"), b"", b""),
            (length("4"), b"text", b"text"),
        ] {
            let (writer, reader) = channel();
            writer.pad_empty();
            let prelude = Prelude::encode(200, headers, vec![]).unwrap();
            let [json, delimiter] = prelude.clone().into_chunks();
            writer.write_headers(prelude).unwrap();
            writer.write(text).await.unwrap();
            writer.finish().unwrap();
            let collected = reader.body().collect().await.unwrap().to_bytes();
            assert_eq!(collected, [&json, &delimiter, body].concat());
        }
    }

    #[tokio::test]
    async fn a_failure_is_never_padded() {
        let (writer, reader) = channel();
        writer.pad_empty();
        writer.write_headers(Prelude::implied()).unwrap();
        writer.fail(&ErrorReport::new(ErrorType::Trap, "boom"));
        let collected = reader.body().collect().await.unwrap();
        assert_eq!(collected.to_bytes(), IMPLIED);
    }

    #[tokio::test]
    async fn a_failure_after_the_start_ends_in_trailers_after_the_data() {
        let (writer, reader) = channel();
        writer.write(b"part").await.unwrap();
        let report = ErrorReport::new(ErrorType::Trap, "boom");
        assert_eq!(writer.fail(&report), Telling::Trailers);
        drop(writer);
        let collected = reader.body().collect().await.unwrap();
        assert_eq!(
            collected.trailers().unwrap()[FUNCTION_ERROR_TYPE],
            "Function.Trap"
        );
        assert_eq!(collected.to_bytes(), [IMPLIED, b"part"].concat());
    }

    #[tokio::test]
    async fn a_writer_that_vanishes_is_never_a_clean_end() {
        let (writer, reader) = channel();
        writer.write(b"part").await.unwrap();
        drop(writer);
        let collected = reader.body().collect().await.unwrap();
        assert_eq!(
            collected.trailers().unwrap()[FUNCTION_ERROR_TYPE],
            "Runtime.Internal"
        );
    }

    #[tokio::test]
    async fn a_failure_before_the_start_leaves_no_body() {
        let (writer, reader) = channel();
        let report = ErrorReport::new(ErrorType::Trap, "boom");
        assert_eq!(writer.fail(&report), Telling::ErrorDocument);
        assert!(is_pending(reader.started()));
        assert_eq!(writer.write(b"x").await, Err(Refused::Closed));
    }

    /// Reads all there is in `body` without waiting for more.
    async fn drain(body: &mut ResponseBody, bytes: usize) {
        let mut read = 0;
        while read < bytes {
            read += data(body).await.len();
        }
    }

    #[tokio::test]
    async fn a_write_waits_for_a_reader_that_is_behind() {
        let (writer, reader) = channel();
        let mut body = reader.body();
        writer.write(&[b'x'; 256 * 1024]).await.unwrap();
        assert!(is_pending(writer.write(b"y")));
        drain(&mut body, 200 * 1024).await;
        writer.write(b"y").await.unwrap();
    }

    #[tokio::test]
    async fn one_huge_chunk_is_buffered_in_part_only() {
        let (writer, reader) = channel();
        let huge = vec![7; 5_000_000];
        let mut body = reader.body();
        let reading = async {
            let mut total = 0;
            while let Some(frame) = body.frame().await {
                let bytes = frame.unwrap().into_data().unwrap();
                assert!(bytes.len() <= 64 * 1024);
                total += bytes.len();
            }
            total
        };
        let writing = async {
            writer.write(&huge).await.unwrap();
            writer.finish().unwrap();
        };
        let (total, ()) = tokio::join!(reading, writing);
        assert_eq!(total, huge.len() + IMPLIED.len());
    }

    #[tokio::test]
    async fn a_body_that_is_dropped_closes_the_writer() {
        let (writer, reader) = channel();
        writer.write(&[b'x'; 256 * 1024]).await.unwrap();
        let waiting = writer.write(b"y");
        tokio::pin!(waiting);
        assert!(is_pending(&mut waiting));
        drop(reader.body());
        assert_eq!(waiting.await, Err(Refused::Closed));
        assert_eq!(writer.finish(), Err(Refused::Closed));
    }

    #[tokio::test]
    async fn small_writes_keep_their_order_between_large_ones() {
        let (writer, reader): (ResponseWriter, _) = channel();
        let large = vec![b'L'; 33_000];
        let mut expected = IMPLIED.to_vec();
        for round in 0..3_u8 {
            for chunk in [&[round][..], &large, b"small", &large] {
                writer.write(chunk).await.unwrap();
                expected.extend_from_slice(chunk);
            }
        }
        writer.finish().unwrap();
        assert_eq!(reader.body().collect().await.unwrap().to_bytes(), expected);
    }
}
