//! Moves a guest that computes to an idle thread.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::{EXECUTOR, Executor, Number, Thread};

thread_local! {
    /// Whether a guest was preempted in the poll that this thread is in.
    static WAS_PREEMPTED: Cell<bool> = const { Cell::new(false) };
}

type Guest<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The guest that this thread polls yields because it computes.
pub(crate) fn note_preemption() {
    WAS_PREEMPTED.set(true);
}

/// A guest that runs, at first on the thread that awaits it. Once it is preempted, it goes on on a thread that has
/// nothing to do, if there is one. Completes with `None` if that thread has dropped it.
pub(crate) struct GuestRun<T>(Place<T>);

enum Place<T> {
    Here(Guest<T>),
    /// On another thread, which sends how it ended.
    There(oneshot::Receiver<T>),
}

impl<T> GuestRun<T> {
    pub(crate) fn new(guest: impl Future<Output = T> + Send + 'static) -> Self {
        Self(Place::Here(Box::pin(guest)))
    }
}

impl<T: Send + 'static> Future for GuestRun<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        if let Place::Here(guest) = &mut self.0 {
            let Some(executor) = EXECUTOR.get() else {
                return guest.as_mut().poll(cx).map(Some);
            };
            let to = match ready!(executor.poll_here(guest, cx)) {
                Step::Ended(value) => return Poll::Ready(Some(value)),
                Step::Moves(to) => to,
            };
            let (sender, receiver) = oneshot::channel();
            if let Place::Here(guest) = std::mem::replace(&mut self.0, Place::There(receiver)) {
                executor.send(to, guest, Handle::current(), sender);
            }
        }
        match &mut self.0 {
            Place::There(ended) => Pin::new(ended).poll(cx).map(Result::ok),
            Place::Here(_) => Poll::Pending,
        }
    }
}

/// What a guest does next.
enum Step<T> {
    Ended(T),
    Moves(Number),
}

impl Executor {
    /// Polls a guest on the thread of its worker, until it ends or moves.
    fn poll_here<T>(&self, guest: &mut Guest<T>, cx: &mut Context<'_>) -> Poll<Step<T>> {
        self.poll_guest(guest, cx, || true)
    }

    /// Polls a guest that has moved to `thread`, with the sockets, timers and blocking threads of the runtime that it
    /// began in, its `home`. It leaves only if it is not alone there.
    fn poll_there<T>(
        &self,
        guest: &mut Guest<T>,
        cx: &mut Context<'_>,
        (thread, home): (&Thread, &Handle),
    ) -> Poll<Step<T>> {
        let _context = home.enter();
        self.poll_guest(guest, cx, || thread.guests.load(Ordering::Relaxed) > 1)
    }

    fn poll_guest<T>(
        &self,
        guest: &mut Guest<T>,
        cx: &mut Context<'_>,
        may_move: impl FnOnce() -> bool,
    ) -> Poll<Step<T>> {
        WAS_PREEMPTED.set(false);
        if let Poll::Ready(ended) = guest.as_mut().poll(cx) {
            return Poll::Ready(Step::Ended(ended));
        }
        let moves = WAS_PREEMPTED.take() && may_move();
        match moves.then(|| self.claim_idle()).flatten() {
            Some(to) => Poll::Ready(Step::Moves(to)),
            None => Poll::Pending,
        }
    }

    /// Sends a guest to another thread. It is dropped there if the receiver of its end is.
    fn send<T: Send + 'static>(
        &'static self,
        to: Number,
        mut guest: Guest<T>,
        home: Handle,
        mut ended: oneshot::Sender<T>,
    ) {
        let Some(thread) = self.thread(to) else {
            return;
        };
        let visit = Visit::of(thread);
        thread.runtime.spawn(async move {
            let step = tokio::select! {
                biased;
                step = poll_fn(|cx| self.poll_there(&mut guest, cx, (thread, &home))) => step,
                () = ended.closed() => return,
            };
            drop(visit);
            match step {
                Step::Ended(value) => drop(ended.send(value)),
                Step::Moves(to) => self.send(to, guest, home, ended),
            }
        });
    }
}

/// Counts a guest that has moved to a thread, until dropped.
struct Visit(&'static Thread);

impl Visit {
    fn of(thread: &'static Thread) -> Self {
        thread.guests.fetch_add(1, Ordering::Relaxed);
        Self(thread)
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.0.guests.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use tokio::task::yield_now;

    use super::*;
    use crate::executor::start;

    /// Yields as a guest that computes does, until its thread is another than `than`.
    async fn compute_until_moved(than: thread::ThreadId) {
        while thread::current().id() == than {
            note_preemption();
            yield_now().await;
        }
    }

    /// One test, because a process has one executor.
    #[test]
    fn a_guest_that_computes_moves_to_an_idle_thread_and_keeps_its_runtime() {
        let runtime = start(2).unwrap();
        runtime.block_on(async {
            let (here, home) = (thread::current().id(), Handle::current().id());

            let tiny = GuestRun::new(async { thread::current().id() });
            assert_eq!(tiny.await, Some(here));

            let waits = GuestRun::new(async {
                yield_now().await;
                thread::current().id()
            });
            assert_eq!(waits.await, Some(here));

            let computes = GuestRun::new(async move {
                compute_until_moved(here).await;
                // It is alone there.
                let there = thread::current().id();
                note_preemption();
                yield_now().await;
                (there == thread::current().id(), Handle::current().id())
            });
            assert_eq!(computes.await, Some((true, home)));

            let held = Arc::new(());
            let guest = Arc::clone(&held);
            let mut dropped = GuestRun::new(async move {
                compute_until_moved(here).await;
                std::future::pending::<()>().await;
                drop(guest);
            });
            while let Place::Here(_) = dropped.0 {
                tokio::select! {
                    biased;
                    _ = &mut dropped => {}
                    () = yield_now() => {}
                }
            }
            drop(dropped);
            while Arc::strong_count(&held) > 1 {
                yield_now().await;
            }
        });
    }
}
