//! The chunks of a response, with the times at which they went on.

use serde_json::{Value, json};

/// Number of chunks kept one by one. Later ones are joined.
const SINGLE_CHUNKS: usize = 10_000;

/// Span of chunks that are joined, in microseconds.
const BUCKET_MICROS: u64 = 10_000;

/// A chunk, or several that left within 10 ms. Times are in microseconds from the start of the request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Chunk {
    /// When the emulator had it from the runtime.
    pub(crate) at_runtime: u64,
    /// When the network conditions let it pass.
    pub(crate) at_sent: u64,
    /// When the caller's connection asked for the next one.
    pub(crate) at_taken: Option<u64>,
    pub(crate) bytes: usize,
    /// Where it begins in the body.
    pub(crate) offset: usize,
    /// Number of chunks joined into this one.
    pub(crate) joined: usize,
}

/// The chunks of a response.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    kept: Vec<Chunk>,
    number: usize,
}

impl Chunks {
    /// Adds a chunk that left at `at_sent`.
    pub(super) fn push(&mut self, at_runtime: u64, at_sent: u64, bytes: usize, offset: usize) {
        self.number += 1;
        if self.kept.len() >= SINGLE_CHUNKS
            && let Some(last) = self.kept.last_mut()
            && at_sent.saturating_sub(last.at_sent) < BUCKET_MICROS
        {
            last.bytes += bytes;
            last.joined += 1;
            last.at_taken = None;
            return;
        }
        self.kept.push(Chunk {
            at_runtime,
            at_sent,
            at_taken: None,
            bytes,
            offset,
            joined: 1,
        });
    }

    /// The caller's connection asks for more.
    pub(super) fn taken(&mut self, at: u64) -> bool {
        match self.kept.last_mut() {
            Some(last) if last.at_taken.is_none() => {
                last.at_taken = Some(at);
                true
            }
            _ => false,
        }
    }

    pub(crate) fn kept(&self) -> &[Chunk] {
        &self.kept
    }

    /// Number of chunks, with those that were joined.
    pub(super) fn number(&self) -> usize {
        self.number
    }

    pub(super) fn size(&self) -> usize {
        self.kept.capacity() * size_of::<Chunk>()
    }

    /// Returns the chunks from index `from` on.
    pub(super) fn json(&self, from: usize) -> Vec<Value> {
        let chunks = self.kept.iter().enumerate().skip(from);
        let objects = chunks.map(|(index, chunk)| {
            json!({
                "n": index,
                "atRuntime": chunk.at_runtime,
                "atSent": chunk.at_sent,
                "atTaken": chunk.at_taken,
                "bytes": chunk.bytes,
                "offset": chunk.offset,
                "joined": chunk.joined,
            })
        });
        objects.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_ten_thousand_they_are_joined_within_ten_milliseconds() {
        let mut chunks = Chunks::default();
        for at in 0..u64::try_from(SINGLE_CHUNKS).unwrap() + 1000 {
            chunks.push(at, at * 1000, 2, 0);
            chunks.taken(at * 1000 + 1);
        }

        assert_eq!(chunks.number(), SINGLE_CHUNKS + 1000);
        let later = &chunks.kept()[SINGLE_CHUNKS..];
        assert!((100..=101).contains(&later.len()), "{}", later.len());
        assert!(later.iter().all(|chunk| chunk.bytes == 2 * chunk.joined));
        let joined: usize = chunks.kept().iter().map(|chunk| chunk.joined).sum();
        assert_eq!(joined, chunks.number());
    }
}
