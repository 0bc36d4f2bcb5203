//! Runs one invocation in one instance.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use lambda_protocol::error_report::{ErrorReport, ErrorType};
use wasmtime_wasi::I32Exit;

use super::failure::{Failure, interrupted_report};
use super::handler::Handler;
use super::instance::Instance;
use super::interrupt::{Interrupt, InterruptReason};
use super::limits::EventTooLarge;
use super::output::beginning;
use super::state::ActiveInvocation;
#[cfg(feature = "wasi-p3")]
use super::world::ToldFailure;
use crate::invocation::Invocation;
use crate::logging::{EVENT_LIMIT_BYTES, USAGE_TARGET};
use crate::observe::GuestEnd;
use crate::response::{FailureRoute, Refused, ResponseStream, ResponseWriter};

const MIB: usize = 1024 * 1024;

/// One invocation with the guest's half of its response.
#[derive(Debug)]
pub(crate) struct Invoke {
    pub(crate) invocation: Arc<Invocation>,
    pub(crate) response: ResponseWriter,
    pub(crate) interrupt: Interrupt,
}

/// How the guest of an invocation ended.
pub(crate) struct Ended {
    /// The report that is still to be posted, if any.
    pub(crate) report: Option<ErrorReport>,
    pub(crate) completed: Completed,
}

/// An instance whose invocation has ended.
pub(crate) struct Completed {
    pub(super) instance: Instance,
    /// Whether its handler returned. After any other end, the state of the instance is unknown.
    pub(super) returned: bool,
}

/// Runs the handler for `invoke` in `instance`, and ends its response.
pub(super) async fn run(handler: &Handler, mut instance: Instance, invoke: Invoke) -> Ended {
    let Invoke {
        invocation,
        response,
        interrupt,
    } = invoke;
    let started = Instant::now();
    if handler.config.pad_empty {
        response.pad_empty();
    }
    instance.life.serve(&invocation);
    let outputs = instance.state().outputs();
    let current = Arc::new(ActiveInvocation::new(
        &invocation,
        response,
        interrupt.clone(),
        Arc::clone(&handler.config.limits),
        outputs,
    ));
    instance.begin(Arc::clone(&current));
    #[cfg(feature = "rehearsal")]
    crate::rehearsal::report::began();
    let call = call_to_end(handler, &mut instance, &invocation, &interrupt).await;
    #[cfg(feature = "rehearsal")]
    crate::rehearsal::report::ended();
    let ended_at = invocation.watch.as_ref().map(|_| Instant::now());
    // Lambda may freeze the process as soon as the worker polls for the next event.
    current.flush_output();
    let returned = matches!(call, CallOutcome::Returned(_));
    let outcome = call.into_outcome(handler, &instance, &current, &interrupt);
    let spent = Spent {
        memory_bytes: instance.state().limits.used_bytes(),
        time: started.elapsed(),
        written_bytes: current.written_bytes(),
    };
    log_usage(handler, &current, &spent);
    if let Some((watch, at)) = invocation.watch.as_ref().zip(ended_at) {
        watch.instantiated(instance.instantiated);
        watch.guest_ended(GuestEnd {
            at,
            memory_bytes: spent.memory_bytes,
            written_bytes: spent.written_bytes,
            writes: current.writes(),
        });
    }
    let stopped = interrupt.reason().is_some();
    Ended {
        report: end_response(&current, outcome, (&spent, stopped)),
        completed: Completed { instance, returned },
    }
}

/// How a call of the guest ended.
enum CallOutcome {
    Returned(Result<(), ErrorReport>),
    Failed(wasmtime::Error),
    /// It was stopped during a host call, or before it began.
    Stopped(InterruptReason),
    /// Its event is larger than the limit.
    Refused(EventTooLarge),
}

/// The resources that an invocation has used, for the log.
struct Spent {
    memory_bytes: usize,
    time: Duration,
    written_bytes: u64,
}

impl Spent {
    fn memory_mib(&self) -> usize {
        self.memory_bytes.div_ceil(MIB)
    }

    fn milliseconds(&self) -> u64 {
        u64::try_from(self.time.as_millis()).unwrap_or(u64::MAX)
    }
}

impl CallOutcome {
    fn into_outcome(
        self,
        handler: &Handler,
        instance: &Instance,
        current: &ActiveInvocation,
        interrupt: &Interrupt,
    ) -> Result<(), ErrorReport> {
        match self {
            Self::Returned(returned) => returned,
            Self::Failed(error) if has_succeeded(&error, handler, current) => Ok(()),
            #[cfg(feature = "wasi-p3")]
            Self::Failed(error) if error.is::<ToldFailure>() => Ok(()),
            Self::Stopped(reason) => Err(interrupted_report(reason)),
            Self::Refused(event) => Err(ErrorReport::new(
                ErrorType::LimitExceeded,
                event.to_string(),
            )),
            Self::Failed(error) => Err(Failure {
                error,
                interrupted: interrupt.reason(),
                refused_growth: instance.state().limits.refused(),
                limits: Arc::clone(instance.state().limits.settings()),
                panic: current.panic_message(),
                crash: current.crash_report(),
            }
            .into_report(&handler.sources)),
        }
    }
}

/// Whether the guest has ended like a successful command, with `exit(0)`. In the middle of a response that
/// is not a clean end: the rest of the response may be lost.
fn has_succeeded(error: &wasmtime::Error, handler: &Handler, current: &ActiveInvocation) -> bool {
    let succeeded = error
        .downcast_ref()
        .is_some_and(|I32Exit(status)| *status == 0);
    succeeded
        && match current.response.state() {
            ResponseStream::AwaitingPrelude => handler.pre.implies_response(),
            ResponseStream::Finished | ResponseStream::Failed => true,
            ResponseStream::Collecting | ResponseStream::Streaming => false,
        }
}

/// Calls the guest, and stops it when it is interrupted.
async fn call_to_end(
    handler: &Handler,
    instance: &mut Instance,
    invocation: &Invocation,
    interrupt: &Interrupt,
) -> CallOutcome {
    // An interrupt raised before `set_epoch_deadline` would not reach a guest that computes.
    if let Some(reason) = interrupt.reason() {
        return CallOutcome::Stopped(reason);
    }
    let limits = &handler.config.limits;
    if let Err(too_large) = limits.check_event(invocation) {
        return CallOutcome::Refused(too_large);
    }
    #[cfg(feature = "rehearsal")]
    let _running = crate::rehearsal::clock::Running::begin();
    let yields = instance.yields();
    let mut call = pin!(instance.call(handler, invocation));
    let called = poll_fn(|cx| {
        yields.store(false, Ordering::Relaxed);
        call.as_mut().poll(cx)
    });
    tokio::select! {
        biased;
        called = called => match called {
            Ok(returned) => CallOutcome::Returned(returned),
            Err(error) => CallOutcome::Failed(error),
        },
        reason = interrupt.raised_unless(&yields) => CallOutcome::Stopped(reason),
    }
}

/// Logs the resources that an invocation has used, as a guide to choosing a function's memory.
fn log_usage(handler: &Handler, current: &ActiveInvocation, spent: &Spent) {
    macro_rules! log_at {
        ($level:ident) => {
            tracing::$level!(
                target: USAGE_TARGET,
                requestId = %current.log_context.request_id,
                tenantId = current.log_context.tenant_id.as_deref(),
                memoryMib = spent.memory_mib(),
                milliseconds = spent.milliseconds(),
                bytes = spent.written_bytes,
                "used"
            )
        };
    }
    if handler.config.logs_usage {
        log_at!(info);
    } else {
        log_at!(debug);
    }
}

/// Ends the response according to `outcome`. `stopped`: whether the host has interrupted the guest. Returns the report
/// that still has to be posted.
fn end_response(
    current: &ActiveInvocation,
    outcome: Result<(), ErrorReport>,
    (spent, stopped): (&Spent, bool),
) -> Option<ErrorReport> {
    let mut outcome = outcome.and_then(|()| finish(&current.response));
    // Handlers return the refusal of a write as an error of their own.
    if let Err(report) = &mut outcome
        && report.error_type == ErrorType::HandlerError
        && current.response.too_large().is_some()
    {
        report.error_type = ErrorType::ResponseTooLarge;
    }
    if let Some(tape) = &current.tape {
        tape.ended(&outcome, stopped);
    }
    let report = outcome.err()?;
    let route = current.response.fail(&report);
    if let Some(watch) = &current.watch {
        watch.failed(&report, route != FailureRoute::ErrorDocument);
    }
    let when = match route {
        FailureRoute::ErrorDocument => "before its response had begun",
        FailureRoute::Trailers => "after its response had begun",
        FailureRoute::LogOnly if current.response.state() == ResponseStream::Finished => {
            "after its response had ended"
        }
        FailureRoute::LogOnly if current.has_told_failure() => "after its response had failed",
        FailureRoute::LogOnly => "after its receiver had gone",
    };
    tracing::error!(
        requestId = %current.log_context.request_id,
        tenantId = current.log_context.tenant_id.as_deref(),
        errorType = report.error_type.as_str(),
        stackTrace = ?report.stack_trace,
        memoryMib = spent.memory_mib(),
        milliseconds = spent.milliseconds(),
        "handler failed {when}: {}",
        beginning(&report.message, EVENT_LIMIT_BYTES)
    );
    (route == FailureRoute::ErrorDocument).then_some(report)
}

/// Ends the response of a guest that returned.
fn finish(response: &ResponseWriter) -> Result<(), ErrorReport> {
    match response.finish() {
        Err(Refused::TooLarge(document)) => Err(ErrorReport::new(
            ErrorType::ResponseTooLarge,
            document.to_string(),
        )),
        // Refused if the guest has already finished, or its receiver is gone.
        Ok(()) | Err(Refused::AlreadyStarted | Refused::AlreadyFinished | Refused::Closed) => {
            Ok(())
        }
    }
}
