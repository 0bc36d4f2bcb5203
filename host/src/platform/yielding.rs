//! Lets the sockets and timers of a thread go first.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use tokio::task::yield_now;

/// Waits until the runtime has polled its I/O driver, however often the task is woken before. After tokio's own
/// `yield_now`, a task that something else wakes goes on at once: a guest that writes while it computes is woken for
/// what it has written.
pub(crate) async fn yield_to_driver() {
    let mut yielding = pin!(yield_now());
    let mut driver: Option<Arc<Driver>> = None;
    poll_fn(|cx| {
        match &driver {
            Some(driver) if driver.was_polled.load(Ordering::Acquire) => return Poll::Ready(()),
            Some(driver) if driver.task.will_wake(cx.waker()) => return Poll::Pending,
            // The task has moved to another thread, which has a driver of its own.
            Some(_) => yielding.set(yield_now()),
            None => {}
        }
        let next = Arc::new(Driver::before(cx.waker()));
        let waker = Waker::from(Arc::clone(&next));
        driver = Some(next);
        yielding.as_mut().poll(&mut Context::from_waker(&waker))
    })
    .await;
}

/// What the runtime wakes once it has polled its driver.
struct Driver {
    was_polled: AtomicBool,
    task: Waker,
}

impl Driver {
    fn before(task: &Waker) -> Self {
        Self {
            was_polled: AtomicBool::new(false),
            task: task.clone(),
        }
    }
}

impl Wake for Driver {
    fn wake(self: Arc<Self>) {
        self.was_polled.store(true, Ordering::Release);
        self.task.wake_by_ref();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the future is ready when it is polled by this task, which is woken at once.
    async fn polled(future: &mut (impl Future<Output = ()> + Unpin)) -> bool {
        poll_fn(|cx| Poll::Ready(std::pin::Pin::new(&mut *future).poll(cx).is_ready())).await
    }

    #[tokio::test]
    async fn a_task_that_is_woken_by_others_still_waits_for_the_driver() {
        let mut yielding = pin!(yield_to_driver());
        assert!(!polled(&mut yielding).await);
        assert!(!polled(&mut yielding).await);
        // Polls the driver.
        yield_now().await;
        assert!(polled(&mut yielding).await);
    }
}
