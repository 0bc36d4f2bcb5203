//! Shared by `dev` and `invoke HANDLER`: runs a function.

use std::time::Duration;

use anyhow::{Context as _, Result};
use local_lambda::{Clock, Credentials, FunctionConfig};

use crate::args::FunctionArgs;
use crate::aws_cli::AwsCli;
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

/// Returns the configuration of the function.
pub(super) fn function_config(
    args: FunctionArgs,
    source: &Source,
    handler_name: String,
) -> FunctionConfig {
    FunctionConfig {
        bootstrap: source.bootstrap().to_owned(),
        function_name: source.function_name(),
        handler_name,
        memory_mib: args.memory,
        timeout: Duration::from_secs(args.timeout),
        clock: Clock::default(),
        credentials: Credentials::from_provider(AwsCli::new(&args.variables)),
        variables: args.variables,
        reports_usage: true,
    }
}
