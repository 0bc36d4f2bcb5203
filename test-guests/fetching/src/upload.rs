//! A body that is never in memory as a whole.

use std::io::{self, Read};

/// Gives this many letters, then ends or fails.
pub(crate) struct Letters {
    left: usize,
    fails: bool,
}

impl Letters {
    pub(crate) fn new(bytes: usize, failing_after: Option<usize>) -> Self {
        Self {
            left: failing_after.unwrap_or(bytes),
            fails: failing_after.is_some(),
        }
    }
}

impl Read for Letters {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && self.fails {
            return Err(io::Error::other("the disk is on fire"));
        }
        let bytes = self.left.min(buffer.len());
        if let Some(part) = buffer.get_mut(..bytes) {
            part.fill(b'x');
        }
        self.left -= bytes;
        Ok(bytes)
    }
}
