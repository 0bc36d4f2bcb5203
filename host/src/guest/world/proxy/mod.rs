//! `wasi:http/proxy` of WASI 0.2: an event becomes a request, and what the component answers the response.
//!
//! The request and the client for requests of the component are those of `wasmtime-wasi-http`. The response is
//! ours, in [`types`] and [`body`]: that library would end it well whatever became of the guest, and would hold
//! back what a guest has written while it computes.

mod answer;
mod body;
mod held;
mod streams;
mod types;

use std::sync::Arc;

use ::http::{Method, Request};
use http_body_util::Full;
use wasmtime::Store;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::p2::types::{HostIncomingRequest, HostResponseOutparam};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView};

pub(super) use wasmtime_wasi_http::p2::bindings::{Proxy as Exports, ProxyPre};

use super::super::state::{GuestConfig, GuestState};
use super::{Called, http};
use crate::event::IncomingRequest;
use crate::invocation::Invocation;
use answer::Answer;
use held::HeldBytes;
use streams::LastStream;

pub(in super::super) use answer::InvalidResponse;

/// What an instance of this world has besides the state of every guest.
#[derive(Default)]
pub(crate) struct State {
    /// Bytes in bodies whose response is not set. Components of other worlds do not pay for it.
    held: Option<HeldBytes>,
    last_stream: LastStream,
    /// Whether the request has the method `HEAD`.
    is_head: bool,
}

impl State {
    /// The invocation has ended.
    pub(in super::super) fn rest(&mut self) {
        self.last_stream = LastStream::default();
    }
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
    let incoming = match http::read(config, invocation) {
        Ok(incoming) => incoming,
        Err(report) => return Ok(Err(report)),
    };
    let IncomingRequest { request, reply, .. } = incoming;
    let state = store.data_mut();
    let is_head = request.method() == Method::HEAD;
    state.proxy.is_head = is_head;
    let current = Arc::clone(state.current()?);
    let answer = Arc::new(Answer::new(current, reply, is_head));
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
        hooks: &mut http::Incoming,
        table: &mut state.table,
    };
    view.new_incoming_request(scheme, request.map(Full::new))
}
