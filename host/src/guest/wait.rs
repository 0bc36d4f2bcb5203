//! Waiting in a host function.
//!
//! A host function may block the thread of its guest, because another takes over what else that thread
//! had to do. That spares the calls that do not have to wait, which are nearly all, what an asynchronous
//! host function costs: a future on the heap, and the engine's preparations to leave the guest's stack.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use crate::team::before_blocking;

/// Runs `future` to its end on this thread.
pub(super) fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    if let Poll::Ready(done) = future.as_mut().poll(&mut cx) {
        return done;
    }
    before_blocking();
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut cx) {
            return done;
        }
        thread::park();
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[test]
    fn a_future_that_is_ready_does_not_wait() {
        assert_eq!(wait(std::future::ready(7)), 7);
    }

    #[test]
    fn a_future_is_awaited_until_another_thread_wakes_it() {
        let (ask, asked) = oneshot::channel();
        let (answer, answered) = oneshot::channel();
        let other = thread::spawn(move || {
            let question: u32 = wait(asked).unwrap();
            answer.send(question + 1).unwrap();
        });
        ask.send(1).unwrap();
        assert_eq!(wait(answered), Ok(2));
        other.join().unwrap();
    }
}
