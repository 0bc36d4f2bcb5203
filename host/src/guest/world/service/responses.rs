//! Responses that the guest makes. The library would put a body into a channel of its own, whose end looks the
//! same whether the guest ended the body or vanished. These functions of `wasi:http/types` keep it as the guest
//! gave it, until it is clear what becomes of the response.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use http_body_util::{BodyExt as _, Empty};
use tokio::sync::oneshot;
use wasmtime::component::{
    Access, FutureConsumer, FutureReader, Linker, Resource, ResourceType, Source, StreamReader,
};
use wasmtime::{AsContextMut as _, StoreContextMut};
use wasmtime_wasi_http::p3::bindings::http::types::{
    ErrorCode, HostRequestWithStore, RequestOptions, Trailers,
};
use wasmtime_wasi_http::p3::{Request, Response};
use wasmtime_wasi_http::{Error, FieldMap, WasiHttp, WasiHttpView as _};

use super::contents::HostContents;
use crate::guest::state::{ActiveInvocation, GuestState};
use crate::response::Transmission;

/// The interface's name in Wasmtime's WASI.
const TYPES: &str = "wasi:http/types@0.3.0";

/// What the guest has to say at the end of a body.
pub(super) type Ending = Result<Option<Resource<Trailers>>, ErrorCode>;
pub(super) type TrailersReader = FutureReader<Ending>;
/// What became of a body.
type Fate = Result<(), ErrorCode>;
type FateReader = FutureReader<Fate>;

/// The bodies of messages that the guest has, by the handles of the messages.
#[derive(Default)]
pub(in crate::guest) struct Bodies {
    responses: HashMap<u32, Body>,
    /// The request of the invocation.
    request: Option<(u32, bytes::Bytes)>,
}

/// The body of a response as the guest gave it.
pub(super) struct Body {
    /// The invocation that made it.
    maker: Weak<ActiveInvocation>,
    pub(super) contents: Contents,
    pub(super) trailers: TrailersReader,
    pub(super) teller: Teller,
}

/// The bytes of a body.
pub(super) enum Contents {
    None,
    Guest(StreamReader<u8>),
    Host(HostContents),
}

/// Tells the guest what becomes of its response. If dropped, the response is of no interest any more.
pub(super) struct Teller(oneshot::Sender<Told>);

enum Told {
    Fate(Fate),
    /// Whatever Lambda says.
    Sent(Transmission),
}

impl Teller {
    /// The response has failed.
    pub(super) fn failed(self, error: ErrorCode) {
        self.tell(Told::Fate(Err(error)));
    }

    /// The response is complete, and on its way.
    pub(super) fn sent(self, transmission: Transmission) {
        self.tell(Told::Sent(transmission));
    }

    fn tell(self, told: Told) {
        // Fails if the guest is not interested.
        let _ = self.0.send(told);
    }
}

/// Resolves once it is known what became of a response.
async fn fate(told: oneshot::Receiver<Told>) -> wasmtime::Result<Fate> {
    Ok(match told.await {
        Ok(Told::Fate(fate)) => fate,
        Ok(Told::Sent(transmission)) => match transmission.await {
            true => Ok(()),
            false => Err(ErrorCode::ConnectionTerminated),
        },
        // Dropped by the guest.
        Err(_) => Ok(()),
    })
}

impl Bodies {
    /// Notes the body of the request with this handle.
    pub(super) fn note_request(&mut self, request: u32, body: bytes::Bytes) {
        self.request = Some((request, body));
    }

    /// Notes that the guest has made a request with this handle: the noted one is gone.
    fn request_made(&mut self, request: u32) {
        self.request.take_if(|(rep, _)| *rep == request);
    }

    /// The invocation has ended.
    pub(in crate::guest) fn rest(&mut self) {
        self.request = None;
    }

    /// Takes the body of a response that the guest has made.
    pub(super) fn take(&mut self, response: u32) -> Option<Body> {
        self.responses.remove(&response)
    }
}

type Store<'a> = StoreContextMut<'a, GuestState>;

/// Defines the functions for bodies over those of the library.
pub(in crate::guest) fn keep_bodies(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let mut types = linker.instance(TYPES)?;
    types.func_wrap("[static]response.new", |store: Store<'_>, params| {
        Ok((new_response(store, params)?,))
    })?;
    types.func_wrap(
        "[static]response.consume-body",
        |store: Store<'_>, params| Ok((consume_response(store, params)?,)),
    )?;
    types.resource("response", ResourceType::host::<Response>(), drop_response)?;
    types.func_wrap("[static]request.new", |store: Store<'_>, params| {
        Ok((new_request(store, params)?,))
    })?;
    types.func_wrap(
        "[static]request.consume-body",
        |store: Store<'_>, params| Ok((consume_request(store, params)?,)),
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

fn new_response(
    mut store: Store<'_>,
    (headers, contents, trailers): (Resource<FieldMap>, Option<StreamReader<u8>>, TrailersReader),
) -> wasmtime::Result<(Resource<Response>, FateReader)> {
    let (sender, told) = oneshot::channel();
    let contents = match contents {
        None => Contents::None,
        Some(stream) => match stream.try_into::<HostContents>(&mut store) {
            Ok(host) => Contents::Host(host),
            Err(stream) => Contents::Guest(stream),
        },
    };
    let view = store.data_mut().http();
    let mut headers = view.table.delete(headers)?;
    headers.set_immutable();
    let (mut response, _) = Response::from_http(view.hooks, http::Response::new(Empty::new()));
    response.headers = headers;
    let response = view.table.push(response)?;
    let state = store.data_mut();
    let body = Body {
        maker: Arc::downgrade(state.current()?),
        contents,
        trailers,
        teller: Teller(sender),
    };
    state.bodies.responses.insert(response.rep(), body);
    let fate = FutureReader::new(&mut store, fate(told))?;
    Ok((response, fate))
}

type Consumed = (StreamReader<u8>, TrailersReader);

fn consume_response(
    mut store: Store<'_>,
    (response, result): (Resource<Response>, FateReader),
) -> wasmtime::Result<Consumed> {
    let rep = response.rep();
    let response = store.data_mut().http().table.delete(response)?;
    let Some(body) = store.data_mut().bodies.take(rep) else {
        return consume_answer(store, response, result);
    };
    result.pipe(&mut store, Telling(Some(body.teller)))?;
    match body.contents {
        Contents::Guest(contents) => Ok((contents, body.trailers)),
        Contents::Host(contents) => Ok((StreamReader::new(&mut store, contents)?, body.trailers)),
        Contents::None => {
            let nothing = StreamReader::new(&mut store, std::iter::empty())?;
            Ok((nothing, body.trailers))
        }
    }
}

/// Gives the body of the answer to a request to the guest.
fn consume_answer(
    mut store: Store<'_>,
    mut response: Response,
    result: FateReader,
) -> wasmtime::Result<Consumed> {
    let (sender, told) = oneshot::channel();
    result.pipe(&mut store, Telling(Some(Teller(sender))))?;
    let result = async {
        let fate = fate(told).await.unwrap_or(Ok(()));
        fate.map_err(Error::from)
    };
    // The client has checked the length already. The library would not know when a body may be absent, and traps
    // the guest if the length is repeated.
    response.headers = FieldMap::default();
    let (_, body) = response.into_http(&mut store, result)?.into_parts();
    HostContents::open(store, body)
}

type NewRequest = (
    Resource<FieldMap>,
    Option<StreamReader<u8>>,
    TrailersReader,
    Option<Resource<RequestOptions>>,
);

fn new_request(
    mut store: Store<'_>,
    (headers, contents, trailers, options): NewRequest,
) -> wasmtime::Result<(Resource<Request>, FateReader)> {
    let access = Access::<_, WasiHttp>::new(store.as_context_mut(), GuestState::http);
    let (request, fate) = <WasiHttp as HostRequestWithStore<GuestState>>::new(
        access, headers, contents, trailers, options,
    )?;
    store.data_mut().bodies.request_made(request.rep());
    Ok((request, fate))
}

fn consume_request(
    mut store: Store<'_>,
    (request, result): (Resource<Request>, FateReader),
) -> wasmtime::Result<Consumed> {
    let bodies = &mut store.data_mut().bodies;
    let Some((_, body)) = bodies.request.take_if(|(rep, _)| *rep == request.rep()) else {
        // One that the guest has made.
        let access = Access::<_, WasiHttp>::new(store, GuestState::http);
        return WasiHttp::consume_body(access, request, result);
    };
    store.data_mut().http().table.delete(request)?;
    result.pipe(&mut store, Telling(None))?;
    let body = http_body_util::Full::new(body);
    let body = body.map_err(|never| match never {}).boxed_unsync();
    HostContents::open(store, body)
}

fn drop_response(mut store: Store<'_>, rep: u32) -> wasmtime::Result<()> {
    let response = Resource::<Response>::new_own(rep);
    store.data_mut().http().table.delete(response)?;
    match store.data_mut().bodies.take(rep) {
        Some(body) => body.close(store),
        None => Ok(()),
    }
}

impl Body {
    /// Returns whether this invocation made the body.
    pub(super) fn is_of(&self, current: &Arc<ActiveInvocation>) -> bool {
        std::ptr::eq(self.maker.as_ptr(), Arc::as_ptr(current))
    }

    /// Tells the guest that nobody reads this body.
    pub(super) fn close(mut self, mut store: Store<'_>) -> wasmtime::Result<()> {
        if let Contents::Guest(mut contents) = self.contents {
            contents.close(&mut store)?;
        }
        self.trailers.close(&mut store)
    }
}

/// Receives what the guest has made of a body, and passes it on.
struct Telling(Option<Teller>);

impl FutureConsumer<GuestState> for Telling {
    type Item = Fate;

    fn poll_consume(
        mut self: std::pin::Pin<&mut Self>,
        _cx: &mut std::task::Context<'_>,
        store: Store<'_>,
        mut source: Source<'_, Fate>,
        _finish: bool,
    ) -> std::task::Poll<wasmtime::Result<()>> {
        let mut fate = None;
        source.read(store, &mut fate)?;
        if let (Some(teller), Some(fate)) = (self.0.take(), fate) {
            teller.tell(Told::Fate(fate));
        }
        std::task::Poll::Ready(Ok(()))
    }
}
