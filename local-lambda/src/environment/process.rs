//! An execution environment: one `bootstrap` process and its Runtime API.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use lambda_protocol::headers::{DEADLINE_MS, INVOCATION_ID, INVOKED_FUNCTION_ARN, REQUEST_ID};
use tokio::process::Child;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::deployment::Deployment;
use super::launch::{FunctionConfig, Surroundings};
use super::output::{CurrentLog, pass_on};
use crate::failure::{Failure, INVALID_ENTRYPOINT};
use crate::headers::JSON;
use crate::http_server;
use crate::invocation::{Invocation, new_request_id};
use crate::observer::{Observer, Report};
use crate::response::{Outcome, ResponseSender, outcome_of};
use crate::runtime_api::{Delivery, PendingResponse, Phase, RuntimeApi};
use crate::traces::{TraceReceiver, WRITES_VARIABLE};

/// How long a process may take until it requests its first invocation: Lambda's own limit.
const INIT_LIMIT: Duration = Duration::from_secs(10);

/// How long a process that was asked to end may take: Lambda's own limit.
const GRACE_PERIOD: Duration = Duration::from_secs(2);

/// Maximum time between the two signs of a crash, the exit and the broken connection.
const CRASH_WINDOW: Duration = Duration::from_millis(500);

/// How long to wait for the output of a process that has ended: a child of it may keep the pipe
/// open.
const OUTPUT_WINDOW: Duration = Duration::from_millis(200);

/// Whether an environment can serve another invocation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reusability {
    Reusable,
    Ended,
}

/// A running environment. Dropping it kills the process.
#[derive(Debug)]
pub(super) struct ExecutionEnvironment {
    deployment: Arc<Deployment>,
    config: FunctionConfig,
    observer: Observer,
    child: Child,
    phase: watch::Receiver<Phase>,
    deliveries: mpsc::Sender<Delivery>,
    /// Serves the Runtime API.
    api: JoinSet<()>,
    /// Passes on what the process prints.
    output: JoinSet<()>,
    /// Attributes output to the current invocation.
    log: CurrentLog,
    has_served: bool,
}

impl ExecutionEnvironment {
    /// Starts a process and waits until it requests an invocation.
    ///
    /// # Errors
    ///
    /// It cannot be started, reports an error, exits, or takes too long.
    pub(super) async fn start(
        config: &FunctionConfig,
        deployment: Arc<Deployment>,
        observer: &Observer,
    ) -> Result<Self, Failure> {
        let failed = |error| Failure::new(INVALID_ENTRYPOINT, format!("{error}"));
        let listener = http_server::bind_loopback().await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        // One invocation at a time.
        let (deliveries, deliveries_rx) = mpsc::channel(1);
        let credentials = config.credentials.endpoint(deployment.task_root());
        let (runtime_api, phase) =
            RuntimeApi::new(deliveries_rx, observer.clone(), credentials.clone());
        let mut api = JoinSet::new();
        api.spawn(http_server::serve(listener, runtime_api));
        let log = CurrentLog::new(Arc::clone(&deployment), observer.clone());
        let mut traces = Vec::new();
        if config.reports_usage || config.collector.is_some() {
            let receiver = TraceReceiver::bind().await.map_err(failed)?;
            traces.extend(receiver.variables().map_err(failed)?);
            let current = log.clone();
            let current = Arc::new(move || current.request_id());
            receiver.serve(
                &mut api,
                config.collector.clone(),
                observer.clone(),
                current,
            );
            if observer.recorder().is_some() {
                let (name, value) = WRITES_VARIABLE;
                traces.push((name, value.to_owned()));
            }
        }
        let surroundings = Surroundings {
            api: address,
            credentials: credentials.as_ref(),
            traces: &traces,
        };
        let mut child = config.spawn(&deployment, surroundings).map_err(failed)?;
        let mut output = JoinSet::new();
        if let Some(stdout) = child.stdout.take() {
            output.spawn(pass_on(stdout, log.clone(), config.reports_usage));
        }
        if let Some(stderr) = child.stderr.take() {
            output.spawn(pass_on(stderr, log.clone(), false));
        }
        let mut environment = Self {
            deployment,
            config: config.clone(),
            observer: observer.clone(),
            child,
            phase,
            deliveries,
            api,
            output,
            log,
            has_served: false,
        };
        match environment.init().await {
            Ok(()) => Ok(environment),
            Err(failure) => {
                let deployment = Arc::clone(&environment.deployment);
                environment.end().await;
                Err(deployment.failure_with_original_paths(failure))
            }
        }
    }

    async fn init(&mut self) -> Result<(), Failure> {
        let polled = self
            .phase
            .wait_for(|phase| !matches!(phase, Phase::Starting));
        tokio::select! {
            biased;
            phase = polled => match phase.as_deref() {
                Ok(Phase::InitFailed(failure)) => Err(failure.clone()),
                _ => Ok(()),
            },
            status = self.child.wait() => Err(exited("init", &status)),
            () = tokio::time::sleep(INIT_LIMIT) => Err(timed_out("init", INIT_LIMIT)),
        }
    }

    pub(super) fn runs(&self, deployment: &Arc<Deployment>) -> bool {
        Arc::ptr_eq(&self.deployment, deployment)
    }

    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Serves one invocation until the process requests the next one.
    pub(super) async fn serve(
        &mut self,
        invocation: Invocation,
        response: ResponseSender,
        stop: &mut watch::Receiver<bool>,
    ) -> Reusability {
        let deadline = Instant::now() + self.config.real_timeout();
        let (outcome_tx, outcome) = oneshot::channel();
        let id = invocation.request_id.clone();
        self.log.begin(&id, response.log);
        self.observer.report(Report::Assigned {
            request_id: &id,
            pid: self.child.id(),
            is_first: !std::mem::replace(&mut self.has_served, true),
            handler: self.deployment.digest(),
            memory_mib: self.config.memory_mib,
            timeout: self.config.timeout,
        });
        let token = new_request_id();
        let headers = self.next_headers(&id, &token, invocation.headers);
        let delivery = Delivery {
            invocation: Invocation {
                headers,
                ..invocation
            },
            response: PendingResponse {
                request_id: id.clone(),
                token,
                parts: response.parts,
                outcome: outcome_tx,
            },
        };
        if self.deliveries.send(delivery).await.is_err() {
            return Reusability::Ended;
        }
        let (outcome, reusability) = self.outcome(&id, outcome, deadline, stop).await;
        if reusability == Reusability::Ended {
            // Closes the connections, which drops the parts in flight.
            self.api.shutdown().await;
        }
        // The caller may be gone.
        let _ = response.outcome.send(outcome);
        match reusability {
            Reusability::Ended => Reusability::Ended,
            Reusability::Reusable => self.until_next(&id, deadline, stop).await,
        }
    }

    /// Waits for the end of the response.
    async fn outcome(
        &mut self,
        id: &str,
        mut outcome: oneshot::Receiver<Outcome>,
        deadline: Instant,
        stop: &mut watch::Receiver<bool>,
    ) -> (Outcome, Reusability) {
        tokio::select! {
            biased;
            outcome = &mut outcome => match outcome_of(outcome) {
                Err(failure) if failure.is_truncated() => self.explain(id, failure).await,
                outcome => (outcome, Reusability::Reusable),
            },
            status = self.child.wait() => {
                let outcome = self.last_words(outcome, deadline).await;
                (outcome.unwrap_or_else(|| Err(exited(id, &status))), Reusability::Ended)
            }
            () = sleep_until(deadline) => {
                // Its time is up, and it may not react to a signal.
                let _ = self.child.start_kill();
                (Err(timed_out(id, self.config.timeout)), Reusability::Ended)
            }
            () = stopped(stop) => {
                let failure = Failure::new("Sandbox.Failure", "the local Lambda was stopped");
                (Err(failure), Reusability::Ended)
            }
        }
    }

    /// Distinguishes a process that died while it responded from one that sent half a response.
    async fn explain(&mut self, id: &str, truncated: Failure) -> (Outcome, Reusability) {
        match timeout(CRASH_WINDOW, self.child.wait()).await {
            Ok(status) => (Err(exited(id, &status)), Reusability::Ended),
            Err(_) => (Err(truncated), Reusability::Reusable),
        }
    }

    /// Reads the outcome that a process sent before it ended.
    async fn last_words(
        &mut self,
        mut outcome: oneshot::Receiver<Outcome>,
        deadline: Instant,
    ) -> Option<Outcome> {
        let reported = match timeout(CRASH_WINDOW, &mut outcome).await {
            Ok(reported) => reported,
            Err(_) if matches!(*self.phase.borrow(), Phase::Responding { .. }) => {
                // The caller reads slowly.
                timeout_at(deadline, outcome).await.ok()?
            }
            Err(_) => return None,
        };
        reported
            .ok()
            .filter(|outcome| !outcome.as_ref().is_err_and(Failure::is_truncated))
    }

    /// Waits until the process, which has responded, requests the next invocation.
    async fn until_next(
        &mut self,
        id: &str,
        deadline: Instant,
        stop: &mut watch::Receiver<bool>,
    ) -> Reusability {
        let failure = tokio::select! {
            biased;
            _ = self.phase.wait_for(|phase| matches!(phase, Phase::Waiting)) => {
                return Reusability::Reusable;
            }
            status = self.child.wait() => exited(id, &status),
            () = sleep_until(deadline) => {
                // Its time is up, and it may not react to a signal.
                let _ = self.child.start_kill();
                timed_out(id, self.config.timeout)
            }
            () = stopped(stop) => return Reusability::Ended,
        };
        self.observer.report(Report::FailedAfterResponse(&failure));
        Reusability::Ended
    }

    /// Asks the process to end, and kills it if it does not.
    pub(super) async fn end(mut self) {
        if let Some(pid) = self.child.id().and_then(|id| i32::try_from(id).ok())
            && let Some(pid) = rustix::process::Pid::from_raw(pid)
        {
            // It may have ended by itself.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        if timeout(GRACE_PERIOD, self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
        let _ = timeout(OUTPUT_WINDOW, async {
            while self.output.join_next().await.is_some() {}
        })
        .await;
    }

    fn next_headers(&self, id: &str, token: &str, mut headers: HeaderMap) -> HeaderMap {
        let deadline = SystemTime::now() + self.config.real_timeout();
        let deadline = deadline
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let own = [
            (REQUEST_ID, id.to_owned()),
            (DEADLINE_MS, deadline.as_millis().to_string()),
            (INVOCATION_ID, token.to_owned()),
        ];
        headers.insert(CONTENT_TYPE, JSON);
        // A caller who named a qualifier has set it already.
        if let Ok(arn) = HeaderValue::try_from(self.config.function_arn()) {
            headers.entry(INVOKED_FUNCTION_ARN).or_insert(arn);
        }
        for (name, value) in own {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
        headers
    }
}

/// Waits until the local Lambda is stopped.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A dropped sender means that the local Lambda is gone.
    let _ = stop.wait_for(|stopped| *stopped).await;
}

fn exited(id: &str, status: &std::io::Result<ExitStatus>) -> Failure {
    let how = match status {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(code), _) => format!("exit status {code}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => "unknown status".to_owned(),
        },
        Err(error) => error.to_string(),
    };
    Failure::new(
        "Runtime.ExitError",
        format!("RequestId: {id} Error: Runtime exited with error: {how}"),
    )
}

fn timed_out(id: &str, limit: Duration) -> Failure {
    let seconds = limit.as_secs_f64();
    Failure::new(
        "Sandbox.Timedout",
        format!("RequestId: {id} Error: Task timed out after {seconds:.2} seconds"),
    )
}
