//! Direct use of the operating system, and replacements for functions of the C library.

#[cfg(any(target_env = "musl", test))]
mod allocator;
pub(crate) mod epoch_timer;
#[cfg(all(target_arch = "x86_64", any(target_env = "musl", test)))]
mod memcpy;
pub(crate) mod threads;

pub(crate) use threads::can_start_threads;

/// Makes this process independent of what it inherits. Call before the first thread is started.
pub(crate) fn prepare_process() {
    epoch_timer::unblock_signal();
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
