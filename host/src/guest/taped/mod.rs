//! The part of WASI whose results depend on the time and on other machines, for guests that are recorded or replayed.
//!
//! These functions take the place of the library's only if a handler is linked for that. Each notes its result on the
//! tape of the invocation; in a replay it has the recorded result, and waits for nothing else.

mod machine;

use std::sync::Arc;

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceTable};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable, StreamError, StreamResult};
use wasmtime_wasi_io::bindings::wasi::io::poll::{Host as _, HostPollable as _};
use wasmtime_wasi_io::bindings::wasi::io::streams::{
    self, Host as _, HostInputStream as _, HostOutputStream as _,
};

use super::state::GuestState;
use crate::capsule::{Kind, Recall, Seen, Tape};
pub(super) use machine::dress;

/// The interfaces' names in the library.
const POLL: &str = "wasi:io/poll@0.2.12";
const STREAMS: &str = "wasi:io/streams@0.2.12";

/// How often a replay waits for the recorded room in a stream, which has more if its reader is faster.
const WAITS_FOR_ROOM: usize = 64;

type Store<'a> = StoreContextMut<'a, GuestState>;
type Input = Resource<DynInputStream>;
type Output = Resource<DynOutputStream>;
type OfStream<T> = wasmtime::Result<Result<T, streams::StreamError>>;

/// Defines the functions, over those of the library.
pub(super) fn add_to_linker(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    add_poll(linker)?;
    add_reads(linker)?;
    add_writes(linker)?;
    linker.allow_shadowing(false);
    Ok(())
}

fn add_poll(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    let mut interface = linker.instance(POLL)?;
    interface.func_wrap_async(
        "poll",
        |mut store: Store<'_>, (list,): (Vec<Resource<DynPollable>>,)| {
            Box::new(async move { Ok((poll(store.data_mut(), list).await?,)) })
        },
    )?;
    interface.func_wrap_async(
        "[method]pollable.ready",
        |mut store: Store<'_>, (pollable,): (Resource<DynPollable>,)| {
            Box::new(async move { Ok((is_ready(store.data_mut(), pollable).await?,)) })
        },
    )?;
    interface.func_wrap_async(
        "[method]pollable.block",
        |mut store: Store<'_>, (pollable,): (Resource<DynPollable>,)| {
            Box::new(async move { block(store.data_mut(), pollable).await })
        },
    )
}

fn add_reads(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    let mut interface = linker.instance(STREAMS)?;
    for (name, waits) in [
        ("[method]input-stream.read", false),
        ("[method]input-stream.blocking-read", true),
    ] {
        interface.func_wrap_async(
            name,
            move |mut store: Store<'_>, (stream, length): (Input, u64)| {
                Box::new(async move { Ok((read(store.data_mut(), stream, length, waits).await?,)) })
            },
        )?;
    }
    for (name, waits) in [
        ("[method]input-stream.skip", false),
        ("[method]input-stream.blocking-skip", true),
    ] {
        interface.func_wrap_async(
            name,
            move |mut store: Store<'_>, (stream, length): (Input, u64)| {
                Box::new(async move {
                    let read = read(store.data_mut(), stream, length, waits).await?;
                    Ok((read.map(|bytes| length_of(&bytes)),))
                })
            },
        )?;
    }
    Ok(())
}

fn add_writes(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    let mut interface = linker.instance(STREAMS)?;
    interface.func_wrap_async(
        "[method]output-stream.check-write",
        |mut store: Store<'_>, (stream,): (Output,)| {
            Box::new(async move { Ok((room(store.data_mut(), stream).await?,)) })
        },
    )?;
    for (name, waits) in [
        ("[method]output-stream.splice", false),
        ("[method]output-stream.blocking-splice", true),
    ] {
        interface.func_wrap_async(
            name,
            move |mut store: Store<'_>, (to, from, length): (Output, Input, u64)| {
                Box::new(async move {
                    Ok((splice(store.data_mut(), to, from, (length, waits)).await?,))
                })
            },
        )?;
    }
    Ok(())
}

fn tape(state: &GuestState) -> wasmtime::Result<Arc<Tape>> {
    let tape = state.current()?.tape.as_ref();
    tape.map(Arc::clone)
        .ok_or_else(|| wasmtime::Error::msg("the invocation has no tape"))
}

/// Returns what is known of the next call. Does not return where the recording ends.
async fn recall(tape: &Tape, kind: Kind) -> Option<Seen> {
    match tape.recall(kind) {
        Recall::Live => None,
        Recall::Known(seen) => Some(seen),
        Recall::Stopped => std::future::pending().await,
    }
}

async fn poll(
    state: &mut GuestState,
    list: Vec<Resource<DynPollable>>,
) -> wasmtime::Result<Vec<u32>> {
    let tape = tape(state)?;
    let table = &mut state.table;
    if let Some(Seen::List(ready)) = recall(&tape, Kind::Poll).await {
        for index in &ready {
            let pollable = usize::try_from(*index).ok().and_then(|it| list.get(it));
            // A handler that has changed may have a shorter list.
            if let Some(pollable) = pollable {
                table.block(Resource::new_borrow(pollable.rep())).await?;
            }
        }
        return Ok(ready);
    }
    let ready = table.poll(list).await?;
    tape.note(Kind::Poll, &Seen::List(ready.clone()));
    Ok(ready)
}

async fn is_ready(
    state: &mut GuestState,
    pollable: Resource<DynPollable>,
) -> wasmtime::Result<bool> {
    let tape = tape(state)?;
    let table = &mut state.table;
    if let Some(Seen::Flag(is_ready)) = recall(&tape, Kind::Ready).await {
        if is_ready {
            table.block(pollable).await?;
        }
        return Ok(is_ready);
    }
    let is_ready = table.ready(pollable).await?;
    tape.note(Kind::Ready, &Seen::Flag(is_ready));
    Ok(is_ready)
}

async fn block(state: &mut GuestState, pollable: Resource<DynPollable>) -> wasmtime::Result<()> {
    let tape = tape(state)?;
    recall(&tape, Kind::Block).await;
    state.table.block(pollable).await?;
    tape.note(Kind::Block, &Seen::Nothing);
    Ok(())
}

/// `waits`: for at least one byte.
async fn read(
    state: &mut GuestState,
    stream: Input,
    length: u64,
    waits: bool,
) -> OfStream<Vec<u8>> {
    let tape = tape(state)?;
    let table = &mut state.table;
    let read = match recall(&tape, Kind::Read).await {
        Some(Seen::Number(recorded)) => read_recorded(table, &stream, recorded.min(length)).await,
        Some(_) => table.blocking_read(stream, length).await,
        None if waits => table.blocking_read(stream, length).await,
        None => table.read(stream, length),
    };
    tape.note(Kind::Read, &seen(&read, |bytes| length_of(bytes)));
    coded(table, read)
}

/// Reads exactly this many bytes, unless the stream ends before.
async fn read_recorded(
    table: &mut ResourceTable,
    stream: &Input,
    length: u64,
) -> StreamResult<Vec<u8>> {
    let mut bytes = Vec::new();
    while length_of(&bytes) < length {
        let left = length - length_of(&bytes);
        let stream = Resource::new_borrow(stream.rep());
        match table.blocking_read(stream, left).await {
            Ok(more) => bytes.extend_from_slice(&more),
            Err(error) if bytes.is_empty() => return Err(error),
            Err(_) => break,
        }
    }
    Ok(bytes)
}

async fn room(state: &mut GuestState, stream: Output) -> OfStream<u64> {
    let tape = tape(state)?;
    let table = &mut state.table;
    let room = match recall(&tape, Kind::Room).await {
        Some(Seen::Number(0)) => Ok(0),
        Some(Seen::Number(recorded)) => room_recorded(table, &stream, recorded).await,
        Some(_) => Err(StreamError::Closed),
        None => table.check_write(stream),
    };
    tape.note(Kind::Room, &seen(&room, |room| *room));
    coded(table, room)
}

/// Waits until there is the recorded room.
async fn room_recorded(
    table: &mut ResourceTable,
    stream: &Output,
    recorded: u64,
) -> StreamResult<u64> {
    let mut room = 0;
    for _ in 0..WAITS_FOR_ROOM {
        room = table.check_write(Resource::new_borrow(stream.rep()))?;
        if room >= recorded {
            return Ok(recorded);
        }
        table.get_mut(stream)?.ready().await;
        tokio::task::yield_now().await;
    }
    Ok(room)
}

async fn splice(
    state: &mut GuestState,
    to: Output,
    from: Input,
    (length, waits): (u64, bool),
) -> OfStream<u64> {
    let tape = tape(state)?;
    let table = &mut state.table;
    let spliced = match recall(&tape, Kind::Splice).await {
        Some(Seen::Number(0)) => Ok(0),
        Some(Seen::Number(recorded)) => table.blocking_splice(to, from, recorded.min(length)).await,
        Some(_) => table.blocking_splice(to, from, length).await,
        None if waits => table.blocking_splice(to, from, length).await,
        None => table.splice(to, from, length),
    };
    tape.note(Kind::Splice, &seen(&spliced, |length| *length));
    coded(table, spliced)
}

fn seen<T>(result: &StreamResult<T>, number: impl FnOnce(&T) -> u64) -> Seen {
    match result {
        Ok(value) => Seen::Number(number(value)),
        Err(_) => Seen::Ended,
    }
}

fn length_of(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

fn coded<T>(table: &mut ResourceTable, result: StreamResult<T>) -> OfStream<T> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) => Ok(Err(table.convert_stream_error(error)?)),
    }
}
