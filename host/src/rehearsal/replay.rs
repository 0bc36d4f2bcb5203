//! Runs a handler again with what a capsule has of its surroundings, and without any other.
//!
//! Time is Tokio's paused clock: a wait ends as soon as nothing else can happen.

use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use anyhow::Context as _;
use tokio::runtime::{Builder, Runtime};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

use crate::capsule::{BEYOND, Capsule, Difference, Ending, KEPT_SETTINGS, Player, Tape};
use crate::config::{Config, SETTINGS, Setting};
use crate::guest::{Handler, Interrupt, InterruptReason, replay_in};
use crate::invocation::{Deadline, Invocation};
use crate::logging;
use crate::platform::{before_wait, epoch_timer, keep_blocks, prepare_process};
use crate::response::invoker::Invoker;
use crate::response::{self, Payload, Readiness, ResponseReader};
use crate::worker::load_handler;

/// How long a handler may wait for something that the capsule does not have, on the paused clock.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// The result of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The first difference, if there is one.
    pub difference: Option<Difference>,
    /// How many writes are equal.
    pub writes: usize,
    /// How the handler ended in the replay.
    pub ending: Option<Ending>,
    /// Whether the handler has asked the host for the same as when it was recorded, in the same order.
    pub same_calls: bool,
    /// Requests that the capsule has no answer for.
    pub unanswered: Vec<String>,
    /// Whether the replay ended where the recording did, before the handler's end.
    pub ended_early: bool,
}

/// A handler that is ready to be replayed.
#[derive(Debug)]
pub struct Replay {
    handler: Arc<Handler>,
    config: Config,
    runtime: Runtime,
}

impl Replay {
    /// Prepares the process. Call it before the process starts a thread.
    pub fn prepare_process() {
        prepare_process();
    }

    /// Loads the handler that `name` names in a package, with the settings of a capsule. Call it once in a
    /// process, after
    /// [`prepare_process`](Self::prepare_process).
    ///
    /// # Errors
    ///
    /// It does not load, or the settings are not valid.
    pub fn load(capsule: &Capsule, package: &Path, name: &str) -> anyhow::Result<Self> {
        logging::silence();
        let mut config = Config::of_replay(&variables(capsule), name, package)
            .context("the settings in the capsule")?;
        config.guest.variables.clone_from(&capsule.variables);
        let handler = load_handler(&config).map_err(|report| anyhow::anyhow!(report.message))?;
        epoch_timer::start(&handler.engine)?;
        let runtime = runtime().context("cannot start the event loop")?;
        Ok(Self {
            handler: Arc::new(handler),
            config,
            runtime,
        })
    }

    /// SHA-256 of the component, in hexadecimal.
    #[must_use]
    pub fn component(&self) -> &str {
        &self.handler.digest
    }

    /// Runs the handler.
    #[must_use]
    pub fn run(&self, capsule: Capsule) -> Outcome {
        self.runtime.block_on(self.play(capsule))
    }

    async fn play(&self, capsule: Capsule) -> Outcome {
        let ends_early = capsule.ends_early();
        let invocation = Arc::new(invocation(capsule));
        let invoker = Invoker::new(Arc::clone(&invocation), self.config.buffered);
        let (writer, reader) = response::channel(Some(invoker));
        let interrupt = Interrupt::new();
        let tape = invocation.tape.clone();
        let player = tape.as_ref().and_then(|tape| tape.player());
        let player = player.expect("the invocation is a replay");
        player.begin();
        let mut run = pin!(replay_in(
            &self.handler,
            Arc::clone(&invocation),
            writer,
            interrupt.clone()
        ));
        let mut drain = pin!(drain(&reader));
        let mut stopping = pin!(self.stop_in_time(player, &interrupt));
        poll_fn(|cx| {
            // Neither ends before the handler unless it has nothing more to do.
            let _ = drain.as_mut().poll(cx);
            let _ = stopping.as_mut().poll(cx);
            run.as_mut().poll(cx)
        })
        .await;
        let findings = player.findings();
        Outcome {
            difference: findings.difference,
            writes: findings.writes,
            ending: findings.ending,
            same_calls: findings.same_calls,
            unanswered: findings.unanswered,
            ended_early: ends_early && findings.is_over,
        }
    }

    /// Stops the handler when there is nothing more to learn from it. Does not return.
    async fn stop_in_time(&self, player: &Player, interrupt: &Interrupt) {
        tokio::select! {
            () = player.enough() => {}
            () = sleep(LONGEST_WAIT) => {}
            () = async {
                player.over().await;
                // In real time: the handler may compute.
                let _ = spawn_blocking(|| std::thread::park_timeout(BEYOND)).await;
            } => {}
        }
        interrupt.raise(InterruptReason::Deadline);
        self.handler.engine.increment_epoch();
        std::future::pending::<()>().await;
    }
}

/// A runtime of one thread, whose clock does not run.
fn runtime() -> io::Result<Runtime> {
    keep_blocks();
    Builder::new_current_thread()
        .on_thread_park(before_wait)
        .enable_all()
        .start_paused(true)
        .build()
}

/// The variables of a function with the settings of a capsule.
fn variables(capsule: &Capsule) -> HashMap<String, String> {
    let settings = capsule.settings.iter().filter_map(|(key, value)| {
        let is_kept = KEPT_SETTINGS.iter().any(|kept| key.starts_with(kept));
        let mut known = SETTINGS.iter();
        let setting = known.find(|setting| is_kept && setting.key == key)?;
        Some((Setting::variable(setting), value.clone()))
    });
    settings.chain(capsule.function.iter().cloned()).collect()
}

fn invocation(capsule: Capsule) -> Invocation {
    let (unix_ms, left_ms) = capsule.deadline;
    let event = capsule.event.clone().unwrap_or_default();
    Invocation {
        deadline: Deadline {
            at: Instant::now() + Duration::from_millis(left_ms),
            unix_ms,
        },
        invoked_function_arn: capsule.text("invoked-function-arn"),
        trace_id: capsule.text("trace-id"),
        client_context: capsule.text("client-context"),
        cognito_identity: capsule.text("cognito-identity"),
        tenant_id: capsule.text("tenant-id"),
        tape: Some(Arc::new(Tape::Replay(Box::new(Player::new(
            capsule.clone(),
        ))))),
        ..Invocation::new(capsule.request_id, event.into())
    }
}

/// Takes the response as fast as it comes.
async fn drain(reader: &ResponseReader) {
    reader.started().await;
    let mut body = match reader.payload() {
        Payload::Http(body) | Payload::Raw(_, body) => body,
        Payload::Document(..) => return,
    };
    poll_fn(|cx| match body.take(cx, usize::MAX, drop) {
        Readiness::Never => Poll::Ready(()),
        Readiness::Later => Poll::Pending,
        Readiness::Now => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await;
}
