//! `TCP_NODELAY` for a library that switches it off.
//!
//! The program's own `setsockopt` takes precedence over the C library's, for the standard library and every
//! crate linked in.

use std::sync::atomic::{AtomicBool, Ordering};

static ENABLED: AtomicBool = AtomicBool::new(false);

/// From now on every `setsockopt` of `TCP_NODELAY` enables it, whatever the value.
pub(crate) fn enable() {
    ENABLED.store(true, Ordering::Relaxed);
}

/// # Safety
///
/// As for the C library's `setsockopt`: `value` points to `length` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn setsockopt(
    socket: libc::c_int,
    level: libc::c_int,
    name: libc::c_int,
    value: *const libc::c_void,
    length: libc::socklen_t,
) -> libc::c_int {
    static ON: libc::c_int = 1;
    let is_nodelay = level == libc::IPPROTO_TCP && name == libc::TCP_NODELAY;
    let value = if is_nodelay && ENABLED.load(Ordering::Relaxed) {
        (&raw const ON).cast()
    } else {
        value
    };
    // SAFETY: the system call the C library makes, with the same arguments or with an `int` of its
    // own in place of the caller's.
    let result = unsafe { libc::syscall(libc::SYS_setsockopt, socket, level, name, value, length) };
    libc::c_int::try_from(result).expect("0 or -1")
}
