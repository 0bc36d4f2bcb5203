//! Poll, invoke, repeat, until shutdown.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::guest::GuestThread;
use crate::handler::Handler;
use crate::invoke::{InvokeError, Worker};
use crate::runtime_api::{Client, Endpoint};
use crate::shutdown::Shutdown;

/// Runs `concurrency` workers, each with a connection and a guest thread of its own, until
/// shutdown. A worker that fails leaves the others alone; the last one's failure is the result.
pub(crate) async fn run(
    endpoint: &Endpoint,
    handler: &Arc<Handler>,
    concurrency: usize,
    shutdown: &Shutdown,
) -> anyhow::Result<()> {
    let mut workers = JoinSet::new();
    for _ in 0..concurrency {
        let worker = Worker {
            client: Client::new(endpoint.clone()),
            guest: GuestThread::spawn(Arc::clone(handler))?,
            engine: handler.engine.clone(),
            shutdown: shutdown.clone(),
        };
        workers.spawn(work(worker));
    }
    let mut result = Ok(());
    while let Some(ended) = workers.join_next().await {
        match ended? {
            Ok(()) => {}
            Err(error) => {
                let error = anyhow::Error::from(error);
                tracing::error!(error = %format_args!("{error:#}"), "a worker ended");
                result = Err(error);
            }
        }
    }
    result
}

async fn work(mut worker: Worker) -> Result<(), InvokeError> {
    loop {
        let invocation = tokio::select! {
            biased;
            () = worker.shutdown.requested() => return Ok(()),
            next = worker.client.next() => next?,
        };
        worker.invoke(invocation).await?;
    }
}
