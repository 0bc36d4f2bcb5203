//! Shared by `dev` and `invoke HANDLER`: runs a function.

use std::sync::Once;
use std::time::Duration;

use anyhow::{Context as _, Result};
use local_lambda::{Clock, Credentials, FunctionConfig};

use crate::args::FunctionArgs;
use crate::aws_cli::AwsCli;
use crate::printer::{Printer, Tone};
use crate::source::Source;

/// Creates a single-threaded runtime: the processes do the work.
///
/// # Errors
///
/// The system cannot create one.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.context("cannot start the event loop")
}

/// Says, once for all functions, if they do not run as they are deployed.
pub(super) fn note(source: &Source, printer: &Printer) {
    static SAID: Once = Once::new();
    if let Some(note) = source.note() {
        SAID.call_once(|| printer.message(Tone::Plain, note));
    }
}

/// Returns the configuration of the function.
pub(super) fn function_config(
    args: FunctionArgs,
    source: &Source,
    handler_name: String,
) -> FunctionConfig {
    let (bootstrap, arguments) = source.executable();
    FunctionConfig {
        bootstrap: bootstrap.to_owned(),
        arguments,
        function_name: source.function_name(),
        handler_name,
        memory_mib: args.memory,
        timeout: Duration::from_secs(args.timeout),
        clock: Clock::default(),
        credentials: Credentials::from_provider(AwsCli::new(&args.variables)),
        variables: args.variables,
        reports_usage: true,
        collector: args.otlp,
    }
}
