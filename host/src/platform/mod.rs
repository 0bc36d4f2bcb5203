//! What the host asks of the operating system itself, and what it does better than the C library.

#[cfg(any(target_env = "musl", test))]
mod allocator;
pub(crate) mod epoch_timer;
#[cfg(all(target_arch = "x86_64", any(target_env = "musl", test)))]
mod memcpy;

/// Lets this thread keep the blocks that it frees, to be allocated again.
pub fn keep_blocks() {
    #[cfg(target_env = "musl")]
    allocator::keep_blocks();
}

/// For every program with this library in it.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: allocator::Allocator = allocator::Allocator;
