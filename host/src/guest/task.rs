//! The task in which a worker's guests run, one after another.

use std::pin::pin;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::{JoinSet, yield_now};

use super::handler::Handler;
use super::next::NextInstance;
use super::run::{Invoke, run};

/// Capacity of the queue. A worker submits one invocation at a time and waits for its end.
const INVOKES_IN_FLIGHT: usize = 1;

/// A running guest task. Dropping this aborts it.
#[derive(Debug)]
pub(crate) struct GuestTask {
    invokes: mpsc::Sender<Invoke>,
    /// Aborts the task when dropped.
    task: JoinSet<()>,
}

impl GuestTask {
    /// Starts the task.
    pub(crate) fn spawn(handler: Arc<Handler>) -> Self {
        let (invokes, inbox) = mpsc::channel(INVOKES_IN_FLIGHT);
        let mut task = JoinSet::new();
        task.spawn(async move { serve(&handler, inbox).await });
        Self { invokes, task }
    }

    /// Submits an invocation. Returns `false` if the task is gone.
    pub(crate) async fn submit(&self, invoke: Invoke) -> bool {
        self.invokes.send(invoke).await.is_ok()
    }

    /// Ends the task, and waits until it has removed the files of its instances.
    pub(crate) async fn end(mut self) {
        drop(self.invokes);
        while self.task.join_next().await.is_some() {}
    }
}

async fn serve(handler: &Handler, mut inbox: mpsc::Receiver<Invoke>) {
    let mut next = NextInstance::new(handler);
    while let Some(invoke) = receive(handler, &mut next, &mut inbox).await {
        let instance = next.take(handler, &invoke.invocation);
        tokio::select! {
            biased;
            () = next.others_removed() => {}
            _ = invoke.interrupt.raised() => {}
        }
        let completed = run(handler, instance, invoke).await;
        // Lets the end of the response leave before dropping the instance and preparing the next.
        yield_now().await;
        next.keep(handler, completed);
    }
    next.finish().await;
}

/// Waits for an invocation, and meanwhile prepares its instance. Returns `None` if the worker is gone.
async fn receive(
    handler: &Handler,
    next: &mut NextInstance,
    inbox: &mut mpsc::Receiver<Invoke>,
) -> Option<Invoke> {
    let mut preparing = pin!(next.prepare(handler));
    let invoke = tokio::select! {
        biased;
        () = &mut preparing => return inbox.recv().await,
        invoke = inbox.recv() => invoke?,
    };
    tokio::select! {
        biased;
        () = preparing => {}
        _ = invoke.interrupt.raised() => {}
    }
    Some(invoke)
}
