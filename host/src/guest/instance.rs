//! One invocation in one fresh instance.

use std::sync::Arc;

use tokio::sync::oneshot;
use wasmtime::{Store, UpdateDeadline};

use super::failure::{Failure, interrupted_report};
use super::interrupt::Interrupt;
use super::state::GuestState;
use super::thread::Job;
use crate::bindings::Context;
use crate::error_report::{ErrorReport, ErrorType};
use crate::handler::Handler;
use crate::invocation::Invocation;
use crate::response::Telling;

/// Bytes a guest may have copied into the host by one call, beside the chunks of `write`, which
/// are not copied as a whole. A head within its limit is far smaller; this stops a list that names
/// the same text a million times.
const HOSTCALL_COPY_LIMIT_BYTES: usize = 16 * 1024 * 1024;

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
    let outcome = run_to_end(handler, &mut store, &invocation, &interrupt).await;
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
    store.set_hostcall_fuel(HOSTCALL_COPY_LIMIT_BYTES);
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

/// Calls the guest until it returns, fails, or is stopped.
async fn run_to_end(
    handler: &Handler,
    store: &mut Store<GuestState>,
    invocation: &Invocation,
    interrupt: &Interrupt,
) -> Result<(), ErrorReport> {
    // An interrupt from before `set_epoch_deadline` would not reach a guest that computes.
    if let Some(reason) = interrupt.reason() {
        return Err(interrupted_report(reason));
    }
    let called = tokio::select! {
        biased;
        called = call(handler, store, invocation) => called,
        reason = interrupt.raised() => return Err(interrupted_report(reason)),
    };
    match called {
        Ok(Ok(())) => Ok(()),
        Ok(Err(message)) => Err(ErrorReport::new(ErrorType::HandlerError, message)),
        Err(error) => Err(Failure {
            error,
            interrupted: interrupt.reason(),
            refused_growth: store.data().limits.refused(),
            panic: store.data().stderr.panic_message(),
        }
        .into_report()),
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
        Telling::LogOnly => "after its response had ended",
    };
    tracing::error!(
        requestId = %invocation.request_id,
        errorType = report.error_type.as_str(),
        stackTrace = ?report.stack_trace,
        "handler failed {told}: {}",
        report.message
    );
    (telling == Telling::ErrorDocument).then_some(report)
}

fn report_back(ended: oneshot::Sender<Option<ErrorReport>>, untold: Option<ErrorReport>) {
    // The other side is gone only if the process is ending.
    let _ = ended.send(untold);
}
