//! Threads that take turns at the I/O.
//!
//! A computing guest must not starve its own output: no scheduler sends what the guest wrote before
//! the guest yields, if both are its tasks. To give each guest a thread of its own would cost two wakes of
//! a sleeping thread for each invocation, which take longer than most invocations compute.
//!
//! So the threads are leader and followers (Schmidt et al., "Leader/Followers", PLoP 2000). The leader
//! drives the runtime, which has all sockets and timers. When a guest can go on, the leader leaves the
//! runtime, polls the guest, and comes back: one thread does it all, and nobody has to be woken. If the
//! guest takes longer, or blocks its thread, a follower becomes the leader, and drives the runtime while
//! the guest computes.
//!
//! `docs/design/executor.md` has the measurements and the alternatives.

mod bell;
mod lead;

use std::cell::OnceCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::{fmt, io, process, thread};

use async_task::Runnable;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use lead::Lead;

/// Threads, the runtime that one of them drives, and the guests they poll.
pub struct Team {
    runtime: Runtime,
    work: Mutex<Work>,
    lead: Lead,
    end: fn(anyhow::Result<()>) -> !,
}

#[derive(Default)]
struct Work {
    /// Guests that can go on.
    guests: VecDeque<Runnable>,
    /// Ends with the process.
    service: Option<JoinHandle<anyhow::Result<()>>>,
    /// Wakes the leader, while it is in the runtime.
    leader: Option<Waker>,
}

/// What the leader leaves the runtime for.
enum Turn {
    /// This guest can go on, and perhaps others.
    Guest {
        guest: Runnable,
        others_wait: bool,
    },
    End(anyhow::Result<()>),
}

thread_local! {
    /// The team of this thread.
    static TEAM: OnceCell<Arc<Team>> = const { OnceCell::new() };
}

/// To be called before this thread is blocked by what a guest waits for: somebody else has to see to it.
/// Nothing depends on the call but how soon somebody does.
pub(crate) fn before_blocking() {
    TEAM.with(|team| {
        if let Some(team) = team.get() {
            team.lead.give_up();
        }
    });
}

impl Team {
    /// A team of nobody yet. `runtime` has to be a current-thread runtime. `end` is called by the thread
    /// that finds that the service has ended, whichever that is, while others may be busy with a guest.
    ///
    /// # Errors
    ///
    /// When the process may have no more files.
    pub fn new(runtime: Runtime, end: fn(anyhow::Result<()>) -> !) -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            runtime,
            work: Mutex::default(),
            lead: Lead::new()?,
            end,
        }))
    }

    /// Runs `service` to its end. This thread is the first leader.
    pub fn run(
        self: &Arc<Self>,
        service: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) -> ! {
        self.work().service = Some(self.runtime.spawn(service));
        self.take_turns(true)
    }

    /// Adds a guest, and a follower for it.
    pub(crate) fn spawn(
        self: &Arc<Self>,
        guest: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let team = Arc::clone(self);
        thread::Builder::new()
            .name("follower".to_owned())
            .spawn(move || team.take_turns(false))?;
        let team = Arc::clone(self);
        let guest = async move {
            // The scheduler may let a new thread wait until this one has had its slice, 4 ms, and so would
            // what the guest writes. One that has run and listens to the bell comes in between.
            thread::yield_now();
            guest.await;
        };
        let (guest, task) = async_task::spawn(guest, move |guest| team.schedule(guest));
        task.detach();
        guest.schedule();
        Ok(())
    }

    fn schedule(&self, guest: Runnable) {
        let mut work = self.work();
        work.guests.push_back(guest);
        let leader = work.leader.take();
        drop(work);
        if let Some(leader) = leader {
            leader.wake();
        }
    }

    fn take_turns(self: &Arc<Self>, mut leads: bool) -> ! {
        TEAM.with(|team| drop(team.set(Arc::clone(self))));
        #[cfg(target_env = "musl")]
        crate::allocator::keep_blocks();
        // Without this thread, perhaps nobody would lead.
        let _abort = AbortOnUnwind;
        // Guests use its timers, even to be refused its sockets.
        let _entered = self.runtime.enter();
        loop {
            if !leads {
                self.lead.follow();
            }
            match self.runtime.block_on(self.turn()) {
                Turn::Guest { guest, others_wait } => leads = self.poll(guest, others_wait),
                Turn::End(ended) => (self.end)(ended),
            }
        }
    }

    /// Waits in the runtime until there is something to leave it for.
    async fn turn(&self) -> Turn {
        // Once before the first guest of a turn, so that what the last one has written leaves.
        let mut has_yielded = false;
        poll_fn(|cx| {
            let mut work = self.work();
            if !work.guests.is_empty() && !has_yielded {
                has_yielded = true;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            has_yielded = true;
            work.poll(cx)
        })
        .await
    }

    /// Lets a guest go on until it waits. Says whether this thread still leads.
    fn poll(&self, guest: Runnable, others_wait: bool) -> bool {
        let since = self.lead.leave(others_wait);
        // Whoever waits for the guest hears that it is gone. The panic was logged by its hook.
        let _ = catch_unwind(AssertUnwindSafe(|| guest.run()));
        self.lead.come_back(since)
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        // Nothing panics while it holds the lock.
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the process rather than let a thread of the team end.
struct AbortOnUnwind;

impl Drop for AbortOnUnwind {
    fn drop(&mut self) {
        process::abort();
    }
}

impl Work {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        // First: there may always be a guest that can go on.
        if let Some(service) = &mut self.service
            && let Poll::Ready(ended) = Pin::new(service).poll(cx)
        {
            let ended = ended.unwrap_or_else(|panicked| Err(panicked.into()));
            return Poll::Ready(Turn::End(ended));
        }
        if let Some(guest) = self.guests.pop_front() {
            let others_wait = !self.guests.is_empty();
            return Poll::Ready(Turn::Guest { guest, others_wait });
        }
        self.leader = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl fmt::Debug for Team {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Team")
            .field("lead", &self.lead)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;
    use std::sync::mpsc::{self, Receiver, Sender};
    use std::time::Duration;

    use tokio::sync::oneshot;
    use tokio::task::yield_now;

    use super::*;

    type End = anyhow::Result<()>;

    /// What a team in a test does at its end: says so, and nothing more.
    macro_rules! team_with_end {
        () => {{
            static ENDED: OnceLock<Sender<End>> = OnceLock::new();
            let (ended, end) = mpsc::channel();
            ENDED.set(ended).unwrap();
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .unwrap();
            let team = Team::new(runtime, |result| {
                ENDED.get().unwrap().send(result).unwrap();
                loop {
                    thread::park();
                }
            });
            (team.unwrap(), end)
        }};
    }

    /// Runs a service in a team, and gives its end. The team's threads stay.
    fn run(
        (team, end): (Arc<Team>, Receiver<End>),
        service: impl Future<Output = End> + Send + 'static,
    ) -> End {
        thread::spawn(move || team.run(service));
        end.recv_timeout(Duration::from_secs(60)).unwrap()
    }

    #[test]
    fn a_guest_that_can_always_go_on_does_not_hide_the_end_of_the_service() {
        let (team, end) = team_with_end!();
        let service = {
            let team = Arc::clone(&team);
            async move {
                team.spawn(async {
                    loop {
                        yield_now().await;
                    }
                })?;
                tokio::time::sleep(Duration::from_millis(20)).await;
                Ok(())
            }
        };
        assert!(run((team, end), service).is_ok());
    }

    #[test]
    fn timers_go_off_while_guests_compute_and_block_and_end_and_panic() {
        let (team, end) = team_with_end!();
        let service = {
            let team = Arc::clone(&team);
            async move {
                let (release, blocked) = mpsc::channel::<()>();
                let (compute, computing) = mpsc::channel::<()>();
                let (finish, finished) = oneshot::channel();
                team.spawn(async move {
                    before_blocking();
                    let _ = blocked.recv();
                    let _ = finish.send(());
                })?;
                team.spawn(async move { while computing.try_recv().is_err() {} })?;
                team.spawn(async { panic!("a fault was injected") })?;
                for _ in 0..20 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                let (answer, answered) = oneshot::channel();
                team.spawn(async move { answer.send(7).expect("it is waited for") })?;
                anyhow::ensure!(answered.await? == 7);
                release.send(())?;
                finished.await?;
                compute.send(())?;
                anyhow::bail!("as it should");
            }
        };
        let end = run((team, end), service).unwrap_err();
        assert_eq!(end.to_string(), "as it should");
    }

    #[test]
    fn a_service_that_panics_ends_with_an_error() {
        let end = run(team_with_end!(), async { panic!("a fault was injected") });
        assert!(end.is_err());
    }
}
