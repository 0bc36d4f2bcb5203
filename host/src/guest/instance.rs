//! One invocation in one fresh instance.

use std::sync::Arc;

use tokio::sync::oneshot;
use wasmtime::{Store, UpdateDeadline};

use super::failure::{Failure, interrupted_report};
use super::interrupt::{Interrupt, InterruptReason};
use super::limits::HOSTCALL_LIMIT_BYTES;
use super::output::OneLine;
use super::state::GuestState;
use crate::bindings::Context;
use crate::error_report::{ErrorReport, ErrorType};
use crate::handler::Handler;
use crate::invocation::Invocation;
use crate::response::{ResponseStream, ResponseWriter, Telling};

/// One invocation, on its way to the guest.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) invocation: Arc<Invocation>,
    pub(crate) response: ResponseWriter,
    pub(crate) interrupt: Arc<Interrupt>,
    /// Hears that the guest has ended, with the report that is still to be posted, if any.
    pub(crate) ended: oneshot::Sender<Option<ErrorReport>>,
}

/// Runs the handler for `job`, ends its response, and reports back.
pub(super) async fn run(handler: &Handler, job: Job) {
    let Job {
        invocation,
        response,
        interrupt,
        ended,
    } = job;
    let state = GuestState::new(&handler.environment, &invocation, response);
    let mut store = new_store(handler, state, &interrupt);
    let called = call_to_end(handler, &mut store, &invocation, &interrupt).await;
    // Lambda may freeze the process as soon as the next event is asked for.
    store.data().flush_output();
    let outcome = called.into_outcome(store.data(), &interrupt);
    let untold = end_response(store.data(), &invocation, outcome);
    report_back(ended, untold);
    // The instance is torn down here, after its successor's event can already be fetched.
    drop(store);
}

fn new_store(
    handler: &Handler,
    state: GuestState,
    interrupt: &Arc<Interrupt>,
) -> Store<GuestState> {
    let mut store = Store::new(&handler.engine, state);
    store.limiter(|state| &mut state.limits);
    store.set_hostcall_fuel(HOSTCALL_LIMIT_BYTES);
    // The epoch belongs to the engine: every guest of the process notices an increment, and each
    // looks whether it was meant.
    store.set_epoch_deadline(1);
    let interrupt = Arc::clone(interrupt);
    store.epoch_deadline_callback(move |_| {
        Ok(match interrupt.reason() {
            Some(_) => UpdateDeadline::Interrupt,
            None => UpdateDeadline::Continue(1),
        })
    });
    store
}

/// How a call of the guest ended.
enum Called {
    Returned(Result<(), String>),
    Broke(wasmtime::Error),
    /// It was stopped while it waited, or before it began.
    Stopped(InterruptReason),
}

impl Called {
    fn into_outcome(self, state: &GuestState, interrupt: &Interrupt) -> Result<(), ErrorReport> {
        match self {
            Self::Returned(Ok(())) => Ok(()),
            Self::Returned(Err(text)) => Err(ErrorReport::new(ErrorType::HandlerError, text)),
            Self::Stopped(reason) => Err(interrupted_report(reason)),
            Self::Broke(error) => Err(Failure {
                error,
                interrupted: interrupt.reason(),
                refused_growth: state.limits.refused(),
                panic: state.panic_message(),
            }
            .into_report()),
        }
    }
}

/// Calls the guest until it returns, fails, or is stopped.
async fn call_to_end(
    handler: &Handler,
    store: &mut Store<GuestState>,
    invocation: &Invocation,
    interrupt: &Interrupt,
) -> Called {
    // An interrupt from before `set_epoch_deadline` would not reach a guest that computes.
    if let Some(reason) = interrupt.reason() {
        return Called::Stopped(reason);
    }
    tokio::select! {
        biased;
        called = call(handler, store, invocation) => match called {
            Ok(returned) => Called::Returned(returned),
            Err(error) => Called::Broke(error),
        },
        reason = interrupt.raised() => Called::Stopped(reason),
    }
}

async fn call(
    handler: &Handler,
    store: &mut Store<GuestState>,
    invocation: &Invocation,
) -> wasmtime::Result<Result<(), String>> {
    let instance = handler.pre.instantiate_async(&mut *store).await?;
    let context = context(handler, invocation);
    instance
        .call_handle(store, &invocation.event, &context)
        .await
}

fn context(handler: &Handler, invocation: &Invocation) -> Context {
    let environment = &handler.environment;
    Context {
        request_id: invocation.request_id.clone(),
        deadline_ms: invocation.deadline.unix_ms,
        invoked_function_arn: invocation.invoked_function_arn.clone(),
        trace_id: invocation.trace_id.clone(),
        client_context: invocation.client_context.clone(),
        cognito_identity: invocation.cognito_identity.clone(),
        tenant_id: invocation.tenant_id.clone(),
        function_name: environment.function_name.clone(),
        function_version: environment.function_version.clone(),
        memory_limit_mib: environment.memory_limit_mib,
    }
}

/// Ends the response the way the guest ended. Gives back the report that still has to be posted.
fn end_response(
    state: &GuestState,
    invocation: &Invocation,
    outcome: Result<(), ErrorReport>,
) -> Option<ErrorReport> {
    let Err(report) = outcome else {
        // Refused if the guest has finished by itself, or its receiver is gone.
        let _ = state.response.finish();
        return None;
    };
    let telling = state.response.fail(&report);
    let told = match telling {
        Telling::ErrorDocument => "before its response had begun",
        Telling::Trailers => "after its response had begun",
        Telling::LogOnly if state.response.state() == ResponseStream::Finished => {
            "after its response had ended"
        }
        Telling::LogOnly => "after its receiver had gone",
    };
    tracing::error!(
        requestId = %invocation.request_id,
        errorType = report.error_type.as_str(),
        stackTrace = ?report.stack_trace,
        "handler failed {told}: {}",
        OneLine(&report.message)
    );
    (telling == Telling::ErrorDocument).then_some(report)
}

fn report_back(ended: oneshot::Sender<Option<ErrorReport>>, untold: Option<ErrorReport>) {
    // The other side is gone only if the process is ending.
    let _ = ended.send(untold);
}
