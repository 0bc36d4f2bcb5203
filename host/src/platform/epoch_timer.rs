//! Preempts a guest that computes, so that its thread can serve sockets and timers.
//!
//! While a guest runs, a timer sends a signal to the process, and the signal handler increments the
//! engine's epoch: at its next check the guest yields to the other tasks of its thread. A ticking thread
//! would not do: on the one processor of a small function, a thread that wakes may wait some milliseconds
//! until a computing thread has used up its time slice.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::pin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use wasmtime::Engine;

/// How long a guest computes before it yields. Each signal costs a few microseconds.
const PERIOD: Duration = Duration::from_micros(500);

/// How long a guest computes before it first yields, if the previous one computed for longer than
/// [`PERIOD`]: its first chunk leaves sooner.
const FIRST: Duration = Duration::from_micros(100);

/// The timer of this process.
static TIMER: OnceLock<EpochTimer> = OnceLock::new();

/// Increments the epoch of an engine while guests run.
///
/// It takes an engine and not a function to call: the signal handler may call only what neither allocates nor
/// locks, and `Engine::increment_epoch` is documented as such. With any function, [`start`] would not be safe.
struct EpochTimer {
    engine: Engine,
    id: libc::timer_t,
    /// Threads that run a guest.
    running: AtomicUsize,
    /// Whether a guest ran since the timer last expired.
    has_run: AtomicBool,
    is_armed: AtomicBool,
    /// Whether a guest was preempted since one last ended.
    has_preempted: AtomicBool,
    /// Whether the guest that last ended was preempted.
    expects_long: AtomicBool,
    /// Whether no guest ran for longer than [`PERIOD`] when one was last waited for.
    expects_wait: AtomicBool,
    /// When the timer was last disarmed because of `expects_wait`, in nanoseconds after `created`.
    disarmed: AtomicU64,
    created: Instant,
}

// SAFETY: a timer belongs to the process, and any thread may use its id.
#[expect(unsafe_code, reason = "the C type of an id may be a pointer")]
unsafe impl Send for EpochTimer {}
// SAFETY: as above.
#[expect(unsafe_code, reason = "the C type of an id may be a pointer")]
unsafe impl Sync for EpochTimer {}

/// Creates the timer of this process, for the guests of `engine`. Further calls do nothing.
///
/// # Errors
///
/// When the system refuses to create a timer.
pub(crate) fn start(engine: &Engine) -> io::Result<()> {
    if TIMER.get().is_some() {
        return Ok(());
    }
    let timer = EpochTimer {
        engine: engine.clone(),
        id: create_timer()?,
        running: AtomicUsize::new(0),
        has_run: AtomicBool::new(false),
        is_armed: AtomicBool::new(false),
        has_preempted: AtomicBool::new(false),
        expects_long: AtomicBool::new(false),
        expects_wait: AtomicBool::new(false),
        disarmed: AtomicU64::new(0),
        created: Instant::now(),
    };
    handle_signal()?;
    // Fails only if another thread has set one in the meantime.
    let _ = TIMER.set(timer);
    Ok(())
}

/// Lets this thread, and those that it starts, receive the timer's signal. A process inherits which
/// signals are blocked.
pub(super) fn unblock_signal() {
    #[expect(unsafe_code, reason = "a C type")]
    // SAFETY: zeros are a valid `sigset_t`.
    let mut signals: libc::sigset_t = unsafe { std::mem::zeroed() };
    #[expect(unsafe_code, reason = "a C function")]
    // SAFETY: `signals` is valid for writes.
    unsafe {
        libc::sigemptyset(&raw mut signals);
    }
    #[expect(unsafe_code, reason = "a C function")]
    // SAFETY: `signals` is initialised.
    unsafe {
        libc::sigaddset(&raw mut signals, libc::SIGALRM);
    }
    #[expect(unsafe_code, reason = "a C function")]
    // SAFETY: `signals` is initialised, and the previous set is not wanted.
    unsafe {
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const signals, std::ptr::null_mut());
    }
}

/// Runs a guest, preempting it while it computes. Without a timer, as in unit tests, does not preempt it.
pub(crate) async fn preemptible<T>(guest: impl Future<Output = T>) -> T {
    let Some(timer) = TIMER.get() else {
        return guest.await;
    };
    let mut guest = pin!(guest);
    // Also if the guest is dropped before its end.
    let _ending = Ending(timer);
    poll_fn(|cx| {
        let _running = timer.enter();
        guest.as_mut().poll(cx)
    })
    .await
}

/// This thread is about to wait. Disarms the timer if the wait may be long, because a signal would wake
/// the thread for nothing.
pub(super) fn thread_waits() {
    if let Some(timer) = TIMER.get() {
        timer.wait();
    }
}

/// Marks the end of a guest when dropped.
struct Ending(&'static EpochTimer);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Marks that a thread runs a guest, until dropped.
struct Running(&'static EpochTimer);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl EpochTimer {
    fn enter(&'static self) -> Running {
        self.running.fetch_add(1, Ordering::SeqCst);
        self.has_run.store(true, Ordering::SeqCst);
        self.arm();
        Running(self)
    }

    /// A guest has ended. After a long one, disarms the timer so that the next guest arms it with [`FIRST`].
    fn end(&self) {
        let was_long = self.has_preempted.swap(false, Ordering::SeqCst);
        self.expects_long.store(was_long, Ordering::SeqCst);
        if was_long && self.running.load(Ordering::SeqCst) == 0 {
            self.disarm();
        }
    }

    /// Arming and disarming take some microseconds, more than a signal that comes while the thread does not
    /// wait. So the timer stays armed between guests that follow each other closely.
    fn wait(&self) {
        if self.expects_wait.load(Ordering::SeqCst)
            && self.is_armed.load(Ordering::SeqCst)
            && self.running.load(Ordering::SeqCst) == 0
        {
            self.disarmed.store(self.now(), Ordering::SeqCst);
            self.disarm();
        }
    }

    /// Nanoseconds since the timer was created.
    fn now(&self) -> u64 {
        u64::try_from(self.created.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn waited_briefly(&self) -> bool {
        let waited = self
            .now()
            .saturating_sub(self.disarmed.load(Ordering::SeqCst));
        Duration::from_nanos(waited) < PERIOD
    }

    fn arm(&self) {
        if !self.is_armed.swap(true, Ordering::SeqCst) {
            if self.expects_wait.load(Ordering::SeqCst) && self.waited_briefly() {
                self.expects_wait.store(false, Ordering::SeqCst);
            }
            let is_long = self.expects_long.swap(false, Ordering::SeqCst);
            self.set(if is_long { FIRST } else { PERIOD }, PERIOD);
        }
    }

    fn disarm(&self) {
        self.set(Duration::ZERO, Duration::ZERO);
        self.is_armed.store(false, Ordering::SeqCst);
        // A guest that began in between found the timer still armed.
        if self.running.load(Ordering::SeqCst) > 0 {
            self.arm();
        }
    }

    /// The timer has expired. Runs in the signal handler, which may neither allocate nor lock.
    fn expire(&self) {
        if self.running.load(Ordering::SeqCst) > 0 {
            self.has_preempted.store(true, Ordering::SeqCst);
            self.engine.increment_epoch();
        } else if !self.has_run.swap(false, Ordering::SeqCst) {
            self.expects_wait.store(true, Ordering::SeqCst);
            self.disarm();
        }
    }

    /// Sets the timer to expire after `first`, then every `period`. Two zeros disarm it.
    fn set(&self, first: Duration, period: Duration) {
        let time = |duration: Duration| libc::timespec {
            tv_sec: 0,
            tv_nsec: duration.subsec_nanos().into(),
        };
        let setting = libc::itimerspec {
            it_interval: time(period),
            it_value: time(first),
        };
        #[expect(unsafe_code, reason = "a C function")]
        // SAFETY: the timer exists, and the setting is initialised. Signal handlers may call it.
        let failed =
            unsafe { libc::timer_settime(self.id, 0, &raw const setting, std::ptr::null_mut()) };
        debug_assert_eq!(failed, 0);
    }
}

/// The signal goes to the process, not to a thread: guests move between threads, and any thread may increment the
/// epoch. Linux before 6.4 wakes the main thread for it, if that does not block the signal.
fn create_timer() -> io::Result<libc::timer_t> {
    let mut id = MaybeUninit::uninit();
    #[expect(unsafe_code, reason = "a C type")]
    // SAFETY: zeros are a valid `sigevent`.
    let mut event: libc::sigevent = unsafe { std::mem::zeroed() };
    event.sigev_notify = libc::SIGEV_SIGNAL;
    event.sigev_signo = libc::SIGALRM;
    #[expect(unsafe_code, reason = "a C function")]
    // SAFETY: `event` is initialised, and `id` is valid for writes.
    let failed =
        unsafe { libc::timer_create(libc::CLOCK_MONOTONIC, &raw mut event, id.as_mut_ptr()) };
    if failed != 0 {
        return Err(io::Error::last_os_error());
    }
    #[expect(unsafe_code, reason = "written by C")]
    // SAFETY: the call above has succeeded and written it.
    let id = unsafe { id.assume_init() };
    Ok(id)
}

fn handle_signal() -> io::Result<()> {
    #[expect(unsafe_code, reason = "a C type")]
    // SAFETY: zeros are a valid `sigaction`, with an empty mask.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = on_signal as extern "C" fn(libc::c_int) as usize;
    // On the thread's alternate stack: a guest may have used up its own.
    action.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
    #[expect(unsafe_code, reason = "a C function")]
    // SAFETY: `on_signal` calls only what a signal handler may call.
    let failed = unsafe { libc::sigaction(libc::SIGALRM, &raw const action, std::ptr::null_mut()) };
    if failed != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

extern "C" fn on_signal(_signal: libc::c_int) {
    if let Some(timer) = TIMER.get() {
        timer.expire();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[tokio::test]
    async fn the_timer_expires_while_a_guest_runs_and_is_disarmed_when_none_does() {
        start(&Engine::default()).unwrap();
        let timer = TIMER.get().unwrap();
        let begin = Instant::now();
        let in_time = || assert!(begin.elapsed() < Duration::from_secs(10));
        preemptible(async {
            while !timer.has_preempted.load(Ordering::SeqCst) {
                in_time();
            }
        })
        .await;
        assert!(timer.expects_long.load(Ordering::SeqCst));
        // The timer may expire even in the shortest guest.
        while timer.expects_long.load(Ordering::SeqCst) {
            in_time();
            preemptible(async {}).await;
        }
        assert_eq!(timer.running.load(Ordering::SeqCst), 0);
        while timer.is_armed.load(Ordering::SeqCst) {
            in_time();
            tokio::time::sleep(PERIOD).await;
        }
    }
}
