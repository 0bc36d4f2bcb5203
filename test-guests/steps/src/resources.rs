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

/// Keeps computing for a time, without a call that the host could suspend for long.
pub(crate) fn spin_ms(time: u64) {
    let end = Instant::now() + Duration::from_millis(time);
    while Instant::now() < end {
        black_box((0..1000_u32).fold(0, |sum, i| black_box(sum ^ i)));
    }
}

/// Computes for ever, without a single call of the host.
pub(crate) fn loop_forever() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// Writes for ever, whatever the host says.
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

/// Does something with the result of the inner call that no compiler can turn into a loop.
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

/// Ends the whole guest, as a command would.
#[expect(
    clippy::exit,
    reason = "what a guest should not do is what this is for"
)]
pub(crate) fn exit(code: i32) -> ! {
    std::process::exit(code)
}

/// Stops in the way only WebAssembly can.
pub(crate) fn trap() -> ! {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    unreachable!("only WebAssembly traps");
}
