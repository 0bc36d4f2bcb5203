//! `wasi:http/proxy` of WASI 0.2: an event becomes a request, and what the component answers the response.
//!
//! The request and the client for requests of the component are those of `wasmtime-wasi-http`. The response is
//! ours, in [`types`] and [`body`]: that library would end it well whatever became of the guest, and would hold
//! back what a guest has written while it computes.

pub(super) mod answer;
mod body;
pub(super) mod head;
pub(super) mod sink;
mod streams;
mod types;

use std::sync::Arc;

use http::{Method, Request, Response};
use http_body_util::Full;
use wasmtime::Store;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::p2::types::{HostIncomingRequest, HostResponseOutparam};
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView,
    WasiHttpHooks,
};

pub(super) use wasmtime_wasi_http::p2::bindings::{Proxy as Exports, ProxyPre};

use super::super::state::{GuestConfig, GuestState};
use super::Called;
use crate::event::{IncomingRequest, incoming};
use crate::invocation::Invocation;
use answer::Answer;
use sink::HeldBytes;
use streams::LastStream;

pub(in super::super) use answer::InvalidResponse;

/// What an instance of this world has besides the state of every guest.
#[derive(Default)]
pub(crate) struct State {
    /// Bytes in bodies whose response is not set.
    held: HeldBytes,
    last_stream: LastStream,
    /// Whether the request has the method `HEAD`.
    is_head: bool,
}

/// Defines our part of the response, over the library's.
pub(super) fn add_to_linker(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    types::add_to_linker(linker)?;
    streams::add_to_linker(linker)?;
    linker.allow_shadowing(false);
    Ok(())
}

/// Calls `incoming-handler.handle` with the request for the event.
pub(super) async fn call(
    exports: &Exports,
    store: &mut Store<GuestState>,
    config: &GuestConfig,
    invocation: &Invocation,
) -> Called {
    let IncomingRequest {
        request,
        reply,
        invalid_headers,
    } = match incoming(invocation, &config.events) {
        Ok(incoming) => incoming,
        Err(error) => return Ok(Err(error.report())),
    };
    for invalid in invalid_headers {
        tracing::warn!(requestId = %invocation.request_id, "left out of the request: {invalid}");
    }
    let state = store.data_mut();
    state.proxy.is_head = request.method() == Method::HEAD;
    let answer = Arc::new(Answer::new(Arc::clone(state.current()?), reply));
    let request = push_request(state, request)?;
    let outparam = state.table.push(Outparam(Arc::clone(&answer)))?;
    let outparam = Resource::<HostResponseOutparam>::new_own(outparam.rep());
    let handler = exports.wasi_http_incoming_handler();
    handler.call_handle(store, request, outparam).await?;
    Ok(answer.outcome())
}

/// A `response-outparam`. It belongs to one invocation, whenever the guest sets it.
struct Outparam(Arc<Answer>);

fn push_request(
    state: &mut GuestState,
    request: Request<bytes::Bytes>,
) -> wasmtime::Result<Resource<HostIncomingRequest>> {
    let scheme = match request.uri().scheme_str() {
        Some("http") => Scheme::Http,
        _ => Scheme::Https,
    };
    // Not the state's own view: a guest that has only been called has not used the client.
    let mut view = WasiHttpCtxView {
        ctx: &mut WasiHttpCtx::new(),
        hooks: &mut Incoming,
        table: &mut state.table,
    };
    view.new_incoming_request(scheme, request.map(Full::new))
}

/// The rules for requests to the guest.
pub(in super::super) struct Incoming;

impl WasiHttpHooks for Incoming {
    fn is_forbidden_header(&mut self, name: &http::HeaderName) -> bool {
        DEFAULT_FORBIDDEN_HEADERS.contains(name)
    }

    fn send_request(
        &mut self,
        _request: Request<WasiBody>,
        _options: Option<RequestOptions>,
        _processed: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<(Response<WasiBody>, Io), Error>> + Send> {
        Box::new(async { Err(Error::HttpRequestDenied) })
    }
}

type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;
