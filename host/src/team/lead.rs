//! Who leads.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use super::bell::Bell;

/// How long a guest may be polled before a follower takes the lead: so long may what it has written wait
/// for the socket. The less, the more often a follower wakes to find that it is not needed: at most once
/// in this time, if guests come one after the other, else once for each.
const PATIENCE: Duration = Duration::from_millis(1);

/// A guest that is polled for longer than this is better polled beside the others that can go on than
/// before them. To wake a thread takes about as long.
const WORTH_A_THREAD: Duration = Duration::from_micros(50);

/// The lead of a team: one thread has it, or, for a moment, nobody.
#[derive(Debug)]
pub(super) struct Lead {
    state: Mutex<State>,
    bell: Bell,
    /// [`PATIENCE`], but for tests.
    patience: Duration,
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
        Self::with(PATIENCE)
    }

    fn with(patience: Duration) -> io::Result<Self> {
        Ok(Self {
            patience,
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
            self.patience
        };
        if state.expected >= long {
            self.pass_on(state);
            if !others_wait {
                // On one processor the follower might wait until this thread has had its slice, and
                // with it what the guest is about to write.
                thread::yield_now();
            }
            return since;
        }
        let thread = thread::current().id();
        state.leader = Leader::AtGuest { thread, since };
        if !state.bell_is_set {
            state.bell_is_set = true;
            self.bell.ring_after(self.patience);
        }
        since
    }

    /// The guest waits or has ended. Says whether this thread leads.
    pub(super) fn come_back(&self, since: Instant) -> bool {
        let mut state = self.state();
        state.learn(since.elapsed(), self.patience);
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
            match state.wanted_in(self.patience) {
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
    fn wanted_in(&self, patience: Duration) -> Option<Duration> {
        match self.leader {
            Leader::AtIo => None,
            Leader::AtGuest { since, .. } => Some(patience.saturating_sub(since.elapsed())),
            Leader::Nobody => Some(Duration::ZERO),
        }
    }

    /// Learns from a poll. A guest is polled several times for an invocation, and only one of them is long;
    /// two polls after the last long one, no more is expected.
    fn learn(&mut self, poll: Duration, patience: Duration) {
        self.expected = poll.max(self.expected / 2).min(patience * 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However busy the machine is.
    const FOR_EVER: Duration = Duration::from_secs(3600);

    /// What a leader does with a guest, while there is a follower. Says whether it still leads then.
    fn poll(lead: &Lead, guest: impl FnOnce()) -> bool {
        thread::scope(|scope| {
            let follower = scope.spawn(|| lead.follow());
            let since = lead.leave(false);
            guest();
            let leads = lead.come_back(since);
            if leads {
                assert!(!follower.is_finished());
                // Lets the follower go.
                lead.pass_on(lead.state());
            }
            follower.join().unwrap();
            assert_eq!(lead.state().leader, Leader::AtIo);
            leads
        })
    }

    /// Until somebody else has the lead.
    fn until_taken(lead: &Lead) {
        while lead.state().leader != Leader::AtIo {
            thread::yield_now();
        }
    }

    #[test]
    fn a_quick_guest_leaves_the_lead_where_it_is() {
        let lead = Lead::with(FOR_EVER).unwrap();
        assert!(poll(&lead, || {}));
    }

    #[test]
    fn a_guest_that_takes_longer_loses_it() {
        let lead = Lead::new().unwrap();
        let started = Instant::now();
        assert!(!poll(&lead, || until_taken(&lead)));
        assert!(started.elapsed() >= PATIENCE);
    }

    #[test]
    fn a_guest_that_blocks_gives_it_up() {
        let lead = Lead::with(FOR_EVER).unwrap();
        assert!(!poll(&lead, || {
            lead.give_up();
            until_taken(&lead);
        }));
    }

    #[test]
    fn who_does_not_lead_has_nothing_to_give_up() {
        let lead = Lead::new().unwrap();
        let since = lead.leave(false);
        thread::scope(|scope| {
            scope.spawn(|| lead.give_up());
        });
        assert!(lead.come_back(since));
        lead.give_up();
        assert_eq!(lead.state().leader, Leader::AtIo);
    }

    #[test]
    fn after_a_long_guest_the_next_is_not_waited_for_and_after_quick_ones_it_is() {
        let lead = Lead::with(FOR_EVER).unwrap();
        lead.state().learn(FOR_EVER * 100, FOR_EVER);
        let mut passed_on = 0;
        for _ in 0..10 {
            let since = lead.leave(false);
            passed_on += usize::from(lead.state().leader == Leader::Nobody);
            // Nobody was there to take it.
            assert!(lead.come_back(since));
        }
        assert_eq!(passed_on, 2);
    }

    #[test]
    fn a_guest_that_is_worth_a_thread_gets_one_if_others_wait() {
        for (others_wait, leader_leaves) in [(true, true), (false, false)] {
            let lead = Lead::with(FOR_EVER).unwrap();
            lead.state().learn(WORTH_A_THREAD, FOR_EVER);
            lead.leave(others_wait);
            assert_eq!(lead.state().leader == Leader::Nobody, leader_leaves);
        }
    }

    #[test]
    fn one_follower_after_the_other_takes_over() {
        let lead = Lead::new().unwrap();
        let turns = Mutex::new(0);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    lead.follow();
                    *turns.lock().unwrap() += 1;
                    lead.leave(false);
                    lead.give_up();
                });
            }
            lead.leave(false);
            lead.give_up();
        });
        assert_eq!(*turns.lock().unwrap(), 3);
        assert_eq!(lead.state().leader, Leader::Nobody);
    }
}
