//! A clock that skips waits.
//!
//! It is the paused clock of Tokio, which all timers of the process use: those of the guest, of WASI 0.2 and 0.3, and
//! those of the host, such as deadlines and the timeouts of requests. While nothing else can happen, Tokio sets it to
//! the next timer. A [`Hold`] prevents that: time passes only while a guest runs or its receiver
//! [reads](super::reader), and not while bytes of the response are on their way. A guest that computes takes no time.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::task::{Context, Waker};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::runtime::Builder;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, advance};
use wasmtime_wasi::clocks::{HostMonotonicClock, HostWallClock};

use crate::invocation::Deadline;

/// How often a guest may read the clock until it moves by [`TICK`]. Otherwise a guest that waits in a loop would never
/// end.
const READS_IN_A_TICK: u32 = 1000;
const TICK: Duration = Duration::from_millis(1);

/// What the monotonic clock of a guest shows at the start. Go's runtime takes 0 for a clock that fails.
const UPTIME: Duration = Duration::from_secs(3600);

/// The settings of the clock.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FakeClock {
    /// The time at the start, in milliseconds since the Unix epoch.
    pub start_unix_ms: u64,
    /// The function's timeout, in milliseconds.
    pub timeout_ms: u64,
}

/// Whether Tokio's clock of this process is paused.
static IS_PAUSED: AtomicBool = AtomicBool::new(false);

/// The clock of this process.
static CLOCK: OnceLock<Started> = OnceLock::new();

#[derive(Debug)]
struct Started {
    settings: FakeClock,
    at: Instant,
}

impl FakeClock {
    /// Sets the clock. `false`: the runtime is not prepared for it.
    pub(super) fn start(&self) -> bool {
        let at = Instant::now();
        let settings = *self;
        IS_PAUSED.load(Ordering::Relaxed) && CLOCK.set(Started { settings, at }).is_ok()
    }
}

/// Has a runtime start with a clock that is paused. Its milliseconds then are those of the timers.
pub(super) fn prepare(runtime: &mut Builder) {
    runtime.start_paused(true);
    IS_PAUSED.store(true, Ordering::Relaxed);
}

/// Keeps a paused clock from passing time until a guest [runs](Running). Call it first in the runtime.
pub(crate) fn stand_still() {
    if IS_PAUSED.load(Ordering::Relaxed) {
        change(|holds| holds.is_fake = true);
    }
}

/// Returns the time since the clock started. `None`: it is that of the machine.
pub(crate) fn elapsed() -> Option<Duration> {
    CLOCK.get().map(|clock| clock.at.elapsed())
}

/// Returns the time since the Unix epoch, unless it is that of the machine.
pub(crate) fn since_epoch() -> Option<Duration> {
    let clock = CLOCK.get()?;
    Some(Duration::from_millis(clock.settings.start_unix_ms) + clock.at.elapsed())
}

/// Returns the deadline of an invocation that begins now, unless the clock is that of the machine.
pub(crate) fn deadline() -> Option<Deadline> {
    let left = Duration::from_millis(CLOCK.get()?.settings.timeout_ms);
    let end = since_epoch()?.saturating_add(left);
    Some(Deadline {
        at: Instant::now() + left,
        unix_ms: u64::try_from(end.as_millis()).unwrap_or(u64::MAX),
    })
}

/// Who lets time pass, and who keeps it from passing. Tokio does not set the clock while a blocking task runs.
struct Holds {
    /// The clock is that of a rehearsal.
    is_fake: bool,
    /// Guests that run, and receivers that read.
    running: usize,
    held: usize,
    /// Ends the blocking task when dropped.
    task: Option<Sender<()>>,
}

static HOLDS: Mutex<Holds> = Mutex::new(Holds {
    is_fake: false,
    running: 0,
    held: 0,
    task: None,
});

/// Changes who lets time pass. Call it in the runtime.
fn change(change: impl FnOnce(&mut Holds)) {
    let mut holds = HOLDS.lock().unwrap_or_else(PoisonError::into_inner);
    change(&mut holds);
    let stands_still = holds.is_fake && (holds.running == 0 || holds.held > 0);
    if !stands_still {
        holds.task = None;
    } else if holds.task.is_none() {
        let (task, ended) = channel::<()>();
        spawn_blocking(move || ended.recv());
        holds.task = Some(task);
    }
}

/// Keeps time from passing until it is dropped.
#[derive(Debug)]
pub(crate) struct Hold(());

impl Hold {
    /// Call it in the runtime. `None`: the clock is that of the machine.
    pub(crate) fn take() -> Option<Self> {
        CLOCK.get()?;
        change(|holds| holds.held += 1);
        Some(Self(()))
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        change(|holds| holds.held = holds.held.saturating_sub(1));
    }
}

/// A guest runs, or the receiver of its response reads, until this is dropped. Time passes with their waits.
#[derive(Debug)]
pub(crate) struct Running(());

impl Running {
    /// `None`: the clock is that of the machine.
    pub(crate) fn begin() -> Option<Self> {
        CLOCK.get()?;
        change(|holds| holds.running += 1);
        Some(Self(()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        change(|holds| holds.running = holds.running.saturating_sub(1));
    }
}

/// The time of day, for a guest.
#[derive(Debug)]
pub(super) struct Wall;

impl HostWallClock for Wall {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        note_read();
        since_epoch().unwrap_or_default()
    }
}

/// The time since the start, for a guest.
#[derive(Debug)]
pub(super) struct Monotonic;

impl HostMonotonicClock for Monotonic {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        note_read();
        let time = elapsed().unwrap_or_default() + UPTIME;
        u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
    }
}

fn note_read() {
    static READS: AtomicU32 = AtomicU32::new(0);
    let reads = READS.fetch_add(1, Ordering::Relaxed);
    if reads % READS_IN_A_TICK == READS_IN_A_TICK - 1 {
        // The first poll sets the clock; the rest only yields to other tasks.
        let _ = pin!(advance(TICK)).poll(&mut Context::from_waker(Waker::noop()));
    }
}
