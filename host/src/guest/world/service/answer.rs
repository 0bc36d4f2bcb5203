//! The response that the guest returns, from its head to its end.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use ::http::{HeaderMap, header};
use lambda_protocol::error_report::{ErrorReport, ErrorType};
use tokio::sync::oneshot;
use wasmtime::StoreContextMut;
use wasmtime::component::{Accessor, AccessorTask, Resource};
use wasmtime_wasi_http::WasiHttpView as _;
use wasmtime_wasi_http::p3::Response;

use super::super::http;
use super::broken::Broken;
use super::consumer::{BytesConsumer, TrailersConsumer};
use super::contents::HostContents;
use super::failure::{BrokenResponse, ToldFailure, tell_failure};
use super::outlet::Outlet;
use super::progress::Progress;
use super::responses::{Body, Contents, Teller};
use crate::event::Reply;
use crate::guest::state::GuestState;
use crate::response::{Refused, ResponseStream};

pub(super) type Tasks = Accessor<GuestState>;
type End = Result<(), Broken>;

/// How a response has ended.
pub(super) enum Closed {
    Well,
    /// The guest has answered with a failure, which is reported when its tasks have ended.
    Failed(ErrorReport),
    /// It has failed, and that has been told.
    Told(ToldFailure),
}

/// A response that has started.
pub(super) struct Answer {
    outlet: Arc<Outlet>,
    progress: Progress,
    /// A body of the host.
    passed_on: Option<HostContents>,
    teller: Option<Teller>,
}

impl Answer {
    /// Sends the head, and connects the body.
    ///
    /// # Errors
    ///
    /// Lambda does not take such a head.
    pub(super) fn start(
        mut store: StoreContextMut<'_, GuestState>,
        response: Resource<Response>,
        reply: Reply,
        is_head: bool,
    ) -> wasmtime::Result<Self> {
        let state = store.data_mut();
        let current = Arc::clone(state.current()?);
        let body = state.bodies.take(response.rep());
        if body.as_ref().is_some_and(|body| !body.is_of(&current)) {
            return Err(invalid(http::KEPT).into());
        }
        let mut response = state.http().table.delete(response)?;
        let status = response.status;
        let headers = take_headers(&mut response);
        let outlet = Outlet::open(&current, reply, is_head, status, &headers)
            .map_err(|reason| invalid(&reason))?;
        let outlet = Arc::new(outlet);
        let mut answer = Self {
            progress: Progress::new(Arc::clone(&outlet)),
            outlet,
            passed_on: None,
            teller: None,
        };
        match body {
            Some(body) => answer.connect(store, body)?,
            // The answer of another server, passed on as it is.
            None => {
                let body = response.into_http(store, async { Ok(()) })?.into_body();
                answer.passed_on = Some(HostContents::new(body));
                answer.progress.trailers_ended(Ok(()));
            }
        }
        Ok(answer)
    }

    fn connect(
        &mut self,
        mut store: StoreContextMut<'_, GuestState>,
        body: Body,
    ) -> wasmtime::Result<()> {
        let Body {
            contents,
            trailers,
            teller,
            ..
        } = body;
        self.teller = Some(teller);
        let (outlet, progress) = (Arc::clone(&self.outlet), self.progress.clone());
        match contents {
            Contents::Host(contents) => self.passed_on = Some(contents),
            Contents::Guest(contents) => {
                contents.pipe(&mut store, BytesConsumer::new(outlet, progress))?;
            }
            Contents::None => progress.bytes_ended(outlet.bytes_ended()),
        }
        let consumer = TrailersConsumer {
            outlet: Arc::clone(&self.outlet),
            progress: self.progress.clone(),
        };
        trailers.pipe(store, consumer)
    }

    /// Waits for the end of the body.
    pub(super) async fn end(&mut self, tasks: &Tasks) -> wasmtime::Result<End> {
        if let Some(mut contents) = self.passed_on.take() {
            let end = pass_on(&self.outlet, &mut contents).await?;
            if end.is_none() {
                self.progress.trailers_ended(Ok(()));
            }
            self.progress.bytes_ended(end.unwrap_or(Ok(())));
            contents.break_off();
        }
        if let Some(end) = end_or_idle(&self.progress, tasks).await {
            return Ok(end);
        }
        // The last task of the guest may have left an end that is still on its way.
        settle(tasks).await?;
        let end = end_or_idle(&self.progress, tasks).await;
        Ok(end.unwrap_or(Err(Broken::Leaked)))
    }

    /// Says how the response has ended.
    ///
    /// # Errors
    ///
    /// The response has failed, and that is still to be told.
    pub(super) fn close(self, end: End) -> Result<Closed, BrokenResponse> {
        let current = &self.outlet.current;
        let Err(broken) = end else {
            if let Some(teller) = self.teller {
                teller.sent(current.response.transmission());
            }
            return Ok(Closed::Well);
        };
        if let Some(teller) = self.teller {
            teller.failed(broken.error_code());
        }
        let report = broken.report();
        if let Broken::Status(..) = broken {
            return Ok(Closed::Failed(report));
        }
        match current.response.state() {
            // The receiver has gone in the meantime.
            ResponseStream::Failed => Ok(Closed::Well),
            ResponseStream::Streaming => Ok(Closed::Told(tell_failure(current, &report))),
            ResponseStream::AwaitingPrelude
            | ResponseStream::Collecting
            | ResponseStream::Finished => Err(BrokenResponse(report)),
        }
    }
}

/// Takes the headers, with one `content-length`: a server may repeat it, and the client has checked that all are
/// equal. Without headers, the library leaves the length to the outlet, which knows when a body may be absent.
fn take_headers(response: &mut Response) -> HeaderMap {
    let mut headers = HeaderMap::from(std::mem::take(&mut response.headers));
    if let Some(length) = headers.get(header::CONTENT_LENGTH).cloned() {
        headers.insert(header::CONTENT_LENGTH, length);
    }
    headers
}

fn invalid(reason: &str) -> BrokenResponse {
    BrokenResponse(ErrorReport::new(
        ErrorType::HandlerError,
        format!("the response of the handler is invalid: {reason}"),
    ))
}

/// Returns the end of a body, or nothing once no task of the guest is left.
async fn end_or_idle(progress: &Progress, tasks: &Tasks) -> Option<End> {
    poll_fn(|cx| match progress.poll_end(cx) {
        Poll::Ready(end) => Poll::Ready(Some(end)),
        Poll::Pending => tasks.poll_no_interesting_tasks(cx).map(|()| None),
    })
    .await
}

/// Passes on a body of the host. Returns nothing if the receiver is gone.
async fn pass_on(outlet: &Outlet, contents: &mut HostContents) -> wasmtime::Result<Option<End>> {
    while let Some(next) = contents.next().await {
        let bytes = match next {
            Ok(bytes) => bytes,
            Err(error) => return Ok(Some(Err(Broken::Upstream(error)))),
        };
        let mut left = &bytes[..];
        while !left.is_empty() {
            if let Err(broken) = outlet.accept(left.len())? {
                return Ok(Some(Err(broken)));
            }
            match outlet.push(left) {
                Ok(taken) => left = left.get(taken..).unwrap_or_default(),
                Err(Refused::TooLarge(document)) => {
                    return Ok(Some(Err(Broken::TooLarge(document.to_string()))));
                }
                Err(Refused::AlreadyStarted | Refused::AlreadyFinished | Refused::Closed) => {
                    return Ok(None);
                }
            }
            poll_fn(|cx| outlet.poll_room(cx)).await;
        }
    }
    Ok(Some(outlet.bytes_ended()))
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
