//! An execution environment: one `bootstrap` process and its Runtime API.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use lambda_protocol::headers::{DEADLINE_MS, INVOCATION_ID, INVOKED_FUNCTION_ARN, REQUEST_ID};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};
use tokio::process::Child;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::answer::{Failure, INVALID_ENTRYPOINT, Responder, Verdict, settled};
use super::bootstrap::Launch;
use super::context::new_request_id;
use super::deployment::Deployment;
use super::emulator::{Delivery, Invocation, Phase, RuntimeApi};
use super::http_server;
use super::log_tail::LogTail;
use super::usage::Usage;
use crate::printer::{Printer, Tone};

/// How long a process may take until it asks for its first invocation: Lambda's own limit.
const INIT_LIMIT: Duration = Duration::from_secs(10);

/// How long a process that was asked to end may take: Lambda's own limit.
const GRACE_PERIOD: Duration = Duration::from_secs(2);

/// How long the two signs of a crash, the exit and the broken connection, may lie apart.
const CRASH_WINDOW: Duration = Duration::from_millis(500);

/// How long the output of an ended process may take to arrive. A child of it could hold the pipe.
const OUTPUT_WINDOW: Duration = Duration::from_millis(200);

/// A longer line of output is passed on in pieces.
const LINE_LIMIT_BYTES: u64 = 64 * 1024;

/// One invocation to be served.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) request_id: String,
    pub(crate) event: Bytes,
    /// Headers of `next` that came from the caller.
    pub(crate) headers: HeaderMap,
    pub(crate) responder: Responder,
}

/// Whether an environment can serve again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fate {
    Reusable,
    Ended,
}

/// A running environment. Dropping it kills the process.
#[derive(Debug)]
pub(crate) struct Environment {
    deployment: Arc<Deployment>,
    launch: Launch,
    child: Child,
    phase: watch::Receiver<Phase>,
    deliveries: mpsc::Sender<Delivery>,
    /// Serves the Runtime API.
    api: JoinSet<()>,
    /// Passes on what the process prints.
    output: JoinSet<()>,
    /// Where output belongs: to the invocation that runs.
    log: CurrentLog,
}

/// The log of the invocation that runs. There is one at a time.
type CurrentLog = Arc<Mutex<InvocationLog>>;

#[derive(Debug, Default)]
struct InvocationLog {
    request_id: Option<String>,
    tail: LogTail,
}

impl Environment {
    /// Starts a process and waits until it asks for an invocation.
    ///
    /// # Errors
    ///
    /// It cannot be started, reports an error, exits, or takes too long.
    pub(crate) async fn start(
        launch: &Launch,
        deployment: Arc<Deployment>,
    ) -> Result<Self, Failure> {
        let failed = |error| Failure::new(INVALID_ENTRYPOINT, format!("{error}"));
        let listener = http_server::bind_loopback().await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        // One invocation at a time.
        let (deliveries, deliveries_rx) = mpsc::channel(1);
        let (runtime_api, phase) = RuntimeApi::new(deliveries_rx, launch.printer);
        let mut api = JoinSet::new();
        api.spawn(http_server::serve(listener, runtime_api));
        let mut child = launch.spawn(&deployment, address).map_err(failed)?;
        let mut output = JoinSet::new();
        let log = CurrentLog::default();
        let deployed = || (Arc::clone(&deployment), Arc::clone(&log));
        if let Some(stdout) = child.stdout.take() {
            output.spawn(pass_on(
                stdout,
                launch.printer,
                deployed(),
                launch.shows_usage,
            ));
        }
        if let Some(stderr) = child.stderr.take() {
            output.spawn(pass_on(stderr, launch.printer, deployed(), false));
        }
        let launch = launch.clone();
        let mut environment = Self {
            deployment,
            launch,
            child,
            phase,
            deliveries,
            api,
            output,
            log,
        };
        match environment.init().await {
            Ok(()) => Ok(environment),
            Err(failure) => {
                let deployment = Arc::clone(&environment.deployment);
                environment.end().await;
                Err(deployment.failure_in_user_s_words(failure))
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

    pub(crate) fn runs(&self, deployment: &Arc<Deployment>) -> bool {
        Arc::ptr_eq(&self.deployment, deployment)
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Serves one invocation until the process asks for the next one.
    pub(crate) async fn serve(&mut self, job: Job, stop: &mut watch::Receiver<bool>) -> Fate {
        let deadline = Instant::now() + self.launch.real_timeout();
        let (verdict_tx, verdict) = oneshot::channel();
        let id = job.request_id;
        let Responder {
            parts,
            verdict: told,
            log,
        } = job.responder;
        *self.log.lock().unwrap_or_else(PoisonError::into_inner) = InvocationLog {
            request_id: Some(id.clone()),
            tail: log,
        };
        let token = new_request_id();
        let delivery = Delivery {
            headers: self.next_headers(&id, &token, job.headers),
            event: job.event,
            invocation: Invocation {
                request_id: id.clone(),
                token,
                parts,
                verdict: verdict_tx,
            },
        };
        if self.deliveries.send(delivery).await.is_err() {
            return Fate::Ended;
        }
        let (verdict, fate) = self.outcome(&id, verdict, deadline, stop).await;
        if fate == Fate::Ended {
            // Closes the connections, and with them the parts that are still on their way.
            self.api.shutdown().await;
        }
        // The caller may be gone.
        let _ = told.send(verdict);
        match fate {
            Fate::Ended => Fate::Ended,
            Fate::Reusable => self.until_next(&id, deadline, stop).await,
        }
    }

    /// Waits for the end of the response.
    async fn outcome(
        &mut self,
        id: &str,
        mut verdict: oneshot::Receiver<Verdict>,
        deadline: Instant,
        stop: &mut watch::Receiver<bool>,
    ) -> (Verdict, Fate) {
        tokio::select! {
            biased;
            verdict = &mut verdict => match settled(verdict) {
                Err(failure) if failure.is_truncated() => self.explain(id, failure).await,
                verdict => (verdict, Fate::Reusable),
            },
            status = self.child.wait() => {
                let verdict = self.last_words(verdict, deadline).await;
                (verdict.unwrap_or_else(|| Err(exited(id, &status))), Fate::Ended)
            }
            () = sleep_until(deadline) => {
                // It had its time, and may be in no state to listen.
                let _ = self.child.start_kill();
                (Err(timed_out(id, self.launch.timeout)), Fate::Ended)
            }
            () = stopped(stop) => {
                let failure = Failure::new("Sandbox.Failure", "the local Lambda was stopped");
                (Err(failure), Fate::Ended)
            }
        }
    }

    /// Tells a process that died while it answered from one that sent half an answer.
    async fn explain(&mut self, id: &str, truncated: Failure) -> (Verdict, Fate) {
        match timeout(CRASH_WINDOW, self.child.wait()).await {
            Ok(status) => (Err(exited(id, &status)), Fate::Ended),
            Err(_) => (Err(truncated), Fate::Reusable),
        }
    }

    /// What an ended process had sent and nobody had read yet.
    async fn last_words(
        &mut self,
        mut verdict: oneshot::Receiver<Verdict>,
        deadline: Instant,
    ) -> Option<Verdict> {
        let told = match timeout(CRASH_WINDOW, &mut verdict).await {
            Ok(told) => told,
            Err(_) if matches!(*self.phase.borrow(), Phase::Responding { .. }) => {
                // The caller reads slowly.
                timeout_at(deadline, verdict).await.ok()?
            }
            Err(_) => return None,
        };
        told.ok()
            .filter(|verdict| !verdict.as_ref().is_err_and(Failure::is_truncated))
    }

    /// Waits until the process, which has answered, asks for the next invocation.
    async fn until_next(
        &mut self,
        id: &str,
        deadline: Instant,
        stop: &mut watch::Receiver<bool>,
    ) -> Fate {
        let failure = tokio::select! {
            biased;
            _ = self.phase.wait_for(|phase| matches!(phase, Phase::Waiting)) => {
                return Fate::Reusable;
            }
            status = self.child.wait() => exited(id, &status),
            () = sleep_until(deadline) => {
                // It had its time, and may be in no state to listen.
                let _ = self.child.start_kill();
                timed_out(id, self.launch.timeout)
            }
            () = stopped(stop) => return Fate::Ended,
        };
        let text = format!("after its response: {failure}");
        self.launch.printer.message(Tone::Bad, &text);
        Fate::Ended
    }

    /// Asks the process to end, and kills it if it does not.
    pub(crate) async fn end(mut self) {
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
        let deadline = SystemTime::now() + self.launch.real_timeout();
        let deadline = deadline
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let own = [
            (REQUEST_ID, id.to_owned()),
            (DEADLINE_MS, deadline.as_millis().to_string()),
            (INVOCATION_ID, token.to_owned()),
            (CONTENT_TYPE, "application/json".to_owned()),
        ];
        // A caller who named a qualifier has set it already.
        if let Ok(arn) = HeaderValue::try_from(self.launch.function_arn()) {
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
    // Without a sender there is nobody left to serve.
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

/// Passes on output line by line. Where usage is shown, it is not passed on as it is.
async fn pass_on(
    output: impl AsyncRead + Unpin,
    printer: Printer,
    (deployment, log): (Arc<Deployment>, CurrentLog),
    shows_usage: bool,
) {
    let mut reader = BufReader::new(output);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut reader)
            .take(LINE_LIMIT_BYTES)
            .read_until(b'\n', &mut line)
            .await;
        match read {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                if line.last() != Some(&b'\n') {
                    line.push(b'\n');
                }
                if shows_usage && let Some(usage) = Usage::parse(&line) {
                    printer.usage(&usage);
                    continue;
                }
                let log = log.lock().unwrap_or_else(PoisonError::into_inner);
                // Before the first invocation it is about loading the handler.
                if log.request_id.is_none()
                    && let Ok(text) = std::str::from_utf8(&line)
                {
                    line = deployment.in_user_s_words(text).into_bytes();
                }
                log.tail.push(&line);
                printer.log(&line, log.request_id.as_deref());
            }
        }
    }
}
