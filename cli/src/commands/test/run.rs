//! Runs a case: the handler in a process of its own, and the reader that the case describes.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use local_lambda::{
    Credentials, Failure, FunctionConfig, Observer, OpenedResponse, Pool, Report, WhenFull,
};
use tokio::time::{Instant, sleep};

use super::case::{Case, Reader};
use super::observed::{End, Observed};
use super::rehearsal::Stage;
use crate::args::FunctionArgs;
use crate::commands::execution::function_config;
use crate::deployment::HANDLER_NAME;
use crate::package::include::Included;
use crate::printer::Printer;
use crate::source::Source;

/// How long a case with a fake clock may take in real time, at least.
const REAL_LIMIT: Duration = Duration::from_secs(60);

/// What all cases of a handler share.
#[derive(Debug)]
pub(super) struct Handler {
    /// In the host that is deployed.
    pub(super) source: Source,
    /// In the host inside this command. `None`: another is named.
    pub(super) own: Option<Source>,
    pub(super) included: Included,
    pub(super) function: FunctionArgs,
    pub(super) printer: Printer,
}

/// The output of one process.
type Log = Arc<Mutex<Vec<String>>>;

impl Handler {
    /// Runs a case.
    ///
    /// # Errors
    ///
    /// The event cannot be made, or the handler is not one that runs.
    pub(super) async fn run(self: Arc<Self>, case: Case, folder: &Path) -> Result<Observed> {
        let event = case.event(folder)?;
        let preparing = Arc::clone(&self);
        let deployment = tokio::task::spawn_blocking(move || {
            let Self {
                source,
                included,
                printer,
                ..
            } = &*preparing;
            source.prepare(included, None, *printer)
        });
        let deployment = deployment.await??;
        let log = Log::default();
        let (config, stage) = self.config(&case, folder)?;
        let pool = Pool::new(config, 1, WhenFull::Wait, logging_to(&log));
        pool.put(deployment);
        let mut observed = observe(&pool, event, &case.real_reader()).await;
        pool.shutdown().await;
        observed.log = std::mem::take(&mut *lock(&log));
        if let Some(stage) = stage {
            stage.complete(&mut observed)?;
        }
        Ok(observed)
    }

    /// Returns the configuration of the function, and what its host is told, if it is the one inside this command.
    fn config(&self, case: &Case, folder: &Path) -> Result<(FunctionConfig, Option<Stage>)> {
        let mut args = self.function.clone();
        let env = case.env.iter();
        args.variables
            .extend(env.map(|(name, value)| (name.clone(), value.clone())));
        args.memory = case.memory.unwrap_or(args.memory);
        let own = self.own.as_ref().filter(|_| !case.network);
        let source = own.unwrap_or(&self.source);
        let mut config = function_config(args, source, HANDLER_NAME.to_owned());
        if let Some(deadline) = case.deadline_ms {
            config.timeout = Duration::from_millis(deadline);
        }
        config.reports_usage = false;
        if own.is_none() {
            return Ok((config, None));
        }
        let stage = Stage::new(case, folder, config.timeout)?;
        config.credentials = Credentials::default();
        config.variables.splice(..0, stage.variables());
        if case.clock.is_some() {
            // The host knows when the function has timed out, by its clock.
            config.timeout = config.timeout.max(REAL_LIMIT);
        }
        Ok((config, Some(stage)))
    }
}

fn logging_to(log: &Log) -> Observer {
    let log = Arc::clone(log);
    Observer::new(move |report| {
        let line = match report {
            Report::Output { line, .. } => String::from_utf8_lossy(line).trim_end().to_owned(),
            Report::Warning { text, .. } => format!("warning: {text}"),
            Report::FailedAfterResponse(failure) => format!("after its response: {failure}"),
            _ => return,
        };
        lock(&log).push(line);
    })
}

fn lock(log: &Log) -> std::sync::MutexGuard<'_, Vec<String>> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn observe(pool: &Arc<Pool>, event: Bytes, reader: &Reader) -> Observed {
    let start = Instant::now();
    let mut observed = Observed::nothing();
    observed.end = match local_lambda::invoke(pool, event).await {
        Ok(mut response) => {
            let head = &response.head;
            observed.head = Some((head.status.as_u16(), head.headers.clone()));
            read(&mut response, reader, start, &mut observed.chunks).await
        }
        Err(failure) => failed(failure),
    };
    observed.total = start.elapsed();
    observed
}

async fn read(
    response: &mut OpenedResponse,
    reader: &Reader,
    start: Instant,
    chunks: &mut Vec<(Duration, Bytes)>,
) -> End {
    let mut left = reader.leaves_after.unwrap_or(usize::MAX);
    loop {
        let mut chunk = match response.chunk().await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return End::Complete,
            Err(failure) => return failed(failure),
        };
        chunk.truncate(left);
        left -= chunk.len();
        let pause = reader.pause_after(chunk.len());
        chunks.push((start.elapsed(), chunk));
        if left == 0 {
            return End::ReaderLeft;
        }
        sleep(pause).await;
    }
}

impl Reader {
    /// How long the reader takes for this many bytes.
    fn pause_after(&self, bytes: usize) -> Duration {
        let time = |rate| Self::time_for(bytes, rate);
        self.bytes_per_second.map_or(Duration::ZERO, time)
    }

    /// How long a reader takes for this many bytes, at its rate in bytes per second.
    pub(super) fn time_for(bytes: usize, rate: u32) -> Duration {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        Duration::from_secs(1).mul_f64(f64::from(bytes) / f64::from(rate))
    }
}

fn failed(failure: Failure) -> End {
    End::Failed {
        kind: failure.error_type,
        message: failure.message,
    }
}
