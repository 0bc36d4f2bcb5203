//! What wakes a follower: somebody, or a moment in time.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

/// One that can be set to ring later: to set it wakes nobody, and costs no more than a system call.
#[derive(Debug)]
pub(super) struct Bell {
    rung: OwnedFd,
    timer: OwnedFd,
}

impl Bell {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            rung: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
            timer: timerfd_create(
                TimerfdClockId::Monotonic,
                TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK,
            )?,
        })
    }

    /// Rings now.
    pub(super) fn ring(&self) {
        // Fails only when it has rung so often that nobody can have missed it.
        let _ = rustix::io::write(&self.rung, &1_u64.to_ne_bytes());
    }

    /// Rings after `delay`, and not at the moment that was set before.
    pub(super) fn ring_after(&self, delay: Duration) {
        const NEVER: Timespec = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let moment = Itimerspec {
            it_interval: NEVER,
            // Zero would mean never.
            it_value: Timespec::try_from(delay.max(Duration::from_nanos(1))).unwrap_or(NEVER),
        };
        // Fails only for times that are none.
        let _ = timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &moment);
    }

    /// Waits until it rings, or a little less. Says whether it was set to.
    pub(super) fn wait(&self) -> bool {
        let sources = [&self.rung, &self.timer];
        // Fails when a signal comes in between. To be woken for nothing does no harm.
        let _ = poll(
            &mut sources.map(|source| PollFd::new(source, PollFlags::IN)),
            None,
        );
        // One that has not rung has nothing to read.
        let [_, timer] = sources.map(|source| rustix::io::read(source, &mut [0_u8; 8]).is_ok());
        timer
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn it_rings_when_it_is_rung_and_when_it_was_set_to() {
        let bell = Bell::new().unwrap();
        bell.ring();
        bell.ring();
        assert!(!bell.wait());
        let set = Instant::now();
        bell.ring_after(Duration::from_millis(20));
        assert!(bell.wait());
        assert!(set.elapsed() >= Duration::from_millis(20));
        bell.ring_after(Duration::ZERO);
        assert!(bell.wait());
    }

    #[test]
    fn it_rings_at_the_last_moment_that_was_set() {
        let bell = Bell::new().unwrap();
        let set = Instant::now();
        bell.ring_after(Duration::from_secs(1000));
        bell.ring_after(Duration::from_millis(20));
        assert!(bell.wait());
        assert!(set.elapsed() < Duration::from_secs(1000));
    }
}
