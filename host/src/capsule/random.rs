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
        assert_eq!(randoms.secure.next_u64(), 0x20cb_c085_7889_92f6);
        assert_eq!(randoms.insecure.next_u64(), 0x5784_f874_ed60_99b6);
        let seed = 0xd2fd_8c4b_0681_17aa_8872_2f8d_99b4_8e78;
        assert_eq!(randoms.insecure_seed, seed);
    }
}
