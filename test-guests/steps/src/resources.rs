//! Steps that use up time, stack or memory.

use std::{
    hint::black_box,
    thread::sleep,
    time::{Duration, Instant},
};

use crate::stream;

const PAGE_BYTES: usize = 4096;

pub(crate) fn sleep_ms(pause: u64) {
    sleep(Duration::from_millis(pause));
}

/// Computes for a time, without a call in which the host could suspend the guest for long.
pub(crate) fn spin_ms(time: u64) {
    let end = Instant::now() + Duration::from_millis(time);
    while Instant::now() < end {
        black_box((0..1000_u32).fold(0, |sum, i| black_box(sum ^ i)));
    }
}

/// Computes forever, without calling the host.
pub(crate) fn loop_forever() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Writes forever, whether or not the host refuses.
pub(crate) fn loop_writing() -> ! {
    let chunk = [b'x'; 1024];
    loop {
        drop(stream::write(chunk));
    }
}

/// Uses up the stack.
pub(crate) fn recurse_forever() {
    black_box(recurse(0));
}

/// Uses the result of the inner call, so that no compiler can turn the recursion into a loop.
fn recurse(depth: u64) -> u64 {
    if depth == black_box(u64::MAX) {
        return 0;
    }
    recurse(depth.wrapping_add(1)).rotate_left(7) ^ depth
}

/// Allocates memory and touches every page of it.
pub(crate) fn grow_memory(bytes: usize) -> Vec<u8> {
    let mut memory = vec![0; bytes];
    memory
        .iter_mut()
        .step_by(PAGE_BYTES)
        .for_each(|byte| *byte = 1);
    black_box(memory)
}

/// Exits the whole guest, as a command would.
#[expect(
    clippy::exit,
    reason = "what a guest should not do is what this is for"
)]
pub(crate) fn exit(code: i32) -> ! {
    std::process::exit(code)
}

/// Executes WebAssembly's `unreachable`.
pub(crate) fn trap() -> ! {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    unreachable!("only WebAssembly traps");
}
