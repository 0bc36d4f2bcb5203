//! The environments of a function: one for each running invocation, reused for later ones.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::deployment::Deployment;
use super::launch::FunctionConfig;
use super::process::{ExecutionEnvironment, Reusability};
use crate::failure::{Failure, INVALID_ENTRYPOINT, THROTTLED};
use crate::invocation::Invocation;
use crate::observer::{Observer, Report};
use crate::response::{self, ResponseReceiver, ResponseSender};

/// How long the last invocations may take to end, including the grace period of their processes.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(5);

/// What happens to a caller beyond the function's concurrency.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WhenFull {
    /// The caller waits for its turn.
    Wait,
    /// The invocation is throttled, as on Lambda.
    Throttle,
}

impl WhenFull {
    /// Returns what Lambda does if its limits apply, and `Wait` otherwise.
    #[must_use]
    pub fn under(limits_apply: bool) -> Self {
        if limits_apply {
            Self::Throttle
        } else {
            Self::Wait
        }
    }
}

/// The execution environments of one function. Shut it down before it is dropped, or its processes are
/// killed.
#[derive(Debug)]
pub struct Pool {
    config: FunctionConfig,
    observer: Observer,
    permits: Arc<Semaphore>,
    when_full: WhenFull,
    version: watch::Sender<Version>,
    state: Mutex<State>,
    /// Invocations are owned here, so a caller that leaves does not end one.
    tasks: Mutex<JoinSet<()>>,
    stop: watch::Sender<bool>,
}

/// The version that callers reach.
#[derive(Clone, Debug)]
enum Version {
    /// The first version is being prepared. Callers wait for it.
    Awaited,
    /// Preparing the first version failed. Callers get the reason.
    Failed(Failure),
    Ready(Arc<Deployment>),
}

#[derive(Debug)]
struct State {
    idle: Vec<ExecutionEnvironment>,
    /// Another function has replaced this one, so environments are not reused.
    retired: bool,
}

impl Pool {
    /// Creates a function without a version. Callers wait for the first version.
    #[must_use]
    pub fn new(
        config: FunctionConfig,
        concurrency: u16,
        when_full: WhenFull,
        observer: Observer,
    ) -> Arc<Self> {
        let state = State {
            idle: Vec::new(),
            retired: false,
        };
        Arc::new(Self {
            config,
            observer,
            permits: Arc::new(Semaphore::new(concurrency.into())),
            when_full,
            version: watch::Sender::new(Version::Awaited),
            state: Mutex::new(state),
            tasks: Mutex::default(),
            stop: watch::Sender::new(false),
        })
    }

    /// Returns the current version, if there is one.
    pub fn deployment(&self) -> Option<Arc<Deployment>> {
        match &*self.version.borrow() {
            Version::Ready(deployment) => Some(Arc::clone(deployment)),
            Version::Awaited | Version::Failed(_) => None,
        }
    }

    /// Waits for the current version.
    async fn awaited(&self) -> Result<Arc<Deployment>, Failure> {
        let mut version = self.version.subscribe();
        let version = version.wait_for(|version| !matches!(version, Version::Awaited));
        match version.await.as_deref() {
            Ok(Version::Ready(deployment)) => Ok(Arc::clone(deployment)),
            Ok(Version::Failed(failure)) => Err(failure.clone()),
            // `self` owns the sender.
            Ok(Version::Awaited) | Err(_) => Err(Failure::new(
                INVALID_ENTRYPOINT,
                "there is no version of the function",
            )),
        }
    }

    /// Deploys the first version without starting it: its environments start on demand.
    pub fn put(&self, deployment: Deployment) {
        let deployment = Arc::new(deployment);
        self.version.send_replace(Version::Ready(deployment));
    }

    /// Fails waiting callers, unless there is an older version.
    pub fn fail(&self, failure: Failure) {
        self.version.send_if_modified(|version| {
            let is_first = !matches!(version, Version::Ready(_));
            if is_first {
                *version = Version::Failed(failure);
            }
            is_first
        });
    }

    /// The function's name.
    pub(crate) fn name(&self) -> &str {
        &self.config.function_name
    }

    /// The function's configuration.
    pub(crate) fn config(&self) -> &FunctionConfig {
        &self.config
    }

    /// The function's ARN.
    pub(crate) fn function_arn(&self) -> String {
        self.config.function_arn()
    }

    /// Starts an invocation. It runs to its end whether or not the response is read.
    ///
    /// # Errors
    ///
    /// The caller is throttled.
    pub(crate) fn invoke(
        self: &Arc<Self>,
        invocation: Invocation,
    ) -> Result<ResponseReceiver, Failure> {
        let permit = match self.when_full {
            WhenFull::Wait => None,
            WhenFull::Throttle => {
                let permit = Arc::clone(&self.permits).try_acquire_owned();
                Some(permit.map_err(|_| Failure::new(THROTTLED, "Rate Exceeded."))?)
            }
        };
        Ok(self.begin(invocation, permit))
    }

    /// Starts an invocation as soon as the concurrency limit allows.
    pub(crate) fn invoke_in_turn(self: &Arc<Self>, invocation: Invocation) -> ResponseReceiver {
        self.begin(invocation, None)
    }

    fn begin(
        self: &Arc<Self>,
        invocation: Invocation,
        permit: Option<OwnedSemaphorePermit>,
    ) -> ResponseReceiver {
        let (sender, receiver) = response::channel();
        let mut tasks = lock(&self.tasks);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(Arc::clone(self).run(invocation, sender, permit));
        receiver
    }

    /// Runs a task of an invocation beyond the life of its connection.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        lock(&self.tasks).spawn(task);
    }

    async fn run(
        self: Arc<Self>,
        invocation: Invocation,
        response: ResponseSender,
        permit: Option<OwnedSemaphorePermit>,
    ) {
        let _permit = match permit {
            Some(permit) => permit,
            None => match Arc::clone(&self.permits).acquire_owned().await {
                Ok(permit) => permit,
                // The semaphore is never closed, and serves callers in order.
                Err(_) => return,
            },
        };
        if *self.stop.borrow() {
            // Dropping the sender fails the invocation.
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
                let _ = response.outcome.send(Err(failure));
                return;
            }
        };
        match environment.serve(invocation, response, &mut stop).await {
            Reusability::Reusable => self.give_back(environment).await,
            Reusability::Ended => environment.end().await,
        }
    }

    /// Returns an idle environment, or else a new one.
    async fn environment(&self) -> Result<ExecutionEnvironment, Failure> {
        let deployment = self.awaited().await?;
        match self.take_idle() {
            Some(environment) => Ok(environment),
            None => ExecutionEnvironment::start(&self.config, deployment, &self.observer).await,
        }
    }

    /// Takes an idle environment, skipping those whose process has died.
    fn take_idle(&self) -> Option<ExecutionEnvironment> {
        let mut state = lock(&self.state);
        while let Some(mut environment) = state.idle.pop() {
            if environment.is_alive() {
                return Some(environment);
            }
            self.observer.report(Report::IdleProcessEnded);
        }
        None
    }

    async fn give_back(&self, environment: ExecutionEnvironment) {
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

    /// Starts a new version and puts it in place. Open streams finish on the old one.
    ///
    /// # Errors
    ///
    /// The new version does not load. The old one stays in place; without one, every invocation tries again
    /// and gets the reason.
    pub async fn deploy(&self, deployment: Deployment) -> Result<(), Failure> {
        let deployment = Arc::new(deployment);
        let first =
            ExecutionEnvironment::start(&self.config, Arc::clone(&deployment), &self.observer)
                .await;
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

    /// Ends the idle environments. The others end with their invocations.
    pub async fn retire(&self) {
        let idle = {
            let mut state = lock(&self.state);
            state.retired = true;
            std::mem::take(&mut state.idle)
        };
        end_all(idle).await;
    }

    /// Ends every environment, including those with an invocation.
    pub async fn shutdown(&self) {
        self.stop.send_replace(true);
        let idle = std::mem::take(&mut lock(&self.state).idle);
        let mut tasks = std::mem::take(&mut *lock(&self.tasks));
        tasks.spawn(end_all(idle));
        // Dropping the tasks kills the remaining processes.
        let _ = timeout(SHUTDOWN_LIMIT, async {
            while tasks.join_next().await.is_some() {}
        })
        .await;
    }
}

async fn end_all(environments: Vec<ExecutionEnvironment>) {
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
