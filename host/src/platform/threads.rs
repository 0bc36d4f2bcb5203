//! Threads that the system may refuse.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread;

use tokio::runtime::{self, Handle};
use tokio::task::spawn_blocking;

/// Threads that must be available before the pool starts its first: one for the pool, and one in reserve for
/// the moment in which the system still counts a thread that has ended.
const POOL_NEEDS: usize = 2;

/// Returns whether the system lets this process have `count` more threads.
fn can_start_threads(count: usize) -> bool {
    let together = Arc::new(RwLock::new(()));
    let Ok(until_all_have_started) = together.write() else {
        return false;
    };
    let start = |_| {
        let together = Arc::clone(&together);
        thread::Builder::new().spawn(move || drop(together.read()))
    };
    let started: Vec<_> = (0..count).map(start).collect();
    drop(until_all_have_started);
    let ended = |thread: thread::JoinHandle<()>| thread.join().is_ok();
    started.into_iter().all(|thread| thread.is_ok_and(ended))
}

/// Returns whether this runtime's pool for work that blocks has a thread. Starts the first one if necessary.
/// Call before `spawn_blocking`, which panics if the system refuses the first thread, and queues the work if it
/// refuses a further one. The threads stay until the process ends.
///
/// Another process of the same user may take the last thread between this check and the start. Then
/// `spawn_blocking` panics here.
pub(crate) fn pool_has_thread() -> bool {
    static WITH_THREAD: Mutex<Vec<runtime::Id>> = Mutex::new(vec![]);
    let id = Handle::current().id();
    let mut with_thread = WITH_THREAD.lock().unwrap_or_else(PoisonError::into_inner);
    if with_thread.contains(&id) {
        return true;
    }
    if !can_start_threads(POOL_NEEDS) {
        return false;
    }
    drop(spawn_blocking(|| ()));
    with_thread.push(id);
    true
}
