//! `memcpy` and `memmove` for programs that are linked with musl.
//!
//! musl copies everything, however short, with `rep movs`, whose startup takes about 25 ns. Because Rust
//! moves values with `memcpy`, that was a tenth of the CPU time of a tiny invocation. This version uses
//! `rep movs` only where it is faster.
//!
//! `docs/design/musl.md` has the measurements, and the condition for removing this.
//!
//! The definitions replace musl's because the linker sees them first.
//!
//! aarch64 needs no replacement: there musl's `memcpy` and `memset` are written in assembly. The 163 calls
//! of `memcpy` in a tiny invocation are a ninth of the host's instructions. `memmove` is a plain loop, but
//! an invocation calls it only twice, for 22 instructions.

#![expect(
    unsafe_code,
    clippy::multiple_unsafe_ops_per_block,
    reason = "C functions that the compiler calls, with the contract that C gives them"
)]

use core::arch::asm;
use core::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_storeu_si128};
use core::ptr::{read_unaligned, write_unaligned};

/// From this size on, `rep movs` beats the loop.
const REP_BYTES: usize = 1024;

/// C's `memcpy`.
///
/// # Safety
///
/// `from` must be valid for reads and `to` for writes of `bytes` bytes; the ranges must not overlap.
#[cfg_attr(target_env = "musl", unsafe(no_mangle))]
pub(crate) unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, bytes: usize) -> *mut u8 {
    // SAFETY: the caller upholds the contract.
    unsafe {
        if bytes <= 64 {
            copy_short(to, from, bytes);
        } else {
            copy_forward(to, from, bytes);
        }
    }
    to
}

/// C's `memmove`.
///
/// # Safety
///
/// `from` must be valid for reads and `to` for writes of `bytes` bytes.
#[cfg_attr(target_env = "musl", unsafe(no_mangle))]
pub(crate) unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, bytes: usize) -> *mut u8 {
    // SAFETY: the caller upholds the contract. The direction never overwrites bytes still to be read.
    unsafe {
        if bytes <= 64 {
            copy_short(to, from, bytes);
        } else if to.addr().wrapping_sub(from.addr()) >= bytes {
            copy_forward(to, from, bytes);
        } else {
            copy_backward(to, from, bytes);
        }
    }
    to
}

/// Copies up to 64 bytes. Reads all of them before it writes any.
#[inline(always)]
unsafe fn copy_short(to: *mut u8, from: *const u8, bytes: usize) {
    /// Copies the first and the last `T`, which together cover the range.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a few instructions")]
    unsafe fn two<T>(to: *mut u8, from: *const u8, bytes: usize) {
        let last = bytes - size_of::<T>();
        // SAFETY: the caller upholds the contract, and there are at least `size_of::<T>()` bytes.
        unsafe {
            let first_part = read_unaligned(from.cast::<T>());
            let last_part = read_unaligned(from.add(last).cast::<T>());
            write_unaligned(to.cast::<T>(), first_part);
            write_unaligned(to.add(last).cast::<T>(), last_part);
        }
    }
    // SAFETY: every read and write is within `bytes`.
    unsafe {
        match bytes {
            // Not `two`, for which the compiler would spill to the stack.
            33.. => {
                let start = Half::read(from);
                let end = Half::read(from.add(bytes - 32));
                start.write(to);
                end.write(to.add(bytes - 32));
            }
            16.. => two::<__m128i>(to, from, bytes),
            8.. => two::<u64>(to, from, bytes),
            4.. => two::<u32>(to, from, bytes),
            2.. => two::<u16>(to, from, bytes),
            1 => *to = *from,
            0 => {}
        }
    }
}

/// Copies more than 64 bytes in ascending order.
unsafe fn copy_forward(to: *mut u8, from: *const u8, bytes: usize) {
    // SAFETY: the last 64 bytes are read before anything is written to them, and the rest is a whole
    // number of blocks that begins at the start and ends in them.
    unsafe {
        let end = Block::read(from.add(bytes - 64));
        if bytes >= REP_BYTES {
            asm!(
                "rep movsq",
                inout("rcx") bytes / 8 => _,
                inout("rsi") from => _,
                inout("rdi") to => _,
                options(nostack, preserves_flags)
            );
        } else {
            let mut done = 0;
            while done < bytes - 64 {
                let block = Block::read(from.add(done));
                block.write(to.add(done));
                done += 64;
                // Keeps the compiler from replacing this loop with a call of `memcpy`.
                asm!("", options(nostack, preserves_flags));
            }
        }
        end.write(to.add(bytes - 64));
    }
}

/// Copies more than 64 bytes in descending order.
unsafe fn copy_backward(to: *mut u8, from: *const u8, bytes: usize) {
    // SAFETY: as for `copy_forward`, from the other end.
    unsafe {
        let start = Block::read(from);
        let mut left = bytes;
        while left > 64 {
            left -= 64;
            let block = Block::read(from.add(left));
            block.write(to.add(left));
            asm!("", options(nostack, preserves_flags));
        }
        start.write(to);
    }
}

/// 32 bytes, in registers.
#[derive(Clone, Copy)]
struct Half(__m128i, __m128i);

impl Half {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "two instructions")]
    unsafe fn read(from: *const u8) -> Self {
        // SAFETY: the caller upholds the contract.
        unsafe {
            let from = from.cast::<__m128i>();
            Self(_mm_loadu_si128(from), _mm_loadu_si128(from.add(1)))
        }
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "two instructions")]
    unsafe fn write(self, to: *mut u8) {
        let to = to.cast::<__m128i>();
        // SAFETY: the caller upholds the contract.
        unsafe {
            _mm_storeu_si128(to, self.0);
            _mm_storeu_si128(to.add(1), self.1);
        }
    }
}

/// 64 bytes, in registers.
#[derive(Clone, Copy)]
struct Block(Half, Half);

impl Block {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "four instructions")]
    unsafe fn read(from: *const u8) -> Self {
        // SAFETY: the caller upholds the contract.
        unsafe { Self(Half::read(from), Half::read(from.add(32))) }
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "four instructions")]
    unsafe fn write(self, to: *mut u8) {
        // SAFETY: the caller upholds the contract.
        unsafe {
            self.0.write(to);
            self.1.write(to.add(32));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every short length, and some on both sides of each threshold.
    fn lengths() -> impl Iterator<Item = usize> {
        (0..=200).chain([255, 256, 257, 1000, 1023, 1024, 1025, 1031, 4099])
    }

    fn numbered(bytes: usize) -> Vec<u8> {
        (0..=250).cycle().take(bytes).collect()
    }

    #[test]
    fn memcpy_copies_every_byte_and_no_other() {
        for bytes in lengths() {
            for (from_at, to_at) in [(0, 0), (1, 0), (0, 1), (3, 14), (15, 8)] {
                let from = numbered(from_at + bytes);
                let mut to = vec![0xff; to_at + bytes + 1];
                // SAFETY: both buffers have this many bytes.
                let at = unsafe {
                    let to = to.as_mut_ptr().add(to_at);
                    memcpy(to, from.as_ptr().add(from_at), bytes) == to
                };
                assert!(at);
                let (before, copied) = to.split_at(to_at);
                let (copied, behind) = copied.split_at(bytes);
                assert!(before.iter().all(|byte| *byte == 0xff), "{bytes}");
                assert_eq!(copied, from.get(from_at..).unwrap(), "{bytes}");
                assert_eq!(behind, [0xff], "{bytes}");
            }
        }
    }

    #[test]
    fn memmove_reads_what_it_writes_over() {
        for bytes in lengths() {
            for distance in [0, 1, 7, 8, 15, 16, 31, 33, 63, 64, 65, 100, 1024] {
                for (from, to) in [(0, distance), (distance, 0)] {
                    let mut buffer = numbered(bytes + distance + 1);
                    let mut expected = buffer.clone();
                    expected.copy_within(from..from + bytes, to);
                    let start = buffer.as_mut_ptr();
                    // SAFETY: both ranges are in the buffer.
                    unsafe { memmove(start.add(to), start.add(from), bytes) };
                    assert_eq!(buffer, expected, "{bytes} from {from} to {to}");
                }
            }
        }
    }
}
