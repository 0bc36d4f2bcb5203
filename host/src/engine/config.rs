//! The engine settings, shared by everything that compiles a component and by `bootstrap`, which
//! only loads what was compiled. Wasmtime refuses a precompiled component whose settings differ.

use wasmtime::Config;

/// The file name extension of a precompiled component.
pub const PRECOMPILED_EXTENSION: &str = "cwasm";

/// Stack a guest may use, in bytes. Wasmtime's own default, named because it is part of the
/// contract between compiler and host.
const GUEST_STACK_BYTES: usize = 512 * 1024;

/// Returns the settings every engine of this project runs or compiles with.
///
/// A compiler must add an explicit [`Config::target`]: without one Wasmtime records every feature
/// of the build machine's processor as required.
#[must_use]
pub fn config() -> Config {
    let mut config = Config::new();
    // One increment of the epoch interrupts a guest that computes past its deadline.
    config.epoch_interruption(true);
    // Bookkeeping for the asynchronous component ABI costs every host call about 95 ns, and the
    // handler world is synchronous.
    config.concurrency_support(false);
    config.max_wasm_stack(GUEST_STACK_BYTES);
    config.memory_init_cow(true);
    // A compiler that merely *allows* a proposal produces files that a host built without it
    // refuses. `cli` therefore adds only the compiler to Wasmtime's features, and this switches
    // off what would be on without any feature.
    config.gc_support(false);
    config
}
