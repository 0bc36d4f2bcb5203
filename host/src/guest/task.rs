//! The task in which a worker's guests run, one after the other.

use std::io;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::yield_now;

use super::job::{self, Job};
use super::next::NextInstance;
use crate::handler::Handler;
use crate::team::Team;

/// Jobs that may wait. A worker hands over one invocation at a time and waits for its end.
const JOBS_IN_FLIGHT: usize = 1;

/// A running guest task. It ends when this is dropped and its invocation is over.
#[derive(Debug)]
pub(crate) struct GuestTask {
    jobs: mpsc::Sender<Job>,
}

impl GuestTask {
    /// Starts the task, and the thread that it may need.
    pub(crate) fn spawn(handler: Arc<Handler>, team: &Arc<Team>) -> io::Result<Self> {
        let (jobs, inbox) = mpsc::channel(JOBS_IN_FLIGHT);
        team.spawn(async move { serve(&handler, inbox).await })?;
        Ok(Self { jobs })
    }

    /// Hands over an invocation. `false` if the task is gone.
    pub(crate) async fn submit(&self, job: Job) -> bool {
        self.jobs.send(job).await.is_ok()
    }
}

async fn serve(handler: &Handler, mut inbox: mpsc::Receiver<Job>) {
    let mut next = NextInstance::default();
    loop {
        next.prepare(handler);
        let Some(job) = inbox.recv().await else {
            return;
        };
        let instance = next.take(handler, &job.invocation);
        let served = job::run(handler, instance, job).await;
        // The end of the response leaves before the instance is torn down and the next one made.
        yield_now().await;
        if let Some(instance) = served.into_reusable() {
            next.keep(handler, instance);
        }
    }
}
