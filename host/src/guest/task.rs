//! The task in which a worker's guests run, one after the other.

use std::pin::pin;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::{JoinSet, yield_now};

use super::handler::Handler;
use super::job::{self, Job};
use super::next::NextInstance;

/// Jobs that may wait. A worker hands over one invocation at a time and waits for its end.
const JOBS_IN_FLIGHT: usize = 1;

/// A running guest task. It ends when this is dropped and its invocation is over.
#[derive(Debug)]
pub(crate) struct GuestTask {
    jobs: mpsc::Sender<Job>,
    /// Ends with this.
    _task: JoinSet<()>,
}

impl GuestTask {
    /// Starts the task.
    pub(crate) fn spawn(handler: Arc<Handler>) -> Self {
        let (jobs, inbox) = mpsc::channel(JOBS_IN_FLIGHT);
        let mut task = JoinSet::new();
        task.spawn(async move { serve(&handler, inbox).await });
        Self { jobs, _task: task }
    }

    /// Hands over an invocation. `false` if the task is gone.
    pub(crate) async fn submit(&self, job: Job) -> bool {
        self.jobs.send(job).await.is_ok()
    }
}

async fn serve(handler: &Handler, mut inbox: mpsc::Receiver<Job>) {
    let mut next = NextInstance::default();
    while let Some(job) = receive(handler, &mut next, &mut inbox).await {
        let instance = next.take(handler, &job.invocation);
        let served = job::run(handler, instance, job).await;
        // The end of the response leaves before the instance is torn down and the next one made.
        yield_now().await;
        if let Some(instance) = served.into_reusable() {
            next.keep(handler, instance);
        }
    }
}

/// Waits for a job, and meanwhile makes the instance for it. `None` if no more will come.
async fn receive(
    handler: &Handler,
    next: &mut NextInstance,
    inbox: &mut mpsc::Receiver<Job>,
) -> Option<Job> {
    let mut preparing = pin!(next.prepare(handler));
    let job = tokio::select! {
        biased;
        () = &mut preparing => return inbox.recv().await,
        job = inbox.recv() => job?,
    };
    tokio::select! {
        biased;
        () = preparing => {}
        _ = job.interrupt.raised() => {}
    }
    Some(job)
}
