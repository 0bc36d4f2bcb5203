//! Turns the failure of a guest into an error report.

use std::sync::Arc;

use lambda_protocol::error_report::{ErrorReport, ErrorType};
use wasmtime::{Error, Trap};
use wasmtime_wasi::I32Exit;

use super::crash::CrashReport;
use super::interrupt::InterruptReason;
use super::limits::{LimitSettings, RefusedGrowth, ResponseTooLarge};
use super::stack::stack_trace;
#[cfg(feature = "wasi-p3")]
use super::world::BrokenResponse;
#[cfg(feature = "outbound-http")]
use super::world::InvalidResponse;
use crate::engine::Sources;

/// The engine's message when a call passes more than `limits.hostcall-kib`. The error has no type.
const HOSTCALL_LIMIT_REACHED: &str = "fuel allocated for hostcalls has been exhausted";

/// The engine's message for a table of handles that is full.
const TABLE_FULL: &str = "resource table has no free keys";

/// The engine's message for a component with too many instances, tables or memories.
const COUNT_LIMIT_REACHED: &str = "resource limit exceeded";

/// The library's message for headers over `outbound.header-kib`.
const HEADERS_TOO_LARGE: &str = "total size of fields exceeds limit";

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// What is known about a guest that did not return.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The engine's error.
    pub(crate) error: Error,
    /// Why the guest was asked to stop, if it was.
    pub(crate) interrupted: Option<InterruptReason>,
    /// The last growth of memory the guest was refused.
    pub(crate) refused_growth: Option<RefusedGrowth>,
    /// The limits of the instance.
    pub(crate) limits: Arc<LimitSettings>,
    /// The panic message it wrote to standard error.
    pub(crate) panic: Option<String>,
    /// The crash of Go's runtime that it wrote to standard error.
    pub(crate) crash: Option<CrashReport>,
}

impl Failure {
    /// Returns the error report. Reads the handler's source map, if needed, only now.
    pub(crate) fn into_report(mut self, sources: &Sources) -> ErrorReport {
        // Reading the map takes time that a process in shutdown does not have.
        let stack_trace = match self.interrupted {
            Some(InterruptReason::Shutdown | InterruptReason::PeerGone) => vec![],
            Some(InterruptReason::Deadline) | None => self
                .crash
                .as_mut()
                .map(|crash| std::mem::take(&mut crash.stack_trace))
                .filter(|frames| !frames.is_empty())
                .unwrap_or_else(|| stack_trace(&self.error, sources)),
        };
        let (error_type, message) = self.classify();
        ErrorReport {
            error_type,
            message,
            stack_trace,
        }
    }

    fn classify(self) -> (ErrorType, String) {
        let trap = self.error.downcast_ref::<Trap>().copied();
        // A guest may have trapped on its own just before it was stopped.
        if let Some(reason) = self.interrupted
            && trap.is_none_or(|trap| trap == Trap::Interrupt)
        {
            return interrupted(reason);
        }
        #[cfg(feature = "wasi-p3")]
        if let Some(BrokenResponse(report)) = self.error.downcast_ref() {
            return (report.error_type, report.message.clone());
        }
        let exit = self.error.downcast_ref::<I32Exit>();
        let is_crash = trap == Some(Trap::UnreachableCodeReached)
            || exit.is_some_and(|I32Exit(status)| *status != 0);
        if let (Some(crash), true) = (&self.crash, is_crash) {
            return crashed(crash, self.refused_growth);
        }
        if let Some(I32Exit(status)) = exit {
            let message = match status {
                0 => "the handler called `exit` with status 0 before the end of its response; call `finish` first"
                    .to_owned(),
                _ => format!("the handler called `exit` with status {status}"),
            };
            return (ErrorType::Exit, message);
        }
        if trap == Some(Trap::StackOverflow) {
            let message = format!(
                "the handler's call stack overflowed its limit of {} KiB; recurse less, or raise \
                 `limits.stack-kib`",
                self.limits.stack_bytes / KIB
            );
            return (ErrorType::StackOverflow, message);
        }
        #[cfg(feature = "outbound-http")]
        if let Some(invalid) = self.error.downcast_ref::<InvalidResponse>() {
            return (ErrorType::HandlerError, invalid.to_string());
        }
        let cause = root_cause(&self.error);
        if let Some(message) = self.exceeded(&cause) {
            return (ErrorType::LimitExceeded, message);
        }
        if let Some(panic) = self.panic {
            return (ErrorType::Panic, panic);
        }
        // An allocator without memory aborts; a component that needs too much from the start does
        // not trap at all.
        if let Some(refused) = self.refused_growth
            && trap.is_none_or(|trap| trap == Trap::UnreachableCodeReached)
        {
            return refused_growth(refused);
        }
        (ErrorType::Trap, cause)
    }

    /// The message for a limit that ended the guest at once.
    fn exceeded(&self, cause: &str) -> Option<String> {
        if let Some(too_large) = self.error.downcast_ref::<ResponseTooLarge>() {
            return Some(too_large.to_string());
        }
        if cause.contains(HOSTCALL_LIMIT_REACHED) {
            return Some(format!(
                "the handler passed more than {} KiB to the host in one call; pass less at once, or \
                 raise `limits.hostcall-kib`",
                self.limits.hostcall_bytes / KIB
            ));
        }
        if cause.contains(HEADERS_TOO_LARGE) {
            return Some(
                "the headers of a request or a response of the handler are too large; send less, or raise \
                 `outbound.header-kib`"
                    .to_owned(),
            );
        }
        if cause.contains(TABLE_FULL) {
            return Some(
                "the handler has too many resources, streams or futures at once; drop those that are done with"
                    .to_owned(),
            );
        }
        if cause.contains(COUNT_LIMIT_REACHED) {
            return Some(format!(
                "the handler has too many instances, tables or memories: {cause}; raise `limits.instances` or \
                 `limits.tables`"
            ));
        }
        None
    }
}

/// The report on a guest that Go's runtime has ended.
fn crashed(crash: &CrashReport, refused: Option<RefusedGrowth>) -> (ErrorType, String) {
    match refused {
        Some(refused) if crash.message.starts_with("fatal error: ") => refused_growth(refused),
        _ => (ErrorType::Panic, crash.message.clone()),
    }
}

/// The report on a guest that was stopped while it waited.
pub(crate) fn interrupted_report(reason: InterruptReason) -> ErrorReport {
    let (error_type, message) = interrupted(reason);
    ErrorReport::new(error_type, message)
}

fn interrupted(reason: InterruptReason) -> (ErrorType, String) {
    let (error_type, message) = match reason {
        InterruptReason::Deadline => (
            ErrorType::DeadlineExceeded,
            "the handler was stopped because the function's timeout is about to pass, or has passed",
        ),
        InterruptReason::PeerGone => (
            ErrorType::ResponseClosed,
            "the handler was stopped because Lambda no longer receives its response",
        ),
        InterruptReason::Shutdown => (
            ErrorType::Shutdown,
            "the handler was stopped because Lambda ends the execution environment",
        ),
    };
    (error_type, message.to_owned())
}

fn refused_growth(refused: RefusedGrowth) -> (ErrorType, String) {
    match refused {
        RefusedGrowth::Memory {
            wanted_bytes,
            limit_bytes,
            is_set,
        } => {
            let advice = if is_set {
                "`limits.memory-mib`"
            } else {
                "the function's memory"
            };
            let message = format!(
                "the handler needed {} MiB of memory, more than its limit of {} MiB; raise {advice}",
                wanted_bytes.div_ceil(MIB),
                limit_bytes / MIB,
            );
            (ErrorType::OutOfMemory, message)
        }
        RefusedGrowth::Table { wanted, limit } => {
            let message = format!(
                "the handler needed a table of {wanted} elements, more than the limit of {limit}; \
                 raise `limits.table-elements`"
            );
            (ErrorType::LimitExceeded, message)
        }
    }
}

/// The message of the innermost error: the outer ones are the backtrace and the engine's context.
fn root_cause(error: &Error) -> String {
    error
        .downcast_ref::<Trap>()
        .map_or_else(|| error.root_cause().to_string(), Trap::to_string)
}
