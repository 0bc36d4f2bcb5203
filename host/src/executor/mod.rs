//! The threads that serve workers: one, or one for each processor.
//!
//! Each has a runtime of its own, and a worker stays on its thread: what wakes the worker wakes no other thread. Only
//! a guest that computes moves, to a thread that has nothing to do.
//!
//! `docs/design/executor.md` has the measurements.

mod moving;

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::platform::{before_wait, keep_blocks};

pub(crate) use moving::{GuestRun, note_preemption};

/// The threads of this process, if there are several.
static EXECUTOR: OnceLock<Executor> = OnceLock::new();

/// Threads for blocking work: DNS lookups and files. Lambda allows 1,024 in all.
const BLOCKING_THREADS: usize = 32;

/// Fewest of those for one of several threads.
const FEWEST_BLOCKING_THREADS: usize = 4;

/// All threads. The first is the one that started the process.
#[derive(Debug)]
struct Executor {
    threads: Vec<Thread>,
}

#[derive(Debug)]
struct Thread {
    runtime: Handle,
    /// Whether it waits, and no guest is on its way to it.
    is_idle: AtomicBool,
    /// Guests that have moved to it.
    guests: AtomicUsize,
}

/// Number of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Number(usize);

/// Starts `count` threads, this one included, and returns the runtime of this one.
///
/// # Errors
///
/// When the system refuses this thread a runtime. Without another thread, there are fewer.
pub(crate) fn start(count: usize) -> io::Result<Runtime> {
    let mut builder = builder(Number(0), count);
    #[cfg(feature = "rehearsal")]
    if count == 1 {
        crate::rehearsal::prepare_runtime(&mut builder, &crate::config::ProcessVars);
    }
    let first = builder.build()?;
    let others = (1..count).map_while(|number| start_thread(Number(number), count).ok());
    let mut threads = vec![Thread::new(first.handle().clone(), false)];
    threads.extend(others.map(|runtime| Thread::new(runtime, true)));
    if threads.len() > 1 {
        // Set once: a process starts once.
        let _ = EXECUTOR.set(Executor { threads });
    }
    Ok(first)
}

/// Returns the runtime that the worker with this number belongs to, if it is not that of the first thread.
pub(crate) fn home_of_worker(number: usize) -> Option<&'static Handle> {
    let threads = &EXECUTOR.get()?.threads;
    let thread = number % threads.len();
    threads
        .get(thread)
        .filter(|_| thread > 0)
        .map(|it| &it.runtime)
}

fn start_thread(number: Number, count: usize) -> io::Result<Handle> {
    let (started, starting) = mpsc::channel();
    thread::Builder::new().spawn(move || {
        let runtime = builder(number, count).build();
        let handle = runtime.as_ref().map(|runtime| runtime.handle().clone());
        // The receiver waits for it.
        let _ = started.send(handle.map_err(|error| io::Error::from(error.kind())));
        if let Ok(runtime) = runtime {
            runtime.block_on(std::future::pending::<()>());
        }
    })?;
    starting.recv().map_err(io::Error::other)?
}

fn builder(number: Number, count: usize) -> Builder {
    let mut builder = Builder::new_current_thread();
    keep_blocks();
    builder
        .on_thread_park(move || {
            before_wait();
            set_idle(number, true);
        })
        .on_thread_unpark(move || set_idle(number, false))
        .enable_all()
        .max_blocking_threads((BLOCKING_THREADS / count).max(FEWEST_BLOCKING_THREADS))
        // A pool that has lost its threads panics if the system refuses it another.
        .thread_keep_alive(Duration::MAX);
    builder
}

fn set_idle(number: Number, is_idle: bool) {
    if let Some(thread) = EXECUTOR.get().and_then(|it| it.thread(number)) {
        thread.is_idle.store(is_idle, Ordering::Release);
    }
}

impl Executor {
    fn thread(&self, number: Number) -> Option<&Thread> {
        self.threads.get(number.0)
    }

    /// Claims a thread that has nothing to do.
    fn claim_idle(&self) -> Option<Number> {
        let claim = |thread: &Thread| thread.is_idle.swap(false, Ordering::AcqRel);
        self.threads.iter().position(claim).map(Number)
    }
}

impl Thread {
    fn new(runtime: Handle, is_idle: bool) -> Self {
        Self {
            runtime,
            is_idle: AtomicBool::new(is_idle),
            guests: AtomicUsize::new(0),
        }
    }
}
