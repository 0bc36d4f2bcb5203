//! Shutdown: the signal, the time a running invocation has left, and the exit.

use std::io;
use std::process;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::logging;

/// From the signal to the interruption of a running handler. Lambda kills the process after 300 to
/// 600 ms; the rest is for sending the end of the stream.
const GRACE_PERIOD: Duration = Duration::from_millis(200);

/// From the signal to the moment at which the host stops waiting for a handler.
const STOP_PERIOD: Duration = Duration::from_millis(240);

/// From the signal to the moment at which the host stops waiting for a receiver.
const LAST_PERIOD: Duration = Duration::from_millis(280);

/// Whether the process was asked to end, and when.
#[derive(Clone, Debug)]
pub(crate) struct Shutdown {
    requested: watch::Receiver<Option<Instant>>,
}

impl Shutdown {
    /// Waits for the request, and returns its time.
    pub(crate) async fn requested(&self) -> Instant {
        let mut requested = self.requested.clone();
        // The sender lives as long as the process listens, so this ends only with the request.
        let requested = requested.wait_for(Option::is_some).await;
        match requested.ok().and_then(|requested| *requested) {
            Some(at) => at,
            None => std::future::pending().await,
        }
    }

    /// Waits for the request, then for the grace period.
    pub(crate) async fn grace_passed(&self) {
        self.passed(GRACE_PERIOD).await;
    }

    /// Waits for the request, then until a handler must have stopped.
    pub(crate) async fn stop_passed(&self) {
        self.passed(STOP_PERIOD).await;
    }

    /// Waits for the request, then for the last moment.
    pub(crate) async fn last_passed(&self) {
        self.passed(LAST_PERIOD).await;
    }

    async fn passed(&self, period: Duration) {
        let requested = self.requested().await;
        sleep_until(requested + period).await;
    }
}

/// Listens for SIGTERM and SIGINT. Poll the future beside the run loop; it ends at the second signal,
/// which ends the process at once.
pub(crate) fn listen() -> io::Result<(Shutdown, impl Future<Output = ()>)> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (request, requested) = watch::channel(None);
    let mut next = async move || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    let listening = async move {
        next().await;
        request.send_replace(Some(Instant::now()));
        next().await;
    };
    Ok((Shutdown { requested }, listening))
}

/// Ends the process even if a handler or a thread that blocks does not stop. Logs an error.
#[expect(
    clippy::disallowed_methods,
    clippy::exit,
    reason = "returning from `main` would wait for threads that block"
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
