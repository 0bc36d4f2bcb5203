//! The end of an invocation's output, which callers of the Invoke API may request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Size of the log tail that Lambda returns, in bytes.
const TAIL_BYTES: usize = 4096;

/// The last bytes printed. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogTail(Arc<Mutex<Vec<u8>>>);

impl LogTail {
    pub(crate) fn push(&self, line: &[u8]) {
        let mut bytes = self.bytes();
        bytes.extend_from_slice(line);
        // Not at every line: moving the tail costs as much as appending to it.
        if bytes.len() > 2 * TAIL_BYTES {
            let surplus = bytes.len() - TAIL_BYTES;
            bytes.drain(..surplus);
        }
    }

    pub(crate) fn last(&self) -> Vec<u8> {
        let bytes = self.bytes();
        let start = bytes.len().saturating_sub(TAIL_BYTES);
        bytes.get(start..).unwrap_or_default().to_owned()
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_is_kept() {
        let tail = LogTail::default();
        for number in 0..10_000 {
            tail.push(format!("line {number}\n").as_bytes());
        }

        let last = tail.last();

        assert_eq!(last.len(), TAIL_BYTES);
        assert!(last.ends_with(b"line 9998\nline 9999\n"));
    }
}
