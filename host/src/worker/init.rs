//! Starts a fresh process up to the run loop. A failure on the way is an init error.

use std::iter;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lambda_protocol::error_report::{ErrorReport, ErrorType};
use tokio::time::timeout;

use super::alarm::Alarm;
use super::invoke::Worker;
use super::run_loop;
use super::shutdown::{self, Shutdown};
use crate::config::{self, Config, Initialization, Vars};
use crate::engine::{self, Engines, ReadAhead};
use crate::guest::{Guests, Handler};
use crate::observe::Init;
#[cfg(feature = "outbound-http")]
use crate::outbound;
use crate::platform::epoch_timer;
use crate::runtime_api::{Answer, Client, Endpoint, StartPhase};
use crate::telemetry::{Receivers, Telemetry};

/// How long Lambda may take to acknowledge that a start failed before the process ends anyway.
const REPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a start that nobody waits for may read the handler's file.
const WARM_TIMEOUT: Duration = Duration::from_secs(2);

/// Runs the host with the configuration in `vars` until it is asked to end.
///
/// # Errors
///
/// When the handler cannot be loaded, which is reported to Lambda as an init error first, or when
/// the Runtime API fails for good.
pub async fn run(vars: &(dyn Vars + Sync)) -> anyhow::Result<()> {
    #[cfg(feature = "rehearsal")]
    crate::rehearsal::clock::stand_still();
    let began = Instant::now();
    let endpoint = config::endpoint(vars)?;
    let mut client = Client::new(endpoint.clone());
    let mut phase = StartPhase::Init;
    let config = reported(read(vars), phase, &mut client).await?;
    let configured = Instant::now();
    warn_of(&config);
    #[cfg(feature = "rehearsal")]
    config.guest.rehearsal.begin()?;
    let is_snapshot = config.initialization == Initialization::SnapStart;
    if !is_snapshot {
        // The connection is accepted while the handler loads.
        client.connect_ahead().await;
    }
    let loaded = reported(load(config), phase, &mut client).await?;
    let loaded_at = Instant::now();
    if loaded.config.initialization != Initialization::OnDemand {
        warm_now(&loaded).await;
    }
    if is_snapshot {
        Client::new(endpoint.clone()).restored().await?;
        phase = StartPhase::Restore;
        #[cfg(feature = "outbound-http")]
        loaded.config.guest.outbound.aws.credentials.forget();
    }
    // The timer, connections and instances are created after the snapshot: each process restored from it
    // has its own. Only the placeholders of secrets and of the access key are
    // the same in all of them.
    let started = start(&loaded, &endpoint, client);
    let mut reporter = Client::new(endpoint);
    let (workers, asked_to_end) = reported(started, phase, &mut reporter).await?;
    #[cfg(feature = "outbound-http")]
    {
        let outbound = &loaded.config.guest.outbound;
        tokio::join!(
            outbound::client::warm(outbound, &outbound.warm),
            outbound.vault.fetch_ahead(outbound)
        );
    }
    // The start of a process that goes on from a snapshot was that of another.
    if let Some(receivers) = loaded.receivers.as_ref().filter(|_| !is_snapshot) {
        receivers.started(Init {
            began,
            configured,
            loaded: loaded_at,
            ready: Instant::now(),
        });
    }
    tokio::select! {
        ended = run_loop::run(workers) => ended,
        () = asked_to_end => Ok(()),
    }
}

/// What can be prepared before the first message to Lambda.
struct Loaded {
    config: Config,
    handler: Arc<Handler>,
    receivers: Option<Arc<Receivers>>,
}

impl Loaded {
    /// What is to be read of the handler's file ahead of its first invocation.
    fn read_ahead(&self) -> Option<&Arc<ReadAhead>> {
        self.handler
            .read_ahead
            .as_ref()
            .filter(|_| self.config.warm)
    }
}

fn read(vars: &dyn Vars) -> Result<Config, ErrorReport> {
    Config::read(vars)
        .map_err(|error| ErrorReport::new(ErrorType::InvalidConfiguration, error.to_string()))
}

/// Warns about likely mistakes in the configuration.
fn warn_of(config: &Config) {
    #[cfg(feature = "outbound-http")]
    warn_of_signing(&config.guest.outbound);
    for (name, host) in config.guest.outbound.idle_secrets() {
        tracing::warn!(
            "`secrets` gives `{name}` to `{host}`, which is not in `outbound.allow`: requests to it are denied"
        );
    }
}

/// Warns about entries of `aws` that grant more than they seem to, or nothing.
#[cfg(feature = "outbound-http")]
fn warn_of_signing(outbound: &outbound::Policy) {
    let policy = &outbound.aws.policy;
    for warning in policy.warnings() {
        tracing::warn!("`aws.allow`: {warning}");
    }
    for endpoint in &policy.endpoints {
        let prefix = endpoint.prefix();
        let is_allowed = policy.allow.iter().any(|rule| rule.prefix() == prefix);
        if !is_allowed && !outbound.fetches_from(prefix) {
            tracing::warn!(
                "`aws.endpoints` has `{prefix}`, which is not in `aws.allow`: requests to it are denied"
            );
        }
    }
}

/// Reads the handler's file while nobody waits for the start.
async fn warm_now(loaded: &Loaded) {
    if let Some(ahead) = loaded.read_ahead() {
        ahead.finish(WARM_TIMEOUT).await;
    }
}

fn load(config: Config) -> Result<Loaded, ErrorReport> {
    let handler = Arc::new(load_handler(&config)?);
    if let Some(capsules) = &config.capsules {
        // Called once.
        let _ = capsules.component.set(handler.digest.clone());
    }
    Ok(Loaded {
        receivers: Receivers::new(config.telemetry.clone()),
        config,
        handler,
    })
}

/// Does the rest of what can fail before the first poll. Returns the workers, the first of them with
/// `client`, and a future that ends when the process has to end at once.
fn start(
    loaded: &Loaded,
    endpoint: &Endpoint,
    client: Client,
) -> Result<(Vec<Worker>, impl Future<Output = ()> + use<>), ErrorReport> {
    // Not earlier: without a listener, a signal simply ends the process.
    let (shutdown, listening) = shutdown::listen()
        .map_err(|error| internal(format!("cannot listen for signals: {error}")))?;
    let count = loaded.config.max_concurrency;
    let others = iter::repeat_with(|| Client::new(endpoint.clone()));
    let clients = iter::once(client).chain(others).take(count);
    // Once, whichever worker polls first. A start ahead of its invocations has read it already.
    let is_on_demand = loaded.config.initialization == Initialization::OnDemand;
    let mut ahead = loaded.read_ahead().filter(|_| is_on_demand).cloned();
    let start = |client| start_worker(loaded, client, &shutdown, ahead.take());
    epoch_timer::start(&loaded.handler.engine).map_err(|error| {
        internal(format!(
            "cannot create the timer that preempts handlers: {error}; \
                 the limit on pending signals (`ulimit -i`) may be too low"
        ))
    })?;
    Ok((clients.map(start).collect(), listening))
}

pub(crate) fn load_handler(config: &Config) -> Result<Handler, ErrorReport> {
    let path =
        engine::find_handler(&config.task_root, &config.handler).map_err(|error| error.report())?;
    if let Some(expected) = config.handler_digest {
        engine::check_digest(&path, expected).map_err(|error| error.report())?;
    }
    let pinned = config.handler_digest.is_some();
    let engines = Engines {
        workers: config.max_concurrency,
        stack_bytes: config.guest.limits.stack_bytes,
    };
    Handler::load(engines, &path, pinned, config.guest.clone()).map_err(|error| error.report())
}

fn start_worker(
    loaded: &Loaded,
    client: Client,
    shutdown: &Shutdown,
    read_ahead: Option<Arc<ReadAhead>>,
) -> Worker {
    Worker {
        client: client
            .with_function_timeout(loaded.config.function_timeout)
            .with_event_limit(loaded.config.guest.limits.event_bytes),
        guests: Guests::new(Arc::clone(&loaded.handler)),
        engine: loaded.handler.engine.clone(),
        shutdown: shutdown.clone(),
        alarm: Alarm::default(),
        buffered: loaded.config.buffered,
        read_ahead,
        telemetry: loaded
            .receivers
            .clone()
            .map(|receivers| Telemetry::new(receivers, &loaded.config.guest.outbound)),
        capsules: loaded.config.capsules.clone(),
    }
}

fn internal(message: String) -> ErrorReport {
    ErrorReport::new(ErrorType::Internal, message)
}

/// Reports a failed start to Lambda.
async fn reported<T>(
    outcome: Result<T, ErrorReport>,
    phase: StartPhase,
    client: &mut Client,
) -> anyhow::Result<T> {
    let report = match outcome {
        Ok(done) => return Ok(done),
        Err(report) => report,
    };
    let reporting = client.report_start_error(phase, &report);
    // Lambda also has the exit status and the log, so a report that fails is not repeated.
    match timeout(REPORT_TIMEOUT, reporting).await {
        Ok(Ok(Answer::Accepted)) => {}
        Ok(Ok(Answer::Refused(refusal))) => {
            tracing::warn!("the report that the start failed was refused: {refusal}");
        }
        Ok(Err(error)) => tracing::warn!(%error, "could not report that the start failed"),
        Err(_) => tracing::warn!("reporting that the start failed took too long"),
    }
    Err(anyhow::anyhow!(report.message))
}
