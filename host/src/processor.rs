//! Which processor the threads run on. The measurements are in `docs/design/cpu-affinity.md`.

use rustix::thread::{CpuSet, sched_setaffinity};

use crate::config::Config;

/// A function with this much memory, in MiB, has one processor's time (Lambda Developer Guide, "Configure
/// Lambda function memory"); one with less has a part of it, however many processors it sees.
const ONE_PROCESSOR_MIB: u32 = 1769;

/// Keeps this thread, and those that it starts from now on, on the processor that it is on, if the
/// function has no more than the time of one and serves one invocation at a time.
///
/// While a guest streams, its thread and the one at the sockets wake each other all the time, and to wake
/// another processor takes longer than to switch to a thread on this one, above all in a virtual machine.
/// Two at once would not get more done: they spend the same time.
pub(crate) fn stay(config: &Config) {
    let memory_mib = config.environment.memory_limit_mib;
    let has_part_of_one = (1..ONE_PROCESSOR_MIB).contains(&memory_mib);
    if config.max_concurrency != 1 || !has_part_of_one {
        return;
    }
    let Some(number) = current().filter(|number| *number < CpuSet::MAX_CPU) else {
        return;
    };
    let mut here = CpuSet::new();
    here.set(number);
    // Where that is not allowed, the threads go where the kernel wants them.
    let _ = sched_setaffinity(None, &here);
}

/// The number of the processor that this thread is on, if the system tells.
fn current() -> Option<usize> {
    // Not rustix's, which does not survive a kernel that hides its vDSO, nor Valgrind, which does that.
    #[expect(unsafe_code, reason = "a C function")]
    // SAFETY: it has no arguments and changes nothing.
    let number = unsafe { libc::sched_getcpu() };
    usize::try_from(number).ok()
}
