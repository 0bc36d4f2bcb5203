//! From a fresh process to a running loop; what fails on the way is an init error.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::alarm::Alarm;
use crate::config::{self, Config, Vars};
use crate::engine::{self, Capacity, Engines};
use crate::error_report::{ErrorReport, ErrorType};
use crate::guest::GuestThread;
use crate::handler::Handler;
use crate::invoke::Worker;
use crate::run_loop;
use crate::runtime_api::{Client, Endpoint};
use crate::shutdown::{self, Shutdown};

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
    let (workers, asked_to_end) = match prepare(vars, &endpoint) {
        Ok(prepared) => prepared,
        Err(report) => {
            report_init_error(endpoint, &report).await;
            return Err(anyhow::anyhow!(report.message));
        }
    };
    tokio::select! {
        ended = run_loop::run(workers) => ended,
        () = asked_to_end => Ok(()),
    }
}

/// Does everything that can fail before the first poll. Gives the workers, and a future that ends
/// when there is nothing to wait for any more.
fn prepare(
    vars: &dyn Vars,
    endpoint: &Endpoint,
) -> Result<(Vec<Worker>, impl Future<Output = ()> + use<>), ErrorReport> {
    let config = Config::read(vars)
        .map_err(|error| ErrorReport::new(ErrorType::InvalidConfiguration, error.to_string()))?;
    let handler = Arc::new(load(&config)?);
    // Not earlier: until then a signal simply ends the process.
    let (shutdown, listening) = shutdown::listen()
        .map_err(|error| internal(format!("cannot listen for signals: {error}")))?;
    let start = |_| start_worker(&handler, endpoint, &shutdown);
    let workers: io::Result<_> = (0..config.max_concurrency).map(start).collect();
    let workers = workers.map_err(|error| too_many_workers(config.max_concurrency, &error))?;
    Ok((workers, listening))
}

fn load(config: &Config) -> Result<Handler, ErrorReport> {
    let path =
        engine::find_handler(&config.task_root, &config.handler).map_err(|error| error.report())?;
    if let Some(expected) = config.handler_digest {
        engine::check_digest(&path, expected).map_err(|error| error.report())?;
    }
    let pinned = config.handler_digest.is_some();
    let engines = Engines::new(capacity(config));
    Handler::load(&engines, &path, pinned, config.environment.clone())
        .map_err(|error| error.report())
}

fn capacity(config: &Config) -> Capacity {
    let limits = &config.environment.limits;
    Capacity {
        workers: config.max_concurrency,
        stack_bytes: limits.stack_bytes,
        memory_bytes: limits.memory_bytes,
        instances: limits.instances,
        tables: limits.tables,
        table_elements: limits.table_elements,
    }
}

fn start_worker(
    handler: &Arc<Handler>,
    endpoint: &Endpoint,
    shutdown: &Shutdown,
) -> io::Result<Worker> {
    Ok(Worker {
        client: Client::new(endpoint.clone()),
        guest: GuestThread::spawn(Arc::clone(handler))?,
        engine: handler.engine.clone(),
        shutdown: shutdown.clone(),
        alarm: Alarm::new(),
    })
}

fn too_many_workers(wanted: usize, error: &io::Error) -> ErrorReport {
    internal(format!(
        "cannot start a thread for each of {wanted} invocations at once: {error}; \
         lower the function's concurrency, or raise what its environment may have"
    ))
}

fn internal(message: String) -> ErrorReport {
    ErrorReport::new(ErrorType::Internal, message)
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
