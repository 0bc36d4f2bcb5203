//! One invocation, from its event to the end of its response. Drives the guest call and the post of the
//! response together; neither outlives the other.

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use lambda_protocol::error_report::{ErrorReport, ErrorType};
use tokio::time::{Instant, sleep};
use wasmtime::Engine;

use super::alarm::Alarm;
use super::record;
use super::shutdown::Shutdown;
use crate::capsule::CapsuleSettings;
use crate::engine::ReadAhead;
use crate::executor::GuestRun;
use crate::guest::{Completed, Ended, Guests, Interrupt, InterruptReason, Invoke, Panicked};
use crate::invocation::{Deadline, Invocation};
use crate::response::invoker::{Buffered, Invoker};
use crate::response::{self, FailureRoute, ResponseReader, ResponseStream};
use crate::runtime_api::{Answer, Client, Refusal, RuntimeApiError};
use crate::telemetry::Telemetry;

/// How long before the function's deadline a guest is stopped, so that the end of its stream can still be
/// sent. Never more than a tenth of the remaining time.
const DEADLINE_MARGIN: Duration = Duration::from_millis(100);

/// How long a guest may run after its receiver has gone. Its writes fail, so that it can clean up; then it
/// is stopped.
const PEER_GONE_GRACE: Duration = Duration::from_secs(1);

/// How long a guest may take to stop, unless the process shuts down. A guest can exceed this only inside
/// a host call that blocks its thread.
const STOP_GRACE: Duration = Duration::from_secs(1);

/// How long a receiver may take for the end of a response whose guest was stopped, unless the process
/// shuts down. At Lambda's slowest rate, 2 MB/s, the buffer drains in a fraction of a second.
const LAST_BYTES_GRACE: Duration = Duration::from_secs(2);

/// Why a worker ends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvokeError {
    /// The Runtime API failed for good.
    #[error(transparent)]
    RuntimeApi(#[from] RuntimeApiError),
    /// The guest does not stop.
    #[error("the handler did not stop when it was interrupted")]
    GuestStuck,
    /// The host has panicked while it ran the guest.
    #[error("the host panicked while it ran the handler")]
    GuestGone,
}

/// One worker: serves one invocation at a time.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) client: Client,
    pub(crate) guests: Guests,
    pub(crate) engine: Engine,
    pub(crate) shutdown: Shutdown,
    pub(crate) alarm: Alarm,
    /// Which front ends get a response document.
    pub(crate) buffered: Buffered,
    /// What is to be read of the handler's file beside the first poll.
    pub(crate) read_ahead: Option<Arc<ReadAhead>>,
    /// Who gets the records of its invocations.
    pub(crate) telemetry: Option<Telemetry>,
    /// How its invocations are recorded, if they are.
    pub(crate) capsules: Option<Arc<CapsuleSettings>>,
}

impl Worker {
    /// Runs the handler for `invocation`, posts its response, and tells what it did.
    pub(crate) async fn invoke(&mut self, mut invocation: Invocation) -> Result<(), InvokeError> {
        if self.telemetry.is_none() && self.capsules.is_none() {
            return self.serve(Arc::new(invocation)).await;
        }
        invocation.watch = self.telemetry.as_ref().and_then(|it| it.watch(&invocation));
        if let Some(settings) = &self.capsules {
            invocation.tape = record::begin(settings, &invocation);
        }
        let invocation = Arc::new(invocation);
        let served = self.serve(Arc::clone(&invocation)).await;
        if let (Err(error), Some(watch)) = (&served, &invocation.watch) {
            watch.failed(&fault(error), true);
        }
        if let Some((tape, settings)) = invocation.tape.as_ref().zip(self.capsules.as_ref()) {
            record::end(tape, settings, &invocation);
        }
        if let Some(telemetry) = &mut self.telemetry {
            tokio::select! {
                biased;
                () = telemetry.tell(&invocation) => {}
                () = self.shutdown.last_passed() => {}
            }
        }
        served
    }

    /// Runs the handler for `invocation` and posts its response.
    async fn serve(&mut self, invocation: Arc<Invocation>) -> Result<(), InvokeError> {
        let invoker = Invoker::new(Arc::clone(&invocation), self.buffered);
        let (response, reader) = response::channel(Some(invoker));
        let interrupt = Interrupt::new();
        let now = Instant::now();
        let stop_at = stop_at(invocation.deadline, now);
        if stop_at <= now {
            // Raised before the guest begins; a timer would fire too late.
            interrupt.raise(InterruptReason::Deadline);
        }
        let invoke = Invoke {
            invocation: Arc::clone(&invocation),
            response,
            interrupt: interrupt.clone(),
        };
        let mut stopping = pin!(stop_in_time(
            &self.engine,
            &interrupt,
            self.alarm.at(stop_at),
            &self.shutdown,
        ));
        let guest = tokio::select! {
            biased;
            guest = self.guests.start(invoke) => guest,
            never = &mut stopping => match never {},
        };
        let mut posting = Posting {
            client: &mut self.client,
            engine: &self.engine,
            invocation: &invocation,
            reader: &reader,
            stopping: Stopping {
                interrupt: &interrupt,
                shutdown: &self.shutdown,
            },
            running: Running {
                guest,
                guests: &mut self.guests,
                completed: None,
            },
        };
        tokio::select! {
            biased;
            posted = posting.run() => posted,
            never = stopping => match never {},
        }
    }
}

/// Interrupts the guest when its time is up, then waits forever.
async fn stop_in_time(
    engine: &Engine,
    interrupt: &Interrupt,
    time_is_up: impl Future<Output = ()>,
    shutdown: &Shutdown,
) -> std::convert::Infallible {
    let reason = tokio::select! {
        () = time_is_up => InterruptReason::Deadline,
        () = shutdown.grace_passed() => InterruptReason::Shutdown,
    };
    stop(engine, interrupt, reason);
    std::future::pending().await
}

fn stop_at(deadline: Deadline, now: Instant) -> Instant {
    let left = deadline.at.saturating_duration_since(now);
    now + left.saturating_sub(DEADLINE_MARGIN.min(left / 10))
}

/// Stops the guest, whether it computes or waits.
fn stop(engine: &Engine, interrupt: &Interrupt, reason: InterruptReason) {
    interrupt.raise(reason);
    engine.increment_epoch();
}

/// The post of one invocation's response or error.
struct Posting<'a> {
    client: &'a mut Client,
    engine: &'a Engine,
    invocation: &'a Invocation,
    reader: &'a ResponseReader,
    stopping: Stopping<'a>,
    running: Running<'a>,
}

/// What ends the wait for a guest or a receiver.
#[derive(Clone, Copy)]
struct Stopping<'a> {
    interrupt: &'a Interrupt,
    shutdown: &'a Shutdown,
}

impl Stopping<'_> {
    /// Waits until a guest that was asked to stop is overdue.
    async fn guest_overdue(self) {
        self.interrupt.raised().await;
        tokio::select! {
            () = sleep(STOP_GRACE) => {}
            () = self.shutdown.stop_passed() => {}
        }
    }

    /// Waits until the receiver of a response whose guest was asked to stop is overdue.
    async fn receiver_overdue(self) {
        self.interrupt.raised().await;
        tokio::select! {
            () = sleep(LAST_BYTES_GRACE) => {}
            () = self.shutdown.last_passed() => {}
        }
    }
}

impl Posting<'_> {
    async fn run(&mut self) -> Result<(), InvokeError> {
        tokio::select! {
            biased;
            () = self.reader.started() => {}
            ended = self.running.end(self.stopping) => match ended {
                Ok(Some(report)) => return self.report(&report).await,
                // The response started, and the guest ended, after the first branch was polled.
                Ok(None) if self.reader.has_started() => return self.post_the_rest().await,
                Ok(None) => return Ok(()),
                Err(error) => return self.abandon(error).await,
            }
        }
        self.stream().await
    }

    /// Posts the response while the guest writes it. Ends when both have ended.
    async fn stream(&mut self) -> Result<(), InvokeError> {
        let posting = self.client.respond(self.invocation, self.reader.payload());
        let posting = in_time(posting, self.stopping);
        tokio::pin!(posting);
        let posted = tokio::select! {
            biased;
            // First, so that what it writes now leaves now.
            ended = self.running.end(self.stopping) => {
                if let Err(error) = ended {
                    // A stream that has ended already stays as it is.
                    let _ = self.reader.fail(&fault(&error));
                    note(self.invocation, posting.await)?;
                    return Err(error);
                }
                self.running.clear_beside(posting).await
            }
            posted = &mut posting => {
                // A guest whose response is complete may go on; any other has lost its receiver,
                // whatever Lambda answered.
                if self.reader.state() == ResponseStream::Finished {
                    self.reader.settle(matches!(posted, Ok(Answer::Accepted)));
                    self.running.end(self.stopping).await?;
                } else {
                    if self.reader.is_abandoned() && matches!(posted, Ok(Answer::Accepted)) {
                        tracing::warn!(
                            requestId = %self.invocation.request_id,
                            "Lambda accepted the response before its end and took no more of it"
                        );
                    }
                    self.reader.close();
                    note_lost_receiver(self.invocation);
                    self.running.end_without_receiver(self.engine, self.stopping).await?;
                }
                posted
            }
        };
        note(self.invocation, posted)
    }

    async fn report(&mut self, report: &ErrorReport) -> Result<(), InvokeError> {
        let posting = self.client.report_error(self.invocation, report);
        let posting = pin!(in_time(posting, self.stopping));
        note(self.invocation, self.running.clear_beside(posting).await)
    }

    /// Ends an invocation whose guest is stuck or gone before the response started.
    async fn abandon(&mut self, error: InvokeError) -> Result<(), InvokeError> {
        let report = fault(&error);
        match self.reader.fail(&report) {
            FailureRoute::ErrorDocument => self.report(&report).await?,
            // It started in the meantime, and now ends in trailers, or has ended before.
            FailureRoute::Trailers | FailureRoute::LogOnly if self.reader.has_started() => {
                self.post_the_rest().await?;
            }
            FailureRoute::Trailers | FailureRoute::LogOnly => {}
        }
        Err(error)
    }

    /// Posts a response whose guest has ended.
    async fn post_the_rest(&mut self) -> Result<(), InvokeError> {
        let posting = self.client.respond(self.invocation, self.reader.payload());
        let posting = pin!(in_time(posting, self.stopping));
        note(self.invocation, self.running.clear_beside(posting).await)
    }
}

/// The guest of an invocation.
struct Running<'a> {
    guest: GuestRun<Result<Ended, Panicked>>,
    guests: &'a mut Guests,
    /// Its instance once it has ended, until that is cleared.
    completed: Option<Completed>,
}

impl Running<'_> {
    /// Waits for its end; at most [`STOP_GRACE`] once it was asked to stop. Returns the report that is still to be
    /// posted, if any.
    async fn end(&mut self, stopping: Stopping<'_>) -> Result<Option<ErrorReport>, InvokeError> {
        let ended = tokio::select! {
            biased;
            ended = &mut self.guest => match ended {
                Some(Ok(ended)) => ended,
                Some(Err(Panicked)) | None => return Err(InvokeError::GuestGone),
            },
            () = stopping.guest_overdue() => return Err(InvokeError::GuestStuck),
        };
        self.completed = Some(ended.completed);
        Ok(ended.report)
    }

    /// Waits for its end when its receiver is gone, and stops it after [`PEER_GONE_GRACE`].
    async fn end_without_receiver(
        &mut self,
        engine: &Engine,
        stopping: Stopping<'_>,
    ) -> Result<Option<ErrorReport>, InvokeError> {
        tokio::select! {
            biased;
            ended = self.end(stopping) => return ended,
            () = sleep(PEER_GONE_GRACE) => {
                stop(engine, stopping.interrupt, InterruptReason::PeerGone);
            }
        }
        self.end(stopping).await
    }

    /// Waits for `posting`. As soon as that has sent what it has, clears the memory of the instance, which nobody waits
    /// for.
    async fn clear_beside<T>(&mut self, mut posting: Pin<&mut impl Future<Output = T>>) -> T {
        tokio::select! {
            biased;
            posted = posting.as_mut() => return posted,
            () = async { self.clear() } => {}
        }
        posting.await
    }

    fn clear(&mut self) {
        if let Some(completed) = self.completed.take() {
            self.guests.keep(completed);
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The receiver has gone before the end of the response. A failure of the handler tells more.
fn note_lost_receiver(invocation: &Invocation) {
    #[cfg(feature = "rehearsal")]
    crate::rehearsal::report::receiver_left();
    if let Some(watch) = invocation.watch.as_ref().filter(|it| !it.has_failed()) {
        let text = "the receiver of the response has gone before its end";
        watch.failed(&ErrorReport::new(ErrorType::ResponseClosed, text), true);
    }
}

/// The report on a guest that is stuck or gone.
fn fault(error: &InvokeError) -> ErrorReport {
    ErrorReport::new(ErrorType::Internal, error.to_string())
}

/// Posts without a time limit until the guest is asked to stop; from then on the receiver has
/// [`LAST_BYTES_GRACE`] to take the rest.
async fn in_time(
    posting: impl Future<Output = Result<Answer, RuntimeApiError>>,
    stopping: Stopping<'_>,
) -> Result<Answer, RuntimeApiError> {
    tokio::select! {
        biased;
        posted = posting => posted,
        () = stopping.receiver_overdue() => Err(RuntimeApiError::Broken {
            endpoint: "response",
            source: io::Error::new(io::ErrorKind::TimedOut, "the receiver takes too long"),
        }),
    }
}

/// Logs the outcome of a post. A broken connection or a refusal concerns this invocation only; any other
/// error ends the worker.
fn note(
    invocation: &Invocation,
    posted: Result<Answer, RuntimeApiError>,
) -> Result<(), InvokeError> {
    let request_id = &invocation.request_id;
    match posted {
        Ok(Answer::Accepted) => Ok(()),
        Ok(Answer::Refused(refusal)) => {
            note_refusal(request_id, &refusal);
            Ok(())
        }
        Err(RuntimeApiError::Broken { endpoint, source }) => {
            tracing::warn!(
                requestId = %request_id, error = %source,
                "the connection broke while posting the {endpoint}"
            );
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

fn note_refusal(request_id: &str, refusal: &Refusal) {
    let why = match refusal.status {
        StatusCode::GONE => ", because the invocation had timed out",
        _ => "",
    };
    tracing::warn!(requestId = %request_id, "Lambda refused the post{why}: {refusal}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_is_stopped_before_the_deadline_but_not_long_before() {
        let now = Instant::now();
        for (left_ms, stopped_after_ms) in [(3000, 2900), (1000, 900), (500, 450), (10, 9), (0, 0)]
        {
            let deadline = Deadline {
                at: now + Duration::from_millis(left_ms),
                unix_ms: 0,
            };
            assert_eq!(
                stop_at(deadline, now) - now,
                Duration::from_millis(stopped_after_ms)
            );
        }
    }
}
