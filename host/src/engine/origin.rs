//! Finds out whether machine code was compiled from the component beside it, as a rule without reading the component.

use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use artifact::{Stamp, Unfit};

use super::load::bytes_of;

/// Checks that `code`, a file with this stamp, was compiled from `component`.
///
/// A component of another length is another one. One of the same length is read and compared only if it may have been
/// written after the code: compiling reads the component first.
///
/// # Errors
///
/// [`Unfit::OtherComponent`], or when a file cannot be read.
pub(super) fn check_beside(stamp: &Stamp, code: &File, component: &Path) -> Result<(), Unfit> {
    let component = File::open(component)?;
    let now = component.metadata()?;
    if now.len() != stamp.component.checksum.bytes {
        return Err(Unfit::OtherComponent);
    }
    let [component_time, code_time] = [&now, &code.metadata()?].map(FileTime::of);
    if component_time.may_be_after(code_time) {
        stamp.check_origin(&bytes_of(&component)?)?;
    }
    Ok(())
}

/// When the content of a file was last written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct FileTime {
    seconds: i64,
    nanoseconds: i64,
}

impl FileTime {
    fn of(file: &Metadata) -> Self {
        Self {
            seconds: file.mtime(),
            nanoseconds: file.mtime_nsec(),
        }
    }

    /// Returns whether a file of this time may have been written after one of the time `other`.
    ///
    /// Two files that are written within one tick of the kernel's clock have the same time. Files from an archive have
    /// the same time as well, in whole seconds, and were written together.
    fn may_be_after(self, other: Self) -> bool {
        let is_from_archive = self.nanoseconds == 0;
        self > other || (self == other && !is_from_archive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64, nanoseconds: i64) -> FileTime {
        FileTime {
            seconds,
            nanoseconds,
        }
    }

    #[test]
    fn a_component_is_compared_unless_it_is_older_or_from_the_same_archive() {
        for (component, code, compared) in [
            (at(9, 0), at(8, 999), true),
            (at(9, 1), at(9, 0), true),
            (at(9, 1), at(9, 1), true),
            (at(9, 0), at(9, 1), false),
            (at(8, 999), at(9, 0), false),
            // From one zip, whose times are whole seconds.
            (at(9, 0), at(9, 0), false),
            (at(0, 0), at(0, 0), false),
            (at(-9, 5), at(9, 5), false),
        ] {
            assert_eq!(
                component.may_be_after(code),
                compared,
                "{component:?} {code:?}"
            );
        }
    }
}
