//! Components of `wasi:http/service` of WASI 0.3. The guest returns a response, and writes its body in tasks that
//! go on after that.

mod contents;
mod responses;
mod sink;
mod stand_in;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use lambda_protocol::error_report::{ErrorReport, ErrorType};
use tokio::sync::oneshot;
use wasmtime::component::{Accessor, AccessorTask, Resource};
use wasmtime::{AsContextMut as _, Store, StoreContextMut};
use wasmtime_wasi_http::WasiHttpView as _;
use wasmtime_wasi_http::p3::bindings::Service;
use wasmtime_wasi_http::p3::{Request, Response};

pub(super) use wasmtime_wasi_http::p3::bindings::ServicePre;

use self::contents::HostContents;
pub(in crate::guest) use self::responses::{Bodies, keep_bodies};
use self::responses::{Body, Contents, Teller};
use self::sink::{Broken, Length, Progress, Sink, TrailersSink};
use self::stand_in::{content_length, head, start};
use super::Called;
use crate::guest::failure::{BrokenResponse, ToldFailure, tell_failure};
use crate::guest::state::{ActiveInvocation, GuestConfig, GuestState};
use crate::invocation::Invocation;
use crate::response::{Refused, ResponseStream, ResponseWriter};

pub(super) type Exports = Service;

/// Calls the guest for `invocation`, and waits for all of its tasks.
pub(super) async fn call(
    exports: &Exports,
    store: &mut Store<GuestState>,
    config: &GuestConfig,
    invocation: &Invocation,
) -> Called {
    let request = match stand_in::incoming(config, invocation) {
        Ok(request) => request,
        Err(report) => return Ok(Err(report)),
    };
    store
        .run_concurrent(async |accessor| serve(accessor, exports, request).await)
        .await??;
    Ok(Ok(()))
}

type Tasks = Accessor<GuestState>;

async fn serve(
    tasks: &Tasks,
    exports: &Exports,
    request: http::Request<bytes::Bytes>,
) -> wasmtime::Result<()> {
    let request = tasks.with(|mut access| push_request(access.as_context_mut(), request))?;
    let answer = exports
        .wasi_http_handler()
        .call_handle(tasks, request)
        .await?;
    let response = answer.map_err(|error| {
        BrokenResponse(ErrorReport::new(
            ErrorType::HandlerError,
            format!("the handler returned the error {error:?}"),
        ))
    })?;
    let mut answer = tasks.with(|mut access| Answer::start(access.as_context_mut(), response))?;
    let end = answer.end(tasks).await?;
    let failed = answer.close(end)?;
    poll_fn(|cx| tasks.poll_no_interesting_tasks(cx)).await;
    match failed {
        None => Ok(()),
        Some(told) => Err(told.into()),
    }
}

fn push_request(
    mut store: StoreContextMut<'_, GuestState>,
    request: http::Request<bytes::Bytes>,
) -> wasmtime::Result<Resource<Request>> {
    let body = request.body().clone();
    let view = store.data_mut().http();
    let (request, _) = Request::from_http(view.hooks, request.map(http_body_util::Full::new));
    let request = view.table.push(request)?;
    store.data_mut().bodies.note_request(request.rep(), body);
    Ok(request)
}

/// A response that has started.
struct Answer {
    current: Arc<ActiveInvocation>,
    progress: Progress,
    /// A body of the host, with the count of its bytes.
    passed_on: Option<(HostContents, Length)>,
    teller: Option<Teller>,
}

impl Answer {
    /// Sends the head, and connects the body.
    fn start(
        mut store: StoreContextMut<'_, GuestState>,
        response: Resource<Response>,
    ) -> wasmtime::Result<Self> {
        let state = store.data_mut();
        let current = state.current_shared()?;
        let body = state.bodies.take(response.rep());
        let response = state.http().table.delete(response)?;
        let promised = content_length(&response.headers);
        let head = head(response.status.as_u16(), &response.headers);
        let started = head.and_then(|head| start(&current.response, head));
        started.map_err(BrokenResponse)?;
        let mut answer = Self {
            current,
            progress: Progress::default(),
            passed_on: None,
            teller: None,
        };
        let length = Length::new(promised);
        match body {
            Some(body) => answer.connect(store, body, length)?,
            // The answer of another server, passed on as it is.
            None => {
                let body = response.into_http(store, async { Ok(()) })?.into_body();
                answer.pass_on(HostContents::new(body), length);
            }
        }
        Ok(answer)
    }

    fn connect(
        &mut self,
        mut store: StoreContextMut<'_, GuestState>,
        body: Body,
        length: Length,
    ) -> wasmtime::Result<()> {
        let Body {
            contents,
            mut trailers,
            teller,
        } = body;
        self.teller = Some(teller);
        match contents {
            Contents::Host(contents) => {
                // They would come from the same source.
                trailers.close(&mut store)?;
                self.pass_on(contents, length);
                return Ok(());
            }
            Contents::Guest(contents) => {
                let current = Arc::clone(&self.current);
                contents.pipe(
                    &mut store,
                    Sink::new(current, length, self.progress.clone()),
                )?;
            }
            Contents::None => self.progress.contents_ended(length.end()),
        }
        let sink = TrailersSink {
            current: Arc::clone(&self.current),
            progress: self.progress.clone(),
        };
        trailers.pipe(store, sink)
    }

    fn pass_on(&mut self, contents: HostContents, length: Length) {
        self.passed_on = Some((contents, length));
        self.progress.trailers_ended(Ok(()));
    }

    /// Waits for the end of the body.
    async fn end(&mut self, tasks: &Tasks) -> wasmtime::Result<Result<(), Broken>> {
        if let Some((contents, length)) = &mut self.passed_on {
            return pass_on(tasks, &self.current.response, contents, length).await;
        }
        if let Some(end) = end_or_idle(&self.progress, tasks).await {
            return Ok(end);
        }
        // The last task of the guest may have left an end that is still on its way.
        settle(tasks).await?;
        let end = end_or_idle(&self.progress, tasks).await;
        Ok(end.unwrap_or(Err(Broken::Leaked)))
    }

    /// Ends the response. Returns a mark if it has failed, and that has been told.
    fn close(&mut self, end: Result<(), Broken>) -> Result<Option<ToldFailure>, BrokenResponse> {
        let response = &self.current.response;
        let end = end.and_then(|()| match response.finish() {
            Err(Refused::TooLarge(document)) => Err(Broken::TooLarge(document.to_string())),
            // Refused if the receiver is gone.
            Ok(()) | Err(Refused::AlreadyStarted | Refused::AlreadyFinished | Refused::Closed) => {
                Ok(())
            }
        });
        let teller = self.teller.take();
        let Err(broken) = end else {
            if let Some(teller) = teller {
                teller.sent(response.transmission());
            }
            return Ok(None);
        };
        if let Some(teller) = teller {
            teller.failed(broken.error_code());
        }
        if response.state() != ResponseStream::Streaming {
            return Err(BrokenResponse(broken.report()));
        }
        Ok(Some(tell_failure(&self.current, &broken.report())))
    }
}

/// Returns the end of a body, or nothing once no task of the guest is left.
async fn end_or_idle(progress: &Progress, tasks: &Tasks) -> Option<Result<(), Broken>> {
    poll_fn(|cx| match progress.poll_end(cx) {
        Poll::Ready(end) => Poll::Ready(Some(end)),
        Poll::Pending => tasks.poll_no_interesting_tasks(cx).map(|()| None),
    })
    .await
}

/// Passes on a body of the host.
async fn pass_on(
    tasks: &Tasks,
    response: &ResponseWriter,
    contents: &mut HostContents,
    length: &mut Length,
) -> wasmtime::Result<Result<(), Broken>> {
    while let Some(next) = contents.next().await {
        let bytes = match next {
            Ok(bytes) => bytes,
            Err(error) => return Ok(Err(Broken::Upstream(error))),
        };
        if let Err(broken) = length.check(bytes.len()) {
            return Ok(Err(broken));
        }
        tasks.with(|mut access| access.data_mut().count_write(bytes.len()))?;
        match response.write(&bytes).await {
            Ok(()) => length.add(bytes.len()),
            Err(Refused::TooLarge(document)) => {
                return Ok(Err(Broken::TooLarge(document.to_string())));
            }
            // The receiver is gone.
            Err(_) => return Ok(Ok(())),
        }
    }
    Ok(length.end())
}

/// Waits until the host's futures that were ready have been polled.
async fn settle(tasks: &Tasks) -> wasmtime::Result<()> {
    struct Marker(oneshot::Sender<()>);

    impl AccessorTask<GuestState> for Marker {
        async fn run(self, _: &Tasks) -> wasmtime::Result<()> {
            // Fails if the guest was stopped.
            let _ = self.0.send(());
            Ok(())
        }
    }

    let (sender, reached) = oneshot::channel();
    tasks.spawn(Marker(sender))?;
    // Fails if the guest was stopped.
    let _ = reached.await;
    Ok(())
}
