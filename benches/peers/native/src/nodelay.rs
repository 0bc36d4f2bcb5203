//! `TCP_NODELAY` for a library that does not ask for it.
//!
//! The program's own `socket` stands before that of the C library, for the standard library and
//! every crate linked in.

use std::sync::atomic::{AtomicBool, Ordering};

static ENABLED: AtomicBool = AtomicBool::new(false);

/// Sets `TCP_NODELAY` on every TCP socket from now on.
pub(crate) fn enable() {
    ENABLED.store(true, Ordering::Relaxed);
}

/// # Safety
///
/// As for the C library's `socket`: none of its arguments is a pointer.
#[unsafe(no_mangle)]
unsafe extern "C" fn socket(
    domain: libc::c_int,
    kind: libc::c_int,
    protocol: libc::c_int,
) -> libc::c_int {
    // SAFETY: the system call the C library makes, with the same arguments.
    let socket = unsafe { libc::syscall(libc::SYS_socket, domain, kind, protocol) };
    let socket = libc::c_int::try_from(socket).expect("a file descriptor");
    if socket >= 0 && ENABLED.load(Ordering::Relaxed) && domain != libc::AF_UNIX {
        let on: libc::c_int = 1;
        let size = libc::socklen_t::try_from(size_of_val(&on)).expect("four bytes");
        // SAFETY: `on` outlives the call and has the size it says. It fails for sockets that are
        // not TCP, which is of no consequence.
        unsafe {
            libc::setsockopt(
                socket,
                libc::IPPROTO_TCP,
                libc::TCP_NODELAY,
                (&raw const on).cast(),
                size,
            );
        }
    }
    socket
}
