//! From a fresh process to a running loop; what fails on the way is an init error.

use std::sync::Arc;

use wasmtime::Engine;

use crate::config::{self, Config, Vars};
use crate::engine;
use crate::error_report::{ErrorReport, ErrorType};
use crate::handler::Handler;
use crate::run_loop;
use crate::runtime_api::{Client, Endpoint};
use crate::shutdown;

/// Runs the host with the configuration in `vars` until it is asked to end.
///
/// # Errors
///
/// When the handler cannot be loaded, which is reported to Lambda as an init error first, or when
/// the Runtime API fails for good.
pub async fn run(vars: &dyn Vars) -> anyhow::Result<()> {
    let endpoint = config::endpoint(vars)?;
    match prepare(vars) {
        Ok((handler, concurrency)) => serve(&endpoint, &Arc::new(handler), concurrency).await,
        Err(report) => {
            report_init_error(endpoint, &report).await;
            Err(anyhow::anyhow!(report.message))
        }
    }
}

fn prepare(vars: &dyn Vars) -> Result<(Handler, usize), ErrorReport> {
    let config = Config::from_vars(vars)
        .map_err(|error| ErrorReport::new(ErrorType::InvalidConfiguration, error.to_string()))?;
    let engine = Engine::new(&engine::config()).map_err(|error| {
        ErrorReport::new(
            ErrorType::Internal,
            format!("cannot start the engine: {error:#}"),
        )
    })?;
    let path =
        engine::find_handler(&config.task_root, &config.handler).map_err(|error| error.report())?;
    let handler =
        Handler::load(engine, &path, config.environment).map_err(|error| error.report())?;
    Ok((handler, config.max_concurrency))
}

async fn serve(
    endpoint: &Endpoint,
    handler: &Arc<Handler>,
    concurrency: usize,
) -> anyhow::Result<()> {
    let (shutdown, listening) = shutdown::listen()?;
    tokio::select! {
        ended = run_loop::run(endpoint, handler, concurrency, &shutdown) => ended,
        () = listening => Ok(()),
    }
}

async fn report_init_error(endpoint: Endpoint, report: &ErrorReport) {
    // Lambda also sees the exit status and the log, so a report that fails is not repeated.
    if let Err(error) = Client::new(endpoint).report_init_error(report).await {
        tracing::warn!(%error, "could not report the init error");
    }
}
