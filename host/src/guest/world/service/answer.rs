//! The response that the guest returns, from its head to its end.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

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
        let response = state.http().table.delete(response)?;
        let (status, headers) = (response.status, &response.headers);
        let outlet = Outlet::open(&current, reply, is_head, status, headers)
            .map_err(|reason| invalid(&reason))?;
        let mut answer = Self {
            outlet: Arc::new(outlet),
            progress: Progress::default(),
            passed_on: None,
            teller: None,
        };
        match body {
            Some(body) => answer.connect(store, body)?,
            // The answer of another server, passed on as it is.
            None => {
                let body = response.into_http(store, async { Ok(()) })?.into_body();
                answer.passed_on = Some(HostContents::new(body));
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
            mut trailers,
            teller,
            ..
        } = body;
        self.teller = Some(teller);
        let (outlet, progress) = (Arc::clone(&self.outlet), self.progress.clone());
        match contents {
            Contents::Host(contents) => {
                // What ends the bytes ends the body: the trailers would come from the same source.
                self.passed_on = Some(contents);
                return trailers.close(&mut store);
            }
            Contents::Guest(contents) => {
                contents.pipe(&mut store, BytesConsumer { outlet, progress })?;
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
        if let Some(contents) = &mut self.passed_on {
            return pass_on(&self.outlet, contents).await;
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
    ///
    /// # Errors
    ///
    /// The response has failed, and that is still to be told.
    pub(super) fn close(self, end: End) -> Result<Option<ToldFailure>, BrokenResponse> {
        let current = &self.outlet.current;
        let Err(broken) = end.and_then(|()| self.outlet.finish()) else {
            if let Some(teller) = self.teller {
                teller.sent(current.response.transmission());
            }
            return Ok(None);
        };
        if let Some(teller) = self.teller {
            teller.failed(broken.error_code());
        }
        match current.response.state() {
            // The receiver has gone in the meantime.
            ResponseStream::Failed => Ok(None),
            ResponseStream::Streaming => Ok(Some(tell_failure(current, &broken.report()))),
            ResponseStream::AwaitingPrelude
            | ResponseStream::Collecting
            | ResponseStream::Finished => Err(BrokenResponse(broken.report())),
        }
    }
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

/// Passes on a body of the host.
async fn pass_on(outlet: &Outlet, contents: &mut HostContents) -> wasmtime::Result<End> {
    while let Some(next) = contents.next().await {
        let bytes = match next {
            Ok(bytes) => bytes,
            Err(error) => return Ok(Err(Broken::Upstream(error))),
        };
        let mut left = &bytes[..];
        while !left.is_empty() {
            if let Err(broken) = outlet.accept(left.len())? {
                return Ok(Err(broken));
            }
            match outlet.push(left) {
                Ok(taken) => left = left.get(taken..).unwrap_or_default(),
                Err(Refused::TooLarge(document)) => {
                    return Ok(Err(Broken::TooLarge(document.to_string())));
                }
                // The receiver is gone.
                Err(_) => return Ok(Ok(())),
            }
            poll_fn(|cx| outlet.poll_room(cx)).await;
        }
    }
    Ok(outlet.bytes_ended())
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
