//! Logs the lines of a handler.

use std::fmt::Display;

use tracing::callsite::{Callsite, DefaultCallsite, Identifier};
use tracing::field::{FieldSet, Value, display};
use tracing::level_filters::LevelFilter;
use tracing::metadata::{Kind, Metadata};
use tracing::{Event, Level};

use crate::logging::LogContext;

/// Log target of a handler's lines.
const TARGET: &str = "handler";

/// Logs one line of a handler at this level.
pub(super) fn log_line(of: &LogContext, level: Level, line: &impl Display) {
    macro_rules! log_at {
        ($level:ident) => {
            tracing::$level!(
                target: TARGET,
                requestId = %of.request_id,
                tenantId = of.tenant_id.as_deref(),
                "{line}",
            )
        };
    }
    match level {
        Level::ERROR => log_at!(error),
        Level::WARN => log_at!(warn),
        Level::INFO => log_at!(info),
        Level::DEBUG => log_at!(debug),
        Level::TRACE => log_trace(of, line),
    }
}

/// Logs at TRACE without the macro, which release builds disable: with it, WASI would trace each call of
/// a guest, at five hundred call sites that slow down every start.
fn log_trace(of: &LogContext, line: &impl Display) {
    static FIELDS: [&str; 3] = ["message", "requestId", "tenantId"];
    static CALLSITE: DefaultCallsite = DefaultCallsite::new(&METADATA);
    static METADATA: Metadata<'static> = Metadata::new(
        "a line of a handler",
        TARGET,
        Level::TRACE,
        None,
        None,
        None,
        FieldSet::new(&FIELDS, Identifier(&CALLSITE)),
        Kind::EVENT,
    );
    if LevelFilter::current() < LevelFilter::TRACE {
        return;
    }
    let mut names = CALLSITE.metadata().fields().iter();
    let mut name = || names.next().expect("as many names as values");
    let (message, request_id) = (display(line), display(&of.request_id));
    let values = [
        (&name(), Some(&message as &dyn Value)),
        (&name(), Some(&request_id as &dyn Value)),
        (&name(), Some(&of.tenant_id.as_deref() as &dyn Value)),
    ];
    Event::dispatch(&METADATA, &METADATA.fields().value_set(&values));
}
