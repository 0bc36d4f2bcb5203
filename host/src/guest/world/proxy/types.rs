//! The functions of `wasi:http/types` that make a response, in place of the library's.
//!
//! The guest's handles have the types of the library, because its other functions take them too. Behind those of
//! responses, their bodies and their outparams are entries of our own in the instance's table.

use std::sync::Arc;

use http::StatusCode;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, LinkerInstance, Resource, ResourceType};
use wasmtime_wasi::p2::DynOutputStream;
use wasmtime_wasi_http::p2::HttpError;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, HostOutgoingBody as _};
use wasmtime_wasi_http::p2::body::HostOutgoingBody;
use wasmtime_wasi_http::p2::types::{HostOutgoingResponse, HostResponseOutparam};
use wasmtime_wasi_http::{FieldMap, WasiHttpView as _};

use super::super::super::state::GuestState;
use super::super::http::{Length, head};
use super::Outparam;
use super::body::Body;
use super::streams::BodyStream;

/// The interface's name in the library.
const TYPES: &str = "wasi:http/types@0.2.12";

type Store<'a> = StoreContextMut<'a, GuestState>;
type Instance<'a> = LinkerInstance<'a, GuestState>;
type Trap<T> = wasmtime::Result<T>;

/// A response that is not set yet.
pub(super) struct OutgoingResponse {
    pub(super) status: StatusCode,
    pub(super) headers: FieldMap,
    pub(super) body: Option<Arc<Body>>,
}

impl OutgoingResponse {
    fn set_status(&mut self, status: StatusCode) {
        self.status = status;
        if let Some(body) = &self.body {
            body.set_status(status);
        }
    }
}

/// A handle to the body of a response.
struct ResponseBody {
    body: Arc<Body>,
    /// Whether the guest has taken its stream.
    is_streaming: bool,
}

/// Returns the same handle, for our own type.
fn ours<T: 'static, U: 'static>(handle: &Resource<T>) -> Resource<U> {
    Resource::new_borrow(handle.rep())
}

fn owned<T: 'static, U: 'static>(handle: &Resource<T>) -> Resource<U> {
    Resource::new_own(handle.rep())
}

/// Defines the functions. The linker has to allow that they shadow others.
pub(super) fn add_to_linker(linker: &mut Linker<GuestState>) -> Trap<()> {
    let mut types = linker.instance(TYPES)?;
    add_response(&mut types)?;
    add_body(&mut types)?;
    add_outparam(&mut types)
}

fn add_response(types: &mut Instance<'_>) -> Trap<()> {
    type Response = Resource<HostOutgoingResponse>;
    types.func_wrap(
        "[constructor]outgoing-response",
        |mut store: Store<'_>, (headers,): (Resource<FieldMap>,)| {
            let table = &mut store.data_mut().table;
            let mut headers = table.delete(headers)?;
            headers.set_immutable();
            let response = table.push(OutgoingResponse {
                status: StatusCode::OK,
                headers,
                body: None,
            })?;
            Ok((owned::<_, HostOutgoingResponse>(&response),))
        },
    )?;
    types.func_wrap(
        "[method]outgoing-response.status-code",
        |store: Store<'_>, (response,): (Response,)| {
            let response: &OutgoingResponse = store.data().table.get(&ours(&response))?;
            Ok((response.status.as_u16(),))
        },
    )?;
    types.func_wrap(
        "[method]outgoing-response.set-status-code",
        |mut store: Store<'_>, (response, status): (Response, u16)| {
            let response: &mut OutgoingResponse =
                store.data_mut().table.get_mut(&ours(&response))?;
            let status = StatusCode::from_u16(status).map(|status| response.set_status(status));
            Ok((status.map_err(drop),))
        },
    )?;
    types.func_wrap(
        "[method]outgoing-response.headers",
        |mut store: Store<'_>, (response,): (Response,)| {
            let table = &mut store.data_mut().table;
            let response: &OutgoingResponse = table.get(&ours(&response))?;
            let headers = response.headers.clone();
            Ok((table.push(headers)?,))
        },
    )?;
    types.func_wrap(
        "[method]outgoing-response.body",
        |mut store: Store<'_>, (response,): (Response,)| {
            Ok((take_body(store.data_mut(), &response)?,))
        },
    )?;
    types.resource(
        "outgoing-response",
        ResourceType::host::<HostOutgoingResponse>(),
        |mut store, response| {
            let response = Resource::<OutgoingResponse>::new_own(response);
            store.data_mut().table.delete(response)?;
            Ok(())
        },
    )
}

/// Returns an error if the body was taken before, or the `content-length` of the response is not a number.
fn take_body(
    state: &mut GuestState,
    response: &Resource<HostOutgoingResponse>,
) -> Trap<Result<Resource<HostOutgoingBody>, ()>> {
    let maker = Arc::clone(state.current()?);
    let response: &mut OutgoingResponse = state.table.get_mut(&ours(response))?;
    let Ok(announced) = head::content_length(&response.headers) else {
        return Ok(Err(()));
    };
    if response.body.is_some() {
        return Ok(Err(()));
    }
    let length = Length::new(announced, state.proxy.is_head, response.status);
    let held = state.proxy.held.get_or_insert_default();
    let body = Arc::new(Body::new(maker, length, held));
    response.body = Some(Arc::clone(&body));
    let body = state.table.push(ResponseBody {
        body,
        is_streaming: false,
    })?;
    Ok(Ok(owned(&body)))
}

/// Bodies of requests are the library's.
fn add_body(types: &mut Instance<'_>) -> Trap<()> {
    type BodyHandle = Resource<HostOutgoingBody>;
    types.func_wrap(
        "[method]outgoing-body.write",
        |mut store: Store<'_>, (body,): (BodyHandle,)| {
            let state = store.data_mut();
            if !is_of_response(state, &body) {
                return Ok((state.http().write(body)?,));
            }
            Ok((take_stream(state, &body)?,))
        },
    )?;
    types.func_wrap(
        "[static]outgoing-body.finish",
        |mut store: Store<'_>, (body, trailers): (BodyHandle, Option<Resource<FieldMap>>)| {
            let state = store.data_mut();
            if !is_of_response(state, &body) {
                return Ok((coded(state.http().finish(body, trailers))?,));
            }
            Ok((finish(state, &body, trailers)?,))
        },
    )?;
    types.resource(
        "outgoing-body",
        ResourceType::host::<HostOutgoingBody>(),
        |mut store, body| {
            let state = store.data_mut();
            let body = Resource::<HostOutgoingBody>::new_own(body);
            if !is_of_response(state, &body) {
                return state.http().drop(body);
            }
            let body: ResponseBody = state.table.delete(owned(&body))?;
            body.body.abandon();
            Ok(())
        },
    )
}

fn is_of_response(state: &GuestState, body: &Resource<HostOutgoingBody>) -> bool {
    state.table.get::<ResponseBody>(&ours(body)).is_ok()
}

fn take_stream(
    state: &mut GuestState,
    handle: &Resource<HostOutgoingBody>,
) -> Trap<Result<Resource<DynOutputStream>, ()>> {
    let handle: Resource<ResponseBody> = ours(handle);
    let body = state.table.get_mut(&handle)?;
    if std::mem::replace(&mut body.is_streaming, true) {
        return Ok(Err(()));
    }
    let stream: DynOutputStream = Box::new(BodyStream::new(Arc::clone(&body.body)));
    let body = Arc::clone(&body.body);
    // A child, so that a body cannot end before its stream.
    let stream = state.table.push_child(stream, &handle)?;
    state.proxy.last_stream.set(&stream, body);
    Ok(Ok(stream))
}

fn finish(
    state: &mut GuestState,
    handle: &Resource<HostOutgoingBody>,
    trailers: Option<Resource<FieldMap>>,
) -> Trap<Result<(), ErrorCode>> {
    let body: ResponseBody = state.table.delete(owned(handle))?;
    if let Some(trailers) = trailers {
        state.table.delete(trailers)?;
        let of = &state.current()?.log_context;
        tracing::warn!(
            requestId = %of.request_id,
            tenantId = of.tenant_id.as_deref(),
            "dropped the trailers of the response: Lambda's front ends do not pass them on"
        );
    }
    Ok(body.body.finish())
}

fn add_outparam(types: &mut Instance<'_>) -> Trap<()> {
    type Response = Result<Resource<HostOutgoingResponse>, ErrorCode>;
    types.func_wrap(
        "[static]response-outparam.set",
        |mut store: Store<'_>, (outparam, response): (Resource<HostResponseOutparam>, Response)| {
            let table = &mut store.data_mut().table;
            let Outparam(answer) = table.delete(owned(&outparam))?;
            match response {
                Ok(response) => answer.give(table.delete(owned(&response))?),
                Err(code) => {
                    answer.refuse(code);
                    Ok(())
                }
            }
        },
    )?;
    types.resource(
        "response-outparam",
        ResourceType::host::<HostResponseOutparam>(),
        |mut store, outparam| {
            let outparam = Resource::<Outparam>::new_own(outparam);
            store.data_mut().table.delete(outparam)?;
            Ok(())
        },
    )
}

/// Separates the errors that the guest gets from those that end it.
fn coded(result: Result<(), HttpError>) -> Trap<Result<(), ErrorCode>> {
    match result {
        Ok(()) => Ok(Ok(())),
        Err(error) => Ok(Err(error.downcast()?)),
    }
}
