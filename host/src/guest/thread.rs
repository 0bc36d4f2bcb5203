//! The thread a guest runs on.
//!
//! It has the thread to itself because a computing guest would starve its own output on a shared
//! one: neither a current-thread nor a work-stealing scheduler sends what the guest wrote before
//! the guest yields.

use std::io;
use std::sync::Arc;
use std::thread;

use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::job::{self, Job};
use super::next::NextInstance;
use crate::handler::Handler;

/// Jobs that may wait. A worker hands over one invocation at a time and waits for its end.
const JOBS_IN_FLIGHT: usize = 1;

/// A running guest thread. It ends when this is dropped and its invocation is over.
#[derive(Debug)]
pub(crate) struct GuestThread {
    jobs: mpsc::Sender<Job>,
}

impl GuestThread {
    /// To be called within the runtime of the I/O thread, which has to outlive the guest's.
    pub(crate) fn spawn(handler: Arc<Handler>) -> io::Result<Self> {
        let (jobs, inbox) = mpsc::channel(JOBS_IN_FLIGHT);
        // WASI's clocks need the timer, and its sockets the I/O driver even to be refused. Those of
        // the I/O thread will do: the guest's thread is then woken without a system call to poll,
        // and takes no files.
        let runtime = Handle::current();
        thread::Builder::new()
            .name("guest".to_owned())
            .spawn(move || runtime.block_on(serve(&handler, inbox)))?;
        Ok(Self { jobs })
    }

    /// Hands over an invocation. `false` if the thread is gone.
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
        if let Some(instance) = job::run(handler, instance, job).await {
            next.keep(handler, instance);
        }
    }
}
