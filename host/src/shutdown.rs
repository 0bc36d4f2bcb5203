//! The request to end the process, how long an invocation may still take, and the end.

use std::io;
use std::process;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::logging;

/// From the signal to the interruption of a running handler. Lambda gives 300 to 600 ms before it
/// kills; the rest is for telling the end of the stream.
const GRACE_PERIOD: Duration = Duration::from_millis(200);

/// Knows whether the process was asked to end.
#[derive(Clone, Debug)]
pub(crate) struct Shutdown {
    requested: watch::Receiver<bool>,
}

impl Shutdown {
    /// Waits for the request.
    pub(crate) async fn requested(&self) {
        let mut requested = self.requested.clone();
        // The sender lives as long as the process listens, so this ends only with the request.
        if requested.wait_for(|requested| *requested).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits for the request, then for the grace period.
    pub(crate) async fn grace_passed(&self) {
        self.requested().await;
        tokio::time::sleep(GRACE_PERIOD).await;
    }
}

/// Listens for SIGTERM and SIGINT. The future is driven beside the run loop; it ends with the second
/// signal, when nothing is waited for any more.
pub(crate) fn listen() -> io::Result<(Shutdown, impl Future<Output = ()>)> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (request, requested) = watch::channel(false);
    let mut next = async move || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let listening = async move {
        next().await;
        request.send_replace(true);
        next().await;
    };
    Ok((Shutdown { requested }, listening))
}

/// Ends the process, whatever its other threads do: a handler may not stop. An error is logged.
#[expect(
    clippy::disallowed_methods,
    clippy::exit,
    reason = "the thread that knows the end need not be the main thread"
)]
pub fn end(ended: anyhow::Result<()>) -> ! {
    let status = match ended {
        Ok(()) => 0,
        Err(error) => {
            tracing::error!("{error:#}");
            1
        }
    };
    logging::flush();
    process::exit(status)
}
