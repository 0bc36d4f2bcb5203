//! The clocks and the random numbers of a guest that is recorded or replayed.

use std::sync::Arc;
use std::time::Duration;

use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::clocks::{HostMonotonicClock, HostWallClock, monotonic_clock, wall_clock};

use crate::capsule::{Kind, Randoms, Tape};

/// Gives a guest clocks and random numbers that are on the tape.
pub(in super::super) fn dress(wasi: &mut WasiCtxBuilder, tape: &Arc<Tape>) {
    wasi.wall_clock(Wall(Arc::clone(tape), wall_clock()));
    wasi.monotonic_clock(Monotonic(Arc::clone(tape), monotonic_clock()));
    let randoms = Randoms::new(tape.seed());
    wasi.secure_random(randoms.secure);
    wasi.insecure_random(randoms.insecure);
    wasi.insecure_random_seed(randoms.insecure_seed);
}

/// The time of day, with that of the machine.
struct Wall(Arc<Tape>, Box<dyn HostWallClock + Send>);

impl HostWallClock for Wall {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        let machine = || u64::try_from(self.1.now().as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.0.now(Kind::Wall, machine))
    }
}

/// The time since the guest's clock began, with that of the machine.
struct Monotonic(Arc<Tape>, Box<dyn HostMonotonicClock + Send>);

impl HostMonotonicClock for Monotonic {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        self.0.now(Kind::Monotonic, || self.1.now())
    }
}
