//! Recycles regions from one instance to the next, as memories and stacks of the engine.
//!
//! Mapping and unmapping a region for each invocation, and a fault for each touched page, cost more than most
//! handlers. Wasmtime's own pool also returns whole memories to the kernel, unless it can query which pages
//! were written (`PAGEMAP_SCAN`), and that query misses pages that are swapped or being migrated:
//! <https://github.com/bytecodealliance/wasmtime/pull/14357>.
//!
//! `docs/design/instance-memory.md` has the measurements, and the condition for removing this.

use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::page_map::PageMap;
use super::region::Region;

/// The idle regions of one kind. All of them are zero.
#[derive(Debug)]
pub(crate) struct Recycler {
    idle: Mutex<Vec<Region>>,
    idle_limit: usize,
    reset: Reset,
}

/// Zeroes a region.
pub(crate) type Reset = fn(&mut Region, Option<&PageMap>) -> io::Result<()>;

/// Returns the page map of this process, or `None` if there is no reliable one. Opens it at first use, which
/// is after the start.
fn page_map() -> Option<&'static PageMap> {
    static PAGE_MAP: OnceLock<Option<PageMap>> = OnceLock::new();
    let seen = |page_map: &PageMap| matches!(Region::is_seen_by(page_map), Ok(true));
    let open = || PageMap::open().ok().filter(seen);
    PAGE_MAP.get_or_init(open).as_ref()
}

/// A region that returns to its recycler when dropped.
#[derive(Debug)]
pub(crate) struct Recycled {
    /// `Some` until dropped.
    region: Option<Region>,
    home: Arc<Recycler>,
}

impl Recycler {
    /// Keeps up to `idle_limit` regions for reuse.
    pub(crate) fn new(idle_limit: usize, reset: Reset) -> Arc<Self> {
        Arc::new(Self {
            idle: Mutex::default(),
            idle_limit,
            reset,
        })
    }

    /// Returns a zeroed region with a guard on each side. Its first `accessible_bytes` are accessible, and up
    /// to `reserved_bytes` can be made so.
    ///
    /// # Errors
    ///
    /// When the kernel is out of addresses, or of memory for its records of them.
    pub(crate) fn take(
        self: &Arc<Self>,
        accessible_bytes: usize,
        reserved_bytes: usize,
        guard_bytes: usize,
    ) -> io::Result<Recycled> {
        let fits = |region: &Region| {
            region.reserved_bytes() >= reserved_bytes && region.guard_bytes() >= guard_bytes
        };
        let idle = self.idle().pop();
        let mut region = match idle.filter(fits) {
            Some(region) => region,
            None => Region::reserve(reserved_bytes, guard_bytes)?,
        };
        region.set_accessible(accessible_bytes)?;
        Ok(Recycled {
            region: Some(region),
            home: Arc::clone(self),
        })
    }

    /// Keeps a region for reuse, up to the limit. Unmaps one that cannot be zeroed.
    fn put_back(&self, mut region: Region) {
        if (self.reset)(&mut region, page_map()).is_err() {
            return;
        }
        let mut idle = self.idle();
        if idle.len() < self.idle_limit {
            idle.push(region);
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Region>> {
        // Nothing panics while it holds the lock.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deref for Recycled {
    type Target = Region;

    fn deref(&self) -> &Region {
        self.region.as_ref().expect("it is there until the drop")
    }
}

impl DerefMut for Recycled {
    fn deref_mut(&mut self) -> &mut Region {
        self.region.as_mut().expect("it is there until the drop")
    }
}

impl Drop for Recycled {
    fn drop(&mut self) {
        if let Some(region) = self.region.take() {
            self.home.put_back(region);
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::param::page_size;

    use super::*;

    fn take(recycler: &Arc<Recycler>, pages: usize) -> Recycled {
        let bytes = pages * page_size();
        recycler.take(bytes, bytes, page_size()).unwrap()
    }

    #[test]
    fn a_region_is_used_again() {
        let recycler = Recycler::new(1, Region::reset);
        let first = take(&recycler, 4);
        let address = first.start();
        drop(first);
        // It also serves a smaller request.
        assert_eq!(take(&recycler, 2).start(), address);
    }

    #[test]
    fn one_that_is_too_small_is_not() {
        let recycler = Recycler::new(1, Region::reset);
        drop(take(&recycler, 2));
        assert_eq!(take(&recycler, 4).reserved_bytes(), 4 * page_size());
    }

    #[test]
    fn no_more_are_kept_than_there_may_be() {
        let recycler = Recycler::new(2, Region::reset);
        let taken: Vec<_> = (0..5).map(|_| take(&recycler, 1)).collect();
        drop(taken);
        assert_eq!(recycler.idle().len(), 2);
    }
}
