//! The processors of the runtime and of the driver, which plays Lambda.
//!
//! Waking another processor of a virtual machine may take longer than the rest of a tiny invocation. Left
//! to the kernel, a runtime shares the driver's processor in one run and not in the next.

use std::io;
use std::sync::OnceLock;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// How the two are placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Wherever the kernel puts them.
    Anywhere,
    /// On the same processor, which compares the work alone.
    OneProcessor,
    /// Each on a processor of its own.
    TwoProcessors,
}

impl Place {
    /// Its part of a row's name.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Anywhere => "",
            Self::OneProcessor => ", one processor",
            Self::TwoProcessors => ", two processors",
        }
    }
}

/// A set of processors this program may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Processors(CpuSet);

impl Processors {
    /// All of them.
    pub(crate) fn all() -> io::Result<Self> {
        static ALL: OnceLock<CpuSet> = OnceLock::new();
        if let Some(all) = ALL.get() {
            return Ok(Self(*all));
        }
        let now = sched_getaffinity(None)?;
        Ok(Self(*ALL.get_or_init(|| now)))
    }

    /// The processors of the driver.
    pub(crate) fn of_driver(self, place: Place) -> Self {
        match place {
            Place::Anywhere => self,
            Place::OneProcessor | Place::TwoProcessors => Self::only(self.numbers().next()),
        }
    }

    /// The processors of the runtime.
    pub(crate) fn of_runtime(self, place: Place) -> Self {
        match place {
            Place::Anywhere | Place::OneProcessor => self.of_driver(place),
            Place::TwoProcessors => Self::only(self.numbers().last()),
        }
    }

    /// Each of them alone.
    pub(crate) fn each(self) -> impl Iterator<Item = Self> {
        self.numbers().map(|number| Self::only(Some(number)))
    }

    /// Pins this thread, and everything it starts from now on, to these processors.
    pub(crate) fn keep(self) -> io::Result<()> {
        Ok(sched_setaffinity(None, &self.0)?)
    }

    fn only(number: Option<usize>) -> Self {
        let mut set = CpuSet::new();
        number.into_iter().for_each(|number| set.set(number));
        Self(set)
    }

    fn numbers(self) -> impl Iterator<Item = usize> {
        (0..CpuSet::MAX_CPU).filter(move |number| self.0.is_set(*number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(numbers: &[usize]) -> Processors {
        let mut set = CpuSet::new();
        numbers.iter().for_each(|number| set.set(*number));
        Processors(set)
    }

    #[test]
    fn each_has_its_processors() {
        let all = set(&[1, 3, 4]);
        let numbers = |processors: Processors| processors.numbers().collect::<Vec<_>>();
        for (place, driver, runtime) in [
            (Place::Anywhere, &[1, 3, 4][..], &[1, 3, 4][..]),
            (Place::OneProcessor, &[1], &[1]),
            (Place::TwoProcessors, &[1], &[4]),
        ] {
            assert_eq!(numbers(all.of_driver(place)), driver);
            assert_eq!(numbers(all.of_runtime(place)), runtime);
        }
    }
}
