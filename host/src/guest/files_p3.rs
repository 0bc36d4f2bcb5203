//! Files of WASI 0.3. Writes are within the budget of the instance: the library reads the guest's stream itself, so
//! what it reads is counted on the way. What the guest reads is a body of the host, which it can pass on.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use tokio::sync::oneshot;
use wasmtime::component::{
    Access, Destination, FutureConsumer, FutureReader, Linker, Resource, Source, StreamConsumer,
    StreamProducer, StreamReader, StreamResult,
};
use wasmtime::{AsContextMut as _, StoreContextMut};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystem, WasiFilesystemView as _};
use wasmtime_wasi::p3::bindings::filesystem::types::{ErrorCode, HostDescriptorWithStore};
use wasmtime_wasi_http::Error;

use super::files::{Budget, Tmp};
use super::state::GuestState;
use super::world::body_stream;

/// The interface's name in Wasmtime's WASI.
const FILESYSTEM: &str = "wasi:filesystem/types@0.3.0";

/// Largest chunk on its way to a file, in bytes.
const CHUNK_BYTES: usize = 64 * 1024;

type Store<'a> = StoreContextMut<'a, GuestState>;
type File = Resource<Descriptor>;
/// How a read or a write ended.
type End = Result<(), ErrorCode>;

/// Shadows WASI's functions for the contents of files: those that write count, and the one that reads gives a body.
pub(crate) fn shadow_streams(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let mut interface = linker.instance(FILESYSTEM)?;
    interface.func_wrap(
        "[method]descriptor.write-via-stream",
        |store: Store<'_>, (file, data, offset): (File, StreamReader<u8>, u64)| {
            let written = limited(store, data, |files, data| {
                WasiFilesystem::write_via_stream(files, file, data, offset)
            });
            Ok((written?,))
        },
    )?;
    interface.func_wrap(
        "[method]descriptor.append-via-stream",
        |store: Store<'_>, (file, data): (File, StreamReader<u8>)| {
            let written = limited(store, data, |files, data| {
                WasiFilesystem::append_via_stream(files, file, data)
            });
            Ok((written?,))
        },
    )?;
    interface.func_wrap(
        "[method]descriptor.read-via-stream",
        |store: Store<'_>, (file, offset): (File, u64)| Ok((read(store, file, offset)?,)),
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

/// Reads a file from `offset`. As the body of a response, the library's stream would go on without any task of the
/// guest, and look like one that the guest has left behind.
fn read(
    mut store: Store<'_>,
    file: File,
    offset: u64,
) -> wasmtime::Result<(StreamReader<u8>, FutureReader<End>)> {
    let files = Access::<_, WasiFilesystem>::new(store.as_context_mut(), GuestState::filesystem);
    let (data, end) = WasiFilesystem::read_via_stream(files, file, offset)?;
    let way = Arc::new(Way::default());
    let taken = Counted {
        way: Arc::clone(&way),
        budget: None,
    };
    data.pipe(&mut store, taken)?;
    Ok((body_stream(store, Passed(way).boxed_unsync())?, end))
}

/// Writes `data` with `write`, as far as the budget goes.
fn limited(
    mut store: Store<'_>,
    data: StreamReader<u8>,
    write: impl FnOnce(
        Access<'_, GuestState, WasiFilesystem>,
        StreamReader<u8>,
    ) -> wasmtime::Result<FutureReader<End>>,
) -> wasmtime::Result<FutureReader<End>> {
    let Some(budget) = store.data().tmp.as_ref().map(Tmp::budget) else {
        return write(
            Access::<_, WasiFilesystem>::new(store, GuestState::filesystem),
            data,
        );
    };
    let way = Arc::new(Way::default());
    let counted = Counted {
        way: Arc::clone(&way),
        budget: Some(budget),
    };
    data.pipe(&mut store, counted)?;
    let data = StreamReader::new(&mut store, Passed(Arc::clone(&way)))?;
    let files = Access::<_, WasiFilesystem>::new(store.as_context_mut(), GuestState::filesystem);
    let (sender, written) = oneshot::channel();
    write(files, data)?.pipe(&mut store, Telling(Some(sender)))?;
    FutureReader::new(store, async move {
        // The library tells the end of every write.
        let written = written.await.unwrap_or(Err(ErrorCode::Io));
        wasmtime::error::Ok(if way.lock().is_full {
            Err(ErrorCode::InsufficientSpace)
        } else {
            written
        })
    })
}

/// A chunk between the two streams.
#[derive(Default)]
struct Way(Mutex<Chunk>);

#[derive(Default)]
struct Chunk {
    bytes: Bytes,
    /// Nothing more will come, or nothing more will be read.
    is_closed: bool,
    /// The budget is used up.
    is_full: bool,
    /// Both ends never wait at the same time.
    waiting: Option<Waker>,
}

impl Way {
    fn lock(&self) -> MutexGuard<'_, Chunk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        let mut chunk = self.lock();
        chunk.is_closed = true;
        chunk.wake();
    }
}

impl Chunk {
    fn wake(&mut self) {
        if let Some(waker) = self.waiting.take() {
            waker.wake();
        }
    }
}

/// Takes bytes: the guest's within a budget, those of a file without.
struct Counted {
    way: Arc<Way>,
    budget: Option<Arc<Budget>>,
}

impl StreamConsumer<GuestState> for Counted {
    type Item = u8;

    fn poll_consume(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: Store<'_>,
        source: Source<'_, u8>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        let mut chunk = self.way.lock();
        if chunk.is_closed {
            return Poll::Ready(Ok(StreamResult::Dropped));
        }
        if !chunk.bytes.is_empty() {
            if finish {
                return Poll::Ready(Ok(StreamResult::Cancelled));
            }
            chunk.waiting = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let mut source = source.as_direct(store);
        let offered = source.remaining();
        let taken = offered.get(..CHUNK_BYTES).unwrap_or(offered);
        let budget = self.budget.as_ref();
        if budget.is_some_and(|budget| !budget.take(taken.len())) {
            chunk.is_full = true;
            chunk.is_closed = true;
            chunk.wake();
            return Poll::Ready(Ok(StreamResult::Dropped));
        }
        chunk.bytes = Bytes::copy_from_slice(taken);
        let count = taken.len();
        source.mark_read(count);
        chunk.wake();
        Poll::Ready(Ok(StreamResult::Completed))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.way.close();
    }
}

/// Gives them on: to the library as a stream, or as a body.
struct Passed(Arc<Way>);

impl Passed {
    /// The next bytes, none at the end.
    fn poll_next(&self, cx: &Context<'_>) -> Poll<Option<Bytes>> {
        let mut chunk = self.0.lock();
        if !chunk.bytes.is_empty() {
            let bytes = std::mem::take(&mut chunk.bytes);
            chunk.wake();
            return Poll::Ready(Some(bytes));
        }
        if chunk.is_closed {
            return Poll::Ready(None);
        }
        chunk.waiting = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Body for Passed {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.poll_next(cx)
            .map(|next| next.map(|bytes| Ok(Frame::data(bytes))))
    }
}

impl StreamProducer<GuestState> for Passed {
    type Item = u8;
    type Buffer = Bytes;

    fn poll_produce<'a>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        _store: StoreContextMut<'a, GuestState>,
        mut destination: Destination<'a, u8, Bytes>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        Poll::Ready(Ok(match self.poll_next(cx) {
            Poll::Ready(Some(bytes)) => {
                destination.set_buffer(bytes);
                StreamResult::Completed
            }
            Poll::Ready(None) => StreamResult::Dropped,
            Poll::Pending if finish => StreamResult::Cancelled,
            Poll::Pending => return Poll::Pending,
        }))
    }
}

impl Drop for Passed {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Receives what became of the write.
struct Telling(Option<oneshot::Sender<End>>);

impl FutureConsumer<GuestState> for Telling {
    type Item = End;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        store: Store<'_>,
        mut source: Source<'_, End>,
        _finish: bool,
    ) -> Poll<wasmtime::Result<()>> {
        let mut written = None;
        source.read(store, &mut written)?;
        if let (Some(sender), Some(written)) = (self.0.take(), written) {
            // Fails if the guest is not interested.
            let _ = sender.send(written);
        }
        Poll::Ready(Ok(()))
    }
}
