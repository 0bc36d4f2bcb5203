//! Poll, invoke, repeat, until shutdown.

use std::pin::pin;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::invoke::{InvokeError, Worker};
use crate::engine::ReadAhead;
use crate::executor;
use crate::guest::Guests;
use crate::invocation::Invocation;
use crate::logging;
use crate::runtime_api::{Client, RuntimeApiError};

/// Runs the workers until shutdown. One that fails leaves the others alone; the last one's failure
/// is the result.
pub(crate) async fn run(workers: Vec<Worker>) -> anyhow::Result<()> {
    let mut running = JoinSet::new();
    for (number, worker) in workers.into_iter().enumerate() {
        match executor::home_of_worker(number) {
            Some(home) => running.spawn_on(work(worker), home),
            None => running.spawn(work(worker)),
        };
    }
    let mut result = Ok(());
    while let Some(ended) = running.join_next().await {
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
    worker.guests.prepare_if_quick().await;
    loop {
        let invocation = tokio::select! {
            biased;
            _ = worker.shutdown.requested() => {
                end(worker).await;
                return Ok(());
            }
            next = poll(&mut worker.client, &mut worker.guests, worker.read_ahead.take()) => next?,
        };
        worker.invoke(invocation).await?;
        // Lambda may freeze the process as soon as the worker polls for the next event.
        logging::settled().await;
    }
}

/// Polls for an event. Once the poll is sent, has the handler's file read and prepares the next instance: nobody waits
/// for them.
async fn poll(
    client: &mut Client,
    guests: &mut Guests,
    read_ahead: Option<Arc<ReadAhead>>,
) -> Result<Invocation, RuntimeApiError> {
    let mut next = pin!(client.next());
    tokio::select! {
        biased;
        // Writes the request before it waits for the response.
        event = &mut next => return event,
        () = async {
            drop(read_ahead.map(|read_ahead| read_ahead.start()));
            guests.prepare().await;
        } => {}
    }
    next.await
}

/// Ends a worker that serves no invocation.
async fn end(worker: Worker) {
    tokio::select! {
        biased;
        () = worker.guests.finish() => {}
        () = worker.shutdown.last_passed() => {}
    }
}
