//! Our own world: the event as it is, and a response by the calls of `response-stream`. `write` is where a chunk
//! leaves the guest.

use artifact::contract::RESPONSE_STREAM;
use lambda_protocol::error_report::{ErrorReport, ErrorType};
use lambda_protocol::headers::JSON;
use lambda_protocol::limits::PRELUDE_LIMIT_BYTES;
use lambda_protocol::prelude::Prelude;
use lambda_protocol::{InvalidHead, raw_content_type};
use wasmtime::component::{Linker, WasmList};
use wasmtime::{AsContextMut as _, Store, StoreContextMut};

use super::super::record;
use super::super::state::{ActiveInvocation, GuestConfig, GuestState};
use super::Called;
use crate::capsule::{Output, Taken};
use crate::invocation::Invocation;
use crate::platform::yield_to_driver;
use crate::response::{Refused, ResponseWriter};

mod generated {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "handler",
        exports: { default: async },
    });
}

pub(crate) use generated::bootstream::handler::logging::{Field, Level};
use generated::bootstream::handler::types::{Context, HeadSize, ResponseHead, StreamError};
pub(crate) use generated::{Handler as Exports, HandlerPre};

/// Calls `handle`.
pub(super) async fn call(
    exports: &Exports,
    store: &mut Store<GuestState>,
    config: &GuestConfig,
    invocation: &Invocation,
) -> Called {
    let context = context(config, invocation);
    let returned = exports
        .call_handle(store, &invocation.event, &context)
        .await?;
    Ok(returned.map_err(|text| ErrorReport::new(ErrorType::HandlerError, text)))
}

fn context(config: &GuestConfig, invocation: &Invocation) -> Context {
    Context {
        request_id: invocation.request_id.clone(),
        deadline_ms: invocation.deadline.unix_ms,
        invoked_function_arn: invocation.invoked_function_arn.clone(),
        trace_id: invocation.trace_id.clone(),
        client_context: invocation.client_context.clone(),
        cognito_identity: invocation.cognito_identity.clone(),
        tenant_id: invocation.tenant_id.clone(),
        function_name: config.function_name.clone(),
        function_version: config.function_version.clone(),
        memory_limit_mib: config.memory_limit_mib,
    }
}

/// Defines the interfaces of the world.
pub(super) fn add_to_linker(
    linker: &mut Linker<GuestState>,
    is_taped: bool,
) -> wasmtime::Result<()> {
    add_response_stream(linker, is_taped)?;
    record::add_to_linker(linker)
}

/// Handwritten rather than generated, for `write`: it reads the chunk in place, in the guest's memory,
/// instead of from a copy in a `Vec`.
fn add_response_stream(linker: &mut Linker<GuestState>, is_taped: bool) -> wasmtime::Result<()> {
    let mut interface = linker.instance(RESPONSE_STREAM)?;
    interface.func_wrap(
        "write-headers",
        |store: StoreContextMut<'_, GuestState>, (head,): (ResponseHead,)| {
            Ok((write_headers(store.data().current()?, head),))
        },
    )?;
    interface.func_wrap(
        "start-document",
        |store: StoreContextMut<'_, GuestState>, (): ()| {
            let response = &store.data().current()?.response;
            Ok((response.start_document(JSON).map_err(StreamError::from),))
        },
    )?;
    interface.func_wrap(
        "start-raw",
        |store: StoreContextMut<'_, GuestState>, (content_type,): (String,)| {
            Ok((start_raw(&store.data().current()?.response, &content_type),))
        },
    )?;
    if is_taped {
        interface.func_wrap_async("write", |store, (chunk,): (WasmList<u8>,)| {
            Box::new(async move { Ok((write_taped(store, &chunk).await?,)) })
        })?;
    } else {
        interface.func_wrap_async("write", |store, (chunk,): (WasmList<u8>,)| {
            Box::new(async move { Ok((write(store, &chunk).await?.map_err(StreamError::from),)) })
        })?;
    }
    interface.func_wrap(
        "finish",
        |store: StoreContextMut<'_, GuestState>, (): ()| {
            let response = &store.data().current()?.response;
            Ok((response.finish().map_err(StreamError::from),))
        },
    )
}

fn write_headers(current: &ActiveInvocation, head: ResponseHead) -> Result<(), StreamError> {
    let prelude = Prelude::encode(head.status, head.headers, head.cookies)?;
    Ok(current.start(prelude)?)
}

fn start_raw(response: &ResponseWriter, content_type: &str) -> Result<(), StreamError> {
    let content_type = raw_content_type(content_type).map_err(StreamError::InvalidHeader)?;
    Ok(response.start_raw(&content_type)?)
}

async fn write(
    mut store: StoreContextMut<'_, GuestState>,
    chunk: &WasmList<u8>,
) -> wasmtime::Result<Result<(), Refused>> {
    let bytes = chunk.as_le_slice(&store).len();
    let current = store.data().current()?;
    current.count_write(bytes)?;
    let written = current.response.write(chunk.as_le_slice(&store)).await;
    if std::mem::take(&mut store.data_mut().has_computed) {
        // A chunk that took long to compute leaves at once.
        yield_to_driver().await;
    }
    Ok(written)
}

/// Writes, and records or compares the chunk.
async fn write_taped(
    mut store: StoreContextMut<'_, GuestState>,
    chunk: &WasmList<u8>,
) -> wasmtime::Result<Result<(), StreamError>> {
    let written = write(store.as_context_mut(), chunk).await?;
    let taken = Taken::of(&written);
    let tape = store.data().current()?.tape.as_ref();
    let output = Output::Write(chunk.as_le_slice(&store));
    Ok(match tape.map(|tape| tape.wrote(output, taken)) {
        Some(Taken::Closed) => Err(StreamError::Closed),
        _ => written.map_err(StreamError::from),
    })
}

impl From<Refused> for StreamError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::AlreadyStarted => Self::AlreadyStarted,
            Refused::AlreadyFinished => Self::AlreadyFinished,
            Refused::Closed => Self::Closed,
            Refused::TooLarge(document) => Self::Other(document.to_string()),
        }
    }
}

impl From<InvalidHead> for StreamError {
    fn from(invalid: InvalidHead) -> Self {
        match invalid {
            InvalidHead::Status(status) => Self::InvalidStatus(status),
            InvalidHead::Header(reason) => Self::InvalidHeader(reason),
            InvalidHead::TooLarge { actual_bytes } => Self::HeadTooLarge(HeadSize {
                actual_bytes: u64::try_from(actual_bytes).unwrap_or(u64::MAX),
                limit_bytes: u64::try_from(PRELUDE_LIMIT_BYTES).unwrap_or(u64::MAX),
            }),
        }
    }
}
