//! When a guest wrote, and when its writes waited for the reader. Bounded, however long the response is.

use std::time::Instant;

/// Most writes that are kept one by one. Of more, neighbours are joined.
const WRITES_KEPT: usize = 2048;

/// Most waits that are kept: the longest.
const WAITS_KEPT: usize = 1024;

/// A write, or neighbours that were joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WriteMoment {
    /// When the first of them began.
    pub(crate) at: Instant,
    pub(crate) bytes: u64,
    /// How many writes this is.
    pub(crate) writes: u64,
}

/// The writes so far, in order.
#[derive(Clone, Debug)]
pub(crate) struct WriteMoments {
    kept: Vec<WriteMoment>,
    /// How many writes are joined into one.
    step: u64,
}

/// The writes and waits of one invocation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Moments {
    pub(super) writes: WriteMoments,
    /// In the order of their beginnings, once they are read.
    waits: Vec<(Instant, Instant)>,
}

impl Default for WriteMoments {
    fn default() -> Self {
        Self {
            kept: Vec::new(),
            step: 1,
        }
    }
}

impl WriteMoments {
    pub(crate) fn push(&mut self, at: Instant, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.add(WriteMoment {
            at,
            bytes,
            writes: 1,
        });
    }

    /// Adds those that came after.
    #[cfg(any(feature = "outbound-http", test))]
    pub(super) fn extend(&mut self, later: &Self) {
        for write in &later.kept {
            self.add(*write);
        }
    }

    pub(super) fn kept(&self) -> &[WriteMoment] {
        &self.kept
    }

    fn add(&mut self, write: WriteMoment) {
        match self.kept.last_mut() {
            Some(last) if last.writes < self.step => last.join(write),
            _ => self.kept.push(write),
        }
        if self.kept.len() > WRITES_KEPT {
            self.halve();
        }
    }

    fn halve(&mut self) {
        self.step = self.step.saturating_mul(2);
        let joined = self.kept.chunks(2).filter_map(|pair| {
            let (first, rest) = pair.split_first()?;
            let mut first = *first;
            rest.iter().for_each(|write| first.join(*write));
            Some(first)
        });
        self.kept = joined.collect();
    }
}

impl WriteMoment {
    fn join(&mut self, later: Self) {
        self.bytes = self.bytes.saturating_add(later.bytes);
        self.writes = self.writes.saturating_add(later.writes);
    }
}

impl Moments {
    pub(super) fn waited(&mut self, began: Instant, ended: Instant) {
        let wait = (began, ended);
        if self.waits.len() < WAITS_KEPT {
            self.waits.push(wait);
            return;
        }
        let time = |(began, ended): &(Instant, Instant)| ended.saturating_duration_since(*began);
        let shortest = self.waits.iter_mut().min_by_key(|kept| time(kept));
        if let Some(shortest) = shortest.filter(|kept| time(kept) < time(&wait)) {
            *shortest = wait;
        }
    }

    /// The waits that are kept, in the order of their beginnings.
    pub(super) fn waits(&self) -> Vec<(Instant, Instant)> {
        let mut waits = self.waits.clone();
        waits.sort_unstable();
        waits
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn of_many_writes_neighbours_are_joined_and_none_is_lost() {
        let began = Instant::now();
        for number in [1_u32, 2048, 2049, 100_000] {
            let mut writes = WriteMoments::default();
            for at in 0..number {
                writes.push(began + Duration::from_millis(at.into()), 3);
            }
            let kept = writes.kept();
            let most = usize::try_from(number).unwrap().min(WRITES_KEPT);
            assert!((most / 2..=most.max(1)).contains(&kept.len()), "{number}");
            let all: u64 = kept.iter().map(|it| it.writes).sum();
            let bytes: u64 = kept.iter().map(|it| it.bytes).sum();
            assert_eq!((all, bytes), (number.into(), 3 * u64::from(number)));
            // Each stands where its first write began.
            let mut before = 0;
            for write in kept {
                assert_eq!(write.at, began + Duration::from_millis(before));
                before += write.writes;
            }
        }
    }

    #[test]
    fn earlier_writes_come_first() {
        let began = Instant::now();
        let (mut first, mut later) = (WriteMoments::default(), WriteMoments::default());
        first.push(began, 1);
        later.push(began + Duration::from_secs(1), 2);
        later.push(began + Duration::from_secs(2), 3);
        first.extend(&later);
        let bytes: Vec<_> = first.kept().iter().map(|it| it.bytes).collect();
        assert_eq!(bytes, [1, 2, 3]);
    }

    #[test]
    fn the_longest_waits_are_kept_in_their_order() {
        let began = Instant::now();
        let at = |ms: u64| began + Duration::from_millis(ms);
        let mut moments = Moments::default();
        for number in 0..5000_u64 {
            // The longest are neither the first nor the last.
            let length = (number * 7919) % 5000;
            moments.waited(at(number * 5000), at(number * 5000 + length));
        }
        let waits = moments.waits();
        assert_eq!(waits.len(), WAITS_KEPT);
        let longest = Duration::from_millis(5000 - 1024);
        assert!(waits.iter().all(|(from, to)| *to - *from >= longest));
        assert!(waits.is_sorted());
    }
}
