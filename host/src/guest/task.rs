//! The task in which a worker's guests run, one after the other.

use std::pin::pin;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::{JoinSet, yield_now};

use super::handler::Handler;
use super::next::NextInstance;
use super::run::{Invoke, run};

/// Jobs that may wait. A worker hands over one invocation at a time and waits for its end.
const INVOKES_IN_FLIGHT: usize = 1;

/// A running guest task. It ends when this is dropped and its invocation is over.
#[derive(Debug)]
pub(crate) struct GuestTask {
    invokes: mpsc::Sender<Invoke>,
    /// Ends with this.
    _task: JoinSet<()>,
}

impl GuestTask {
    /// Starts the task.
    pub(crate) fn spawn(handler: Arc<Handler>) -> Self {
        let (invokes, inbox) = mpsc::channel(INVOKES_IN_FLIGHT);
        let mut task = JoinSet::new();
        task.spawn(async move { serve(&handler, inbox).await });
        Self {
            invokes,
            _task: task,
        }
    }

    /// Hands over an invocation. `false` if the task is gone.
    pub(crate) async fn submit(&self, invoke: Invoke) -> bool {
        self.invokes.send(invoke).await.is_ok()
    }
}

async fn serve(handler: &Handler, mut inbox: mpsc::Receiver<Invoke>) {
    let mut next = NextInstance::default();
    while let Some(invoke) = receive(handler, &mut next, &mut inbox).await {
        let instance = next.take(handler, &invoke.invocation);
        let completed = run(handler, instance, invoke).await;
        // The end of the response leaves before the instance is torn down and the next one made.
        yield_now().await;
        if let Some(instance) = completed.into_reusable() {
            next.keep(handler, instance);
        }
    }
}

/// Waits for a invoke, and meanwhile makes the instance for it. `None` if no more will come.
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
