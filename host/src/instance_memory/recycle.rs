//! Regions that one instance after another uses, as memories and stacks of the engine.
//!
//! Mapping and unmapping them for each invocation, and a fault for each page that is touched, cost more
//! than most handlers do. Wasmtime's own pool gives memories back whole as well, unless it may ask the
//! kernel which pages were written (`PAGEMAP_SCAN`), and the answer leaves out what is swapped or being
//! moved: <https://github.com/bytecodealliance/wasmtime/pull/14357>.
//!
//! `docs/design/instance-memory.md` has the measurements, and the condition for removing this.

use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::page_map::PageMap;
use super::region::Region;

/// Regions of one kind that nobody uses at the moment. All of them are zero.
#[derive(Debug)]
pub(crate) struct Recycler {
    idle: Mutex<Vec<Region>>,
    idle_limit: usize,
    reset: Reset,
}

/// Makes a region zero again.
pub(crate) type Reset = fn(&mut Region, Option<&PageMap>) -> io::Result<()>;

/// The page map of this process. `None` where there is none to be trusted. Opened when it is first needed,
/// which is after the start.
fn page_map() -> Option<&'static PageMap> {
    static PAGE_MAP: OnceLock<Option<PageMap>> = OnceLock::new();
    let seen = |page_map: &PageMap| matches!(Region::is_seen_by(page_map), Ok(true));
    let open = || PageMap::open().ok().filter(seen);
    PAGE_MAP.get_or_init(open).as_ref()
}

/// A region that goes back to where it came from.
#[derive(Debug)]
pub(crate) struct Recycled {
    /// Always there, until it is dropped.
    region: Option<Region>,
    home: Arc<Recycler>,
}

impl Recycler {
    /// Keeps at most so many regions for later.
    pub(crate) fn new(idle_limit: usize, reset: Reset) -> Arc<Self> {
        Arc::new(Self {
            idle: Mutex::default(),
            idle_limit,
            reset,
        })
    }

    /// A region of zeros with a guard on each side. Its first `accessible_bytes` are accessible, and up to
    /// `reserved_bytes` can be made so.
    ///
    /// # Errors
    ///
    /// When the kernel has no more addresses, or no memory for its record of them.
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

    /// Keeps a region for later, unless there are enough. One that cannot be made zero is unmapped.
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
        // A smaller one will do, too.
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
