//! Who leads.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use super::bell::Bell;

/// How long a guest may be polled before a follower takes the lead: so long may what it has written wait
/// for the socket. The less, the more often a follower wakes to find that it is not needed, with guests
/// that come one after the other at most once in this time.
const PATIENCE: Duration = Duration::from_micros(1000);

/// A guest that is polled for longer than this is better polled beside the others that can go on than
/// before them. To wake a thread takes about as long.
const WORTH_A_THREAD: Duration = Duration::from_micros(50);

/// Most that is expected of a poll, so that two polls after the last long one no more is.
const EXPECTED_LIMIT: Duration = Duration::from_micros(2000);

/// The lead of a team: one thread has it, or, for a moment, nobody.
#[derive(Debug)]
pub(super) struct Lead {
    state: Mutex<State>,
    bell: Bell,
    /// Held by the follower that listens to the bell.
    listening: Mutex<()>,
}

#[derive(Debug)]
struct State {
    leader: Leader,
    /// The bell will ring by itself.
    bell_is_set: bool,
    /// How long a guest is going to be polled, to judge by those before.
    expected: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leader {
    /// In the runtime.
    AtIo,
    /// Polling a guest.
    AtGuest { thread: ThreadId, since: Instant },
    /// Whoever comes first.
    Nobody,
}

impl Lead {
    /// Somebody leads from the start.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            state: Mutex::new(State {
                leader: Leader::AtIo,
                bell_is_set: false,
                expected: Duration::ZERO,
            }),
            bell: Bell::new()?,
            listening: Mutex::default(),
        })
    }

    /// The leader leaves the runtime to poll a guest. Gives the moment for [`come_back`](Self::come_back).
    pub(super) fn leave(&self, others_wait: bool) -> Instant {
        let since = Instant::now();
        let mut state = self.state();
        let long = if others_wait {
            WORTH_A_THREAD
        } else {
            PATIENCE
        };
        if state.expected >= long {
            self.pass_on(state);
            return since;
        }
        let thread = thread::current().id();
        state.leader = Leader::AtGuest { thread, since };
        if !state.bell_is_set {
            state.bell_is_set = true;
            self.bell.ring_after(PATIENCE);
        }
        since
    }

    /// The guest waits or has ended. Says whether this thread leads.
    pub(super) fn come_back(&self, since: Instant) -> bool {
        let mut state = self.state();
        state.expect_more_of(since.elapsed());
        let leads = match state.leader {
            Leader::AtGuest { thread, .. } => thread == thread::current().id(),
            Leader::Nobody => true,
            Leader::AtIo => false,
        };
        if leads {
            state.leader = Leader::AtIo;
        }
        leads
    }

    /// This thread is about to be blocked. If it leads, another has to.
    pub(super) fn give_up(&self) {
        let state = self.state();
        if matches!(state.leader, Leader::AtGuest { thread, .. } if thread == thread::current().id())
        {
            self.pass_on(state);
        }
    }

    fn pass_on(&self, mut state: MutexGuard<'_, State>) {
        state.leader = Leader::Nobody;
        drop(state);
        self.bell.ring();
    }

    /// Waits until this thread leads.
    pub(super) fn follow(&self) {
        let _listening = self
            .listening
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut has_rung = false;
        loop {
            let mut state = self.state();
            state.bell_is_set &= !has_rung;
            match state.wanted_in() {
                Some(Duration::ZERO) => {
                    state.leader = Leader::AtIo;
                    return;
                }
                Some(later) if !state.bell_is_set => {
                    state.bell_is_set = true;
                    self.bell.ring_after(later);
                }
                Some(_) | None => {}
            }
            drop(state);
            has_rung = self.bell.wait();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// When a follower has to take the lead, to judge by what is known now.
    fn wanted_in(&self) -> Option<Duration> {
        match self.leader {
            Leader::AtIo => None,
            Leader::AtGuest { since, .. } => Some(PATIENCE.saturating_sub(since.elapsed())),
            Leader::Nobody => Some(Duration::ZERO),
        }
    }

    /// Learns from a poll. A guest is polled several times for an invocation, and only one of them is long.
    fn expect_more_of(&mut self, poll: Duration) {
        self.expected = poll.max(self.expected / 2).min(EXPECTED_LIMIT);
    }
}
