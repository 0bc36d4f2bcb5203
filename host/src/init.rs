//! From a fresh process to a running loop; what fails on the way is an init error.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use wasmtime::Engine;

use crate::config::{self, Config, Vars};
use crate::engine;
use crate::error_report::{ErrorReport, ErrorType};
use crate::handler::Handler;
use crate::run_loop;
use crate::runtime_api::{Client, Endpoint};
use crate::shutdown;

/// How long Lambda may take to acknowledge an init error before the process ends anyway.
const INIT_ERROR_TIMEOUT: Duration = Duration::from_secs(5);

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
    let mut client = Client::new(endpoint);
    let reporting = timeout(INIT_ERROR_TIMEOUT, client.report_init_error(report));
    // Lambda also sees the exit status and the log, so a report that fails is not repeated.
    match reporting.await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::warn!(%error, "could not report the init error"),
        Err(_) => tracing::warn!("reporting the init error took too long"),
    }
}
