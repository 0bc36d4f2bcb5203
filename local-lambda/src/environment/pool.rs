//! The environments of a function: one for each invocation that runs, kept for the next.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::answer::{self, Answer, Failure, INVALID_ENTRYPOINT, THROTTLED};
use super::bootstrap::Launch;
use super::deployment::Deployment;
use super::environment::{Environment, Fate, Job};
use crate::printer::Tone;

/// How long the last invocations may take to end, their processes' grace period included.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(5);

/// What a caller asks for.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) request_id: String,
    pub(crate) event: Bytes,
    /// Headers that the handler gets as part of its context.
    pub(crate) headers: HeaderMap,
}

/// What happens to a caller when the function is at work as often as it may be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Overflow {
    Waits,
    /// As on Lambda.
    Throttled,
}

/// The environments of one function.
#[derive(Debug)]
pub(crate) struct Pool {
    launch: Launch,
    permits: Arc<Semaphore>,
    overflow: Overflow,
    version: watch::Sender<Version>,
    state: Mutex<State>,
    /// Invocations are owned here, so a caller that leaves does not end one.
    tasks: Mutex<JoinSet<()>>,
    stop: watch::Sender<bool>,
}

/// What callers get.
#[derive(Clone, Debug)]
enum Version {
    /// The first one is being made. Callers wait for it.
    Awaited,
    /// The first one could not be made. Callers are told why.
    Failed(Failure),
    Ready(Arc<Deployment>),
}

#[derive(Debug)]
struct State {
    idle: Vec<Environment>,
    /// Another function has taken the place of this one: nothing is kept for a next invocation.
    retired: bool,
}

impl Pool {
    /// A function whose first version is yet to come.
    pub(crate) fn new(launch: Launch, concurrency: u16, overflow: Overflow) -> Arc<Self> {
        let state = State {
            idle: Vec::new(),
            retired: false,
        };
        Arc::new(Self {
            launch,
            permits: Arc::new(Semaphore::new(concurrency.into())),
            overflow,
            version: watch::Sender::new(Version::Awaited),
            state: Mutex::new(state),
            tasks: Mutex::default(),
            stop: watch::Sender::new(false),
        })
    }

    /// The version that serves, if there is one.
    pub(crate) fn deployment(&self) -> Option<Arc<Deployment>> {
        match &*self.version.borrow() {
            Version::Ready(deployment) => Some(Arc::clone(deployment)),
            Version::Awaited | Version::Failed(_) => None,
        }
    }

    /// Waits for the version that serves.
    async fn awaited(&self) -> Result<Arc<Deployment>, Failure> {
        let mut version = self.version.subscribe();
        let version = version.wait_for(|version| !matches!(version, Version::Awaited));
        match version.await.as_deref() {
            Ok(Version::Ready(deployment)) => Ok(Arc::clone(deployment)),
            Ok(Version::Failed(failure)) => Err(failure.clone()),
            // The sender is this one's own.
            Ok(Version::Awaited) | Err(_) => Err(Failure::new(
                INVALID_ENTRYPOINT,
                "there is no version of the function",
            )),
        }
    }

    /// Puts the first version in place, whose environments start when somebody calls.
    pub(crate) fn put(&self, deployment: Deployment) {
        let deployment = Arc::new(deployment);
        self.version.send_replace(Version::Ready(deployment));
    }

    /// Fails waiting callers with this reason, unless an older version serves.
    pub(crate) fn fail(&self, failure: Failure) {
        self.version.send_if_modified(|version| {
            let is_first = !matches!(version, Version::Ready(_));
            if is_first {
                *version = Version::Failed(failure);
            }
            is_first
        });
    }

    /// The function as its callers name it.
    pub(crate) fn function_arn(&self) -> String {
        self.launch.function_arn()
    }

    /// Begins an invocation. It runs to its end whether or not the answer is read.
    ///
    /// # Errors
    ///
    /// The caller is throttled.
    pub(crate) fn invoke(self: &Arc<Self>, call: Call) -> Result<Answer, Failure> {
        let permit = match self.overflow {
            Overflow::Waits => None,
            Overflow::Throttled => {
                let permit = Arc::clone(&self.permits).try_acquire_owned();
                Some(permit.map_err(|_| Failure::new(THROTTLED, "Rate Exceeded."))?)
            }
        };
        Ok(self.begin(call, permit))
    }

    /// Begins an invocation as soon as there is room for it.
    pub(crate) fn invoke_in_turn(self: &Arc<Self>, call: Call) -> Answer {
        self.begin(call, None)
    }

    fn begin(self: &Arc<Self>, call: Call, permit: Option<OwnedSemaphorePermit>) -> Answer {
        let (responder, answer) = answer::channel();
        let Call {
            request_id,
            event,
            headers,
        } = call;
        let job = Job {
            request_id,
            event,
            headers,
            responder,
        };
        let mut tasks = lock(&self.tasks);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(Arc::clone(self).run(job, permit));
        answer
    }

    /// Runs something on behalf of an invocation beyond the life of its connection.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        lock(&self.tasks).spawn(task);
    }

    async fn run(self: Arc<Self>, job: Job, permit: Option<OwnedSemaphorePermit>) {
        let _permit = match permit {
            Some(permit) => permit,
            None => match Arc::clone(&self.permits).acquire_owned().await {
                Ok(permit) => permit,
                // Never closed; callers are served in the order they came.
                Err(_) => return,
            },
        };
        if *self.stop.borrow() {
            // Dropping the job tells the caller.
            return;
        }
        let mut stop = self.stop.subscribe();
        let environment = tokio::select! {
            biased;
            environment = self.environment() => environment,
            // As above.
            _ = stop.wait_for(|stopped| *stopped) => return,
        };
        let mut environment = match environment {
            Ok(environment) => environment,
            Err(failure) => {
                // The caller may be gone.
                let _ = job.responder.verdict.send(Err(failure));
                return;
            }
        };
        match environment.serve(job, &mut stop).await {
            Fate::Reusable => self.give_back(environment).await,
            Fate::Ended => environment.end().await,
        }
    }

    /// An environment that waits, or else a new one.
    async fn environment(&self) -> Result<Environment, Failure> {
        let deployment = self.awaited().await?;
        match self.take_idle() {
            Some(environment) => Ok(environment),
            None => Environment::start(&self.launch, deployment).await,
        }
    }

    /// Takes an environment that waits, passing over those whose process has died.
    fn take_idle(&self) -> Option<Environment> {
        let mut state = lock(&self.state);
        while let Some(mut environment) = state.idle.pop() {
            if environment.is_alive() {
                return Some(environment);
            }
            self.launch
                .printer
                .message(Tone::Faint, "an idle environment has ended by itself");
        }
        None
    }

    async fn give_back(&self, environment: Environment) {
        let outdated = {
            let mut state = lock(&self.state);
            let is_wanted = !state.retired && !*self.stop.borrow();
            let current = self.deployment();
            if current.is_some_and(|it| environment.runs(&it)) && is_wanted {
                state.idle.push(environment);
                None
            } else {
                Some(environment)
            }
        };
        if let Some(environment) = outdated {
            environment.end().await;
        }
    }

    /// Puts a new version in place. Open streams finish on the old one.
    ///
    /// # Errors
    ///
    /// The new version does not load. The old one stays in place; without one, every caller tries anew,
    /// and is told.
    pub(crate) async fn deploy(&self, deployment: Deployment) -> Result<(), Failure> {
        let deployment = Arc::new(deployment);
        let first = Environment::start(&self.launch, Arc::clone(&deployment)).await;
        if first.is_err() && self.deployment().is_some() {
            return first.map(drop);
        }
        let (outdated, result) = {
            let mut state = lock(&self.state);
            self.version.send_replace(Version::Ready(deployment));
            let idle = first.map(|environment| vec![environment]);
            let (idle, failure) = idle.map_or_else(|it| (Vec::new(), Err(it)), |it| (it, Ok(())));
            (std::mem::replace(&mut state.idle, idle), failure)
        };
        end_all(outdated).await;
        result
    }

    /// Ends the environments that wait. Those at work end with their invocations.
    pub(crate) async fn retire(&self) {
        let idle = {
            let mut state = lock(&self.state);
            state.retired = true;
            std::mem::take(&mut state.idle)
        };
        end_all(idle).await;
    }

    /// Ends every environment, those at work included.
    pub(crate) async fn shutdown(&self) {
        self.stop.send_replace(true);
        let idle = std::mem::take(&mut lock(&self.state).idle);
        let mut tasks = std::mem::take(&mut *lock(&self.tasks));
        tasks.spawn(end_all(idle));
        // What is left is killed when the tasks are dropped.
        let _ = timeout(SHUTDOWN_LIMIT, async {
            while tasks.join_next().await.is_some() {}
        })
        .await;
    }
}

async fn end_all(environments: Vec<Environment>) {
    let mut ends = JoinSet::new();
    for environment in environments {
        ends.spawn(environment.end());
    }
    while ends.join_next().await.is_some() {}
}

/// No invariant spans two statements under these locks, so a panic elsewhere leaves them usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
