//! Direct use of the operating system, and replacements for functions of the C library.

#[cfg(any(target_env = "musl", test))]
mod allocator;
pub(crate) mod epoch_timer;
#[cfg(all(target_arch = "x86_64", any(target_env = "musl", test)))]
mod memcpy;
pub(crate) mod threads;
mod yielding;

pub(crate) use yielding::yield_to_driver;

/// The variable that decides whether errors of libraries capture a backtrace. `RUST_BACKTRACE` decides without it,
/// and for panics: <https://doc.rust-lang.org/std/backtrace/index.html>.
const BACKTRACES_OF_ERRORS: &str = "RUST_LIB_BACKTRACE";

/// Makes this process independent of what it inherits. Call before the first thread is started.
pub(crate) fn prepare_process() {
    epoch_timer::unblock_signal();
    capture_no_backtraces_of_errors();
}

/// Nobody sees them, and with `RUST_BACKTRACE=1` Wasmtime would capture one for each instance of WASI 0.3: four fifths
/// of an invocation's CPU time.
#[expect(
    unsafe_code,
    clippy::disallowed_methods,
    reason = "a variable of the process, before its first thread"
)]
fn capture_no_backtraces_of_errors() {
    if std::env::var_os(BACKTRACES_OF_ERRORS).is_none() {
        // SAFETY: no other thread has started, so none reads the variables.
        unsafe { std::env::set_var(BACKTRACES_OF_ERRORS, "0") };
    }
}

/// Stops the timer that preempts guests if this thread may wait for long. Call before a thread of the runtime
/// waits.
pub(crate) fn before_wait() {
    epoch_timer::thread_waits();
}

/// Lets this thread cache the blocks that it frees.
pub(crate) fn keep_blocks() {
    #[cfg(target_env = "musl")]
    allocator::keep_blocks();
}

/// The allocator of every program that links this library.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: allocator::Allocator = allocator::Allocator;
