//! The stream to which a guest writes the body of a response, and the functions of `wasi:io/streams` that write, in
//! place of the library's: for such a stream they read the chunk in place, in the guest's memory, and take a tenth of
//! the time.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceTable, WasmList};
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{DynOutputStream, OutputStream, Pollable, StreamError, StreamResult};
use wasmtime_wasi_io::bindings::wasi::io::streams::{self, Host as _, HostOutputStream as _};

use super::super::super::state::GuestState;
use super::body::Body;
use crate::platform::yield_to_driver;

/// The interface's name in the library.
const STREAMS: &str = "wasi:io/streams@0.2.12";

/// Most bytes of one `blocking-write-and-flush`.
const BLOCKING_BYTES: usize = 4096;

type Store<'a> = StoreContextMut<'a, GuestState>;
type Stream = Resource<DynOutputStream>;

/// The stream to which the guest writes the body.
pub(super) struct BodyStream(Arc<Body>);

impl BodyStream {
    pub(super) fn new(body: Arc<Body>) -> Self {
        body.has_stream.store(true, Ordering::Relaxed);
        Self(body)
    }
}

impl Drop for BodyStream {
    fn drop(&mut self) {
        self.0.has_stream.store(false, Ordering::Relaxed);
    }
}

#[async_trait]
impl Pollable for BodyStream {
    async fn ready(&mut self) {
        poll_fn(|cx| self.0.poll_room(cx)).await;
    }
}

#[async_trait]
impl OutputStream for BodyStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.0.write(&bytes)
    }

    /// What was written is on its way already.
    fn flush(&mut self) -> StreamResult<()> {
        self.0.room().map(drop)
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.0.room()
    }
}

/// The stream of a response's body that the guest has taken last.
#[derive(Default)]
pub(super) struct LastStream(Option<(u32, Arc<Body>)>);

impl LastStream {
    pub(super) fn set(&mut self, stream: &Stream, body: Arc<Body>) {
        self.0 = Some((stream.rep(), body));
    }

    /// Returns the body to which `stream` writes, if it is that stream.
    fn body(&self, stream: &Stream) -> Option<&Arc<Body>> {
        let (rep, body) = self.0.as_ref()?;
        // Another stream may have its place in the table once it is gone.
        (*rep == stream.rep() && body.has_stream.load(Ordering::Relaxed)).then_some(body)
    }
}

/// Defines the functions. The linker has to allow that they shadow others.
pub(super) fn add_to_linker(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    let mut streams = linker.instance(STREAMS)?;
    streams.func_wrap(
        "[method]output-stream.check-write",
        |mut store: Store<'_>, (stream,): (Stream,)| {
            let state = store.data_mut();
            let room = match state.proxy.last_stream.body(&stream) {
                Some(body) => body
                    .room()
                    .map(|room| u64::try_from(room).unwrap_or(u64::MAX)),
                None => state.table.check_write(stream),
            };
            Ok((coded(&mut state.table, room)?,))
        },
    )?;
    streams.func_wrap_async(
        "[method]output-stream.write",
        |store: Store<'_>, (stream, chunk): (Stream, WasmList<u8>)| {
            Box::new(async move { Ok((write(store, stream, chunk).await?,)) })
        },
    )?;
    streams.func_wrap_async(
        "[method]output-stream.blocking-flush",
        |store: Store<'_>, (stream,): (Stream,)| {
            Box::new(async move { Ok((flush_blocking(store, stream).await?,)) })
        },
    )?;
    streams.func_wrap_async(
        "[method]output-stream.blocking-write-and-flush",
        |store: Store<'_>, (stream, chunk): (Stream, WasmList<u8>)| {
            Box::new(async move { Ok((write_blocking(store, stream, chunk).await?,)) })
        },
    )
}

type Written = wasmtime::Result<Result<(), streams::StreamError>>;

async fn write(mut store: Store<'_>, stream: Stream, chunk: WasmList<u8>) -> Written {
    let written = match store.data().proxy.last_stream.body(&stream) {
        Some(body) => body.write(chunk.as_le_slice(&store)),
        None => {
            let chunk = chunk.as_le_slice(&store).to_vec();
            store.data_mut().table.write(stream, chunk)
        }
    };
    after_write(&mut store).await;
    coded(&mut store.data_mut().table, written)
}

async fn write_blocking(mut store: Store<'_>, stream: Stream, chunk: WasmList<u8>) -> Written {
    let written = match store.data().proxy.last_stream.body(&stream) {
        Some(_) if chunk.as_le_slice(&store).len() > BLOCKING_BYTES => Err(StreamError::trap(
            "the handler passed more than 4096 bytes to `blocking-write-and-flush`",
        )),
        Some(body) => body.write_all(chunk.as_le_slice(&store)).await,
        None => {
            let chunk = chunk.as_le_slice(&store).to_vec();
            let table = &mut store.data_mut().table;
            table.blocking_write_and_flush(stream, chunk).await
        }
    };
    after_write(&mut store).await;
    coded(&mut store.data_mut().table, written)
}

async fn flush_blocking(mut store: Store<'_>, stream: Stream) -> Written {
    let flushed = match store.data().proxy.last_stream.body(&stream) {
        Some(body) => body.flush().await,
        None => store.data_mut().table.blocking_flush(stream).await,
    };
    coded(&mut store.data_mut().table, flushed)
}

/// A chunk that took long to compute leaves at once.
async fn after_write(store: &mut Store<'_>) {
    if std::mem::take(&mut store.data_mut().has_computed) {
        yield_to_driver().await;
    }
}

/// Separates the errors that the guest gets from those that end it.
fn coded<T>(
    table: &mut ResourceTable,
    result: StreamResult<T>,
) -> wasmtime::Result<Result<T, streams::StreamError>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) => Ok(Err(table.convert_stream_error(error)?)),
    }
}
