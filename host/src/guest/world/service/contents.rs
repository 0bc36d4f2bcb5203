//! Bodies that the host has: of the request, and of answers to requests of the guest. The guest reads one as a
//! stream, or hands the stream back as the body of its response.

use std::any::{Any, TypeId};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as _, Frame};
use tokio::sync::oneshot;
use wasmtime::StoreContextMut;
use wasmtime::component::{Destination, FutureReader, StreamProducer, StreamReader, StreamResult};
use wasmtime_wasi_http::p3::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::{Error, FieldMap, WasiBody, WasiHttpView as _};

use super::responses::{Ending, TrailersReader};
use crate::guest::state::GuestState;

/// How a body has ended: with trailers, or broken.
type End = Result<Option<HeaderMap>, ErrorCode>;

/// A body that the guest has as a stream.
pub(super) struct HostContents {
    body: WasiBody,
    /// Bytes of the body that the guest has not taken yet.
    rest: Bytes,
    /// Tells the future of the trailers.
    end: Option<oneshot::Sender<End>>,
}

/// Gives a body without trailers to the guest.
pub(in crate::guest) fn body_stream(
    store: StoreContextMut<'_, GuestState>,
    body: WasiBody,
) -> wasmtime::Result<StreamReader<u8>> {
    StreamReader::new(store, HostContents::new(body))
}

impl HostContents {
    /// A body whose trailers nobody wants.
    pub(super) fn new(body: WasiBody) -> Self {
        Self {
            body,
            rest: Bytes::new(),
            end: None,
        }
    }

    /// Gives `body` to the guest: its bytes, and the trailers at its end.
    pub(super) fn open(
        mut store: StoreContextMut<'_, GuestState>,
        body: WasiBody,
    ) -> wasmtime::Result<(StreamReader<u8>, TrailersReader)> {
        let (sender, end) = oneshot::channel();
        let contents = Self {
            end: Some(sender),
            ..Self::new(body)
        };
        let stream = StreamReader::new(&mut store, contents)?;
        let trailers = FutureReader::new(&mut store, TrailersOf { end })?;
        Ok((stream, trailers))
    }

    /// The next bytes, none at the end.
    pub(super) async fn next(&mut self) -> Option<Result<Bytes, Error>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Some(Ok(std::mem::take(&mut self.rest))));
        }
        loop {
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => frame.into_data().map_err(Frame::into_trailers),
                Some(Err(error)) => {
                    self.ended(Err(error_code(&error)));
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    self.ended(Ok(None));
                    return Poll::Ready(None);
                }
            };
            match frame {
                Ok(bytes) if bytes.is_empty() => {}
                Ok(bytes) => return Poll::Ready(Some(Ok(bytes))),
                Err(Ok(trailers)) => self.ended(Ok(Some(trailers))),
                Err(Err(_)) => {}
            }
        }
    }

    /// The host reads no further. The future of the trailers says so, unless the body was complete.
    pub(super) fn break_off(mut self) {
        self.ended(Err(ErrorCode::HttpResponseIncomplete));
    }

    /// Resolves the future of the trailers. The first end counts.
    fn ended(&mut self, end: End) {
        if let Some(sender) = self.end.take() {
            // Fails if the guest is not interested.
            let _ = sender.send(end);
        }
    }
}

impl StreamProducer<GuestState> for HostContents {
    type Item = u8;
    type Buffer = Bytes;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut store: StoreContextMut<'a, GuestState>,
        mut destination: Destination<'a, u8, Bytes>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let result = match self.poll_next(cx) {
            Poll::Pending if finish => StreamResult::Cancelled,
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Some(Ok(mut bytes))) => {
                // Wasmtime would keep what is beyond the guest's read, and lose it once the guest hands the
                // stream on.
                let room = destination.remaining(&mut store).unwrap_or(bytes.len());
                self.rest = bytes.split_off(room.min(bytes.len()));
                destination.set_buffer(bytes);
                StreamResult::Completed
            }
            Poll::Ready(None | Some(Err(_))) => StreamResult::Dropped,
        };
        Poll::Ready(Ok(result))
    }

    fn try_into(me: Pin<Box<Self>>, ty: TypeId) -> Result<Box<dyn Any>, Pin<Box<Self>>> {
        if ty == TypeId::of::<Self>() {
            let me: Box<Self> = Pin::into_inner(me);
            Ok(me)
        } else {
            Err(me)
        }
    }
}

/// What the guest learns about a body that broke off.
fn error_code(error: &Error) -> ErrorCode {
    match error {
        Error::ConnectionReadTimeout => ErrorCode::ConnectionReadTimeout,
        Error::ConnectionTerminated => ErrorCode::ConnectionTerminated,
        Error::HttpResponseIncomplete => ErrorCode::HttpResponseIncomplete,
        Error::HttpResponseBodySize(bytes) => ErrorCode::HttpResponseBodySize(*bytes),
        Error::Hyper(_) | Error::HttpProtocolError => ErrorCode::HttpProtocolError,
        other => ErrorCode::InternalError(Some(other.to_string())),
    }
}

/// Produces the trailers of a body.
struct TrailersOf {
    end: oneshot::Receiver<End>,
}

impl wasmtime::component::FutureProducer<GuestState> for TrailersOf {
    type Item = Ending;

    fn poll_produce(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut store: StoreContextMut<'_, GuestState>,
        finish: bool,
    ) -> Poll<wasmtime::Result<Option<Ending>>> {
        let end = match Pin::new(&mut self.end).poll(cx) {
            Poll::Pending if finish => return Poll::Ready(Ok(None)),
            Poll::Pending => return Poll::Pending,
            // The guest has closed the stream before its end.
            Poll::Ready(Err(_)) => Ok(None),
            Poll::Ready(Ok(end)) => end,
        };
        let view = store.data_mut().http();
        let ending = match end {
            Ok(None) => Ok(None),
            Ok(Some(trailers)) => {
                let trailers = FieldMap::new_immutable(view.hooks, trailers);
                Ok(Some(view.table.push(trailers)?))
            }
            Err(code) => Err(code),
        };
        Poll::Ready(Ok(Some(ending)))
    }
}
