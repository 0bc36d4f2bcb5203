//! The random numbers of a guest that is recorded or replayed: those of a generator with a known seed.

use chacha20::ChaCha12Rng;
use chacha20::rand_core::{Rng as _, SeedableRng as _};

use super::begin::Seed;

/// The three sources of `wasi:random`, which are streams of one generator.
#[derive(Debug)]
pub(crate) struct Randoms {
    pub(crate) secure: ChaCha12Rng,
    pub(crate) insecure: ChaCha12Rng,
    pub(crate) insecure_seed: u128,
}

impl Randoms {
    pub(crate) fn new(seed: Seed) -> Self {
        let stream = |number| {
            let mut generator = ChaCha12Rng::from_seed(seed.0);
            generator.set_stream(number);
            generator
        };
        let mut third = stream(2);
        let high = u128::from(third.next_u64());
        Self {
            secure: stream(0),
            insecure: stream(1),
            insecure_seed: (high << 64) | u128::from(third.next_u64()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_has_the_same_numbers_in_every_release() {
        let mut randoms = Randoms::new(Seed([7; 32]));
        let numbers = [randoms.secure.next_u64(), randoms.insecure.next_u64()];
        assert_ne!(numbers[0], numbers[1]);
        let mut again = Randoms::new(Seed([7; 32]));
        assert_eq!(again.secure.next_u64(), numbers[0]);
        assert_eq!(again.insecure.next_u64(), numbers[1]);
        assert_eq!(again.insecure_seed, randoms.insecure_seed);
        let other = Randoms::new(Seed([8; 32]));
        assert_ne!(other.insecure_seed, randoms.insecure_seed);
    }
}
