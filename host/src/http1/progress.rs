//! Tells the watch of an invocation when the parts of its response have left.

use std::sync::Arc;

use crate::observe::{Sent, Watch};

/// The progress of one response on the wire. Positions are bytes of the request that carries it.
#[derive(Debug)]
pub(super) struct Progress {
    watch: Arc<Watch>,
    /// Bytes of the response's data that were handed over.
    data: u64,
    written: u64,
    /// Where the head of the response ends, and where its body begins.
    head_end: Option<u64>,
    body_start: Option<u64>,
}

impl Progress {
    pub(super) fn new(watch: Arc<Watch>) -> Self {
        Self {
            watch,
            data: 0,
            written: 0,
            head_end: None,
            body_start: None,
        }
    }

    /// Data of the response, `bytes` long, is queued behind `unwritten` bytes.
    pub(super) fn queue(&mut self, bytes: usize, unwritten: usize) {
        if bytes == 0 || self.body_start.is_some() {
            return;
        }
        let start = self.written + length(unwritten);
        let prelude = self.watch.prelude_bytes();
        self.data += length(bytes);
        if self.data > prelude {
            self.body_start = Some(start);
        } else if self.data == prelude {
            self.head_end = Some(start + length(bytes));
        }
    }

    /// The socket took `bytes`.
    pub(super) fn advance(&mut self, bytes: usize) {
        self.written += length(bytes);
        let head = self.head_end.is_some_and(|end| end <= self.written);
        let first_byte = self.body_start.is_some_and(|start| start < self.written);
        self.watch.sent(Sent { head, first_byte });
    }
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{Ids, Traces};

    /// The moments at which head and first byte are known, counted in writes of one byte each.
    fn moments(prelude: usize, parts: &[usize]) -> (Option<usize>, Option<usize>) {
        let watch = Arc::new(Watch::new(Ids::new(1), Traces::default(), true));
        watch.set_prelude(prelude);
        let mut progress = Progress::new(Arc::clone(&watch));
        // The head of the request, and the framing of each part.
        let mut unwritten = 10;
        for part in parts {
            unwritten += 3;
            progress.queue(*part, unwritten);
            unwritten += part + 2;
        }
        let (mut head, mut first_byte) = (None, None);
        for byte in 1..=unwritten {
            progress.advance(1);
            let record = watch.record("", None, None);
            head = head.or(record.head.map(|_| byte));
            first_byte = first_byte.or(record.first_byte.map(|_| byte));
        }
        (head, first_byte)
    }

    #[test]
    fn head_and_first_byte_are_told_when_the_socket_has_taken_them() {
        assert_eq!(moments(12, &[4, 8, 5]), (Some(30), Some(36)));
        assert_eq!(moments(12, &[4, 8]), (Some(30), None));
        assert_eq!(moments(0, &[5, 5]), (None, Some(14)));
    }
}
