//! Components of `wasi:http/service` of WASI 0.3. The guest returns a response, and writes its body in tasks that
//! go on after that.

mod answer;
mod broken;
mod consumer;
mod contents;
mod failure;
mod outlet;
mod progress;
mod responses;

use std::future::poll_fn;

use ::http::{Method, Request as HttpRequest};
use http_body_util::Full;
use lambda_protocol::error_report::{ErrorReport, ErrorType};
use wasmtime::component::Resource;
use wasmtime::{AsContextMut as _, Store, StoreContextMut};
use wasmtime_wasi_http::p3::Request;

pub(super) use wasmtime_wasi_http::p3::bindings::{Service as Exports, ServicePre};

use self::answer::{Answer, Closed, Tasks};
pub(in crate::guest) use self::contents::body_stream;
pub(in crate::guest) use self::failure::{BrokenResponse, ToldFailure};
pub(in crate::guest) use self::responses::{Bodies, keep_bodies};
use super::Called;
use super::http::{self, Incoming, described};
use crate::event::IncomingRequest;
use crate::guest::state::{GuestConfig, GuestState};
use crate::invocation::Invocation;

/// Calls the guest for `invocation`, and waits for all of its tasks.
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
    store
        .run_concurrent(async |tasks| serve(tasks, exports, incoming).await)
        .await?
}

async fn serve(tasks: &Tasks, exports: &Exports, incoming: IncomingRequest) -> Called {
    let IncomingRequest { request, reply, .. } = incoming;
    let is_head = request.method() == Method::HEAD;
    let request = tasks.with(|mut access| push_request(access.as_context_mut(), request))?;
    let handler = exports.wasi_http_handler();
    let closed = match handler.call_handle(tasks, request).await? {
        Ok(response) => {
            let mut answer = tasks.with(|mut access| {
                Answer::start(access.as_context_mut(), response, reply, is_head)
            })?;
            let end = answer.end(tasks).await?;
            answer.close(end)?
        }
        Err(code) => {
            let text = format!("the handler answered with an error: {}", described(code));
            Closed::Failed(ErrorReport::new(ErrorType::HandlerError, text))
        }
    };
    // The work of the guest goes on, whatever it has answered.
    poll_fn(|cx| tasks.poll_no_interesting_tasks(cx)).await;
    match closed {
        Closed::Well => Ok(Ok(())),
        Closed::Failed(report) => Ok(Err(report)),
        Closed::Told(told) => Err(told.into()),
    }
}

fn push_request(
    mut store: StoreContextMut<'_, GuestState>,
    request: HttpRequest<bytes::Bytes>,
) -> wasmtime::Result<Resource<Request>> {
    let state = store.data_mut();
    let body = request.body().clone();
    let (request, _) = Request::from_http(&mut Incoming, request.map(Full::new));
    let request = state.table.push(request)?;
    state.bodies.note_request(request.rep(), body);
    Ok(request)
}
