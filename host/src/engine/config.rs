//! The engine settings, shared by every compiler of components and by `bootstrap`, which only loads
//! machine code. Wasmtime refuses a precompiled component whose settings differ.

use artifact::{Arch, Fingerprint, MemoryInit};
use wasmtime::{Config, WasmBacktraceDetails};

/// Stack for host functions that a guest calls, in bytes, besides the guest's own.
const HOST_STACK_BYTES: usize = 1536 * 1024;

/// A setting that machine code depends on: its name, its value, its setter.
type Switch = (&'static str, bool, fn(&mut Config, bool) -> &mut Config);

const SWITCHES: [Switch; 5] = [
    // An increment of the epoch makes a guest that computes yield, or stops it at its deadline.
    ("epoch_interruption", true, Config::epoch_interruption),
    // Bookkeeping for the asynchronous component ABI costs every host call about 95 ns, and the
    // handler world is synchronous.
    ("concurrency_support", false, Config::concurrency_support),
    // Wasmtime would parse DWARF for every frame of a failure: see `source_map`. If unset, Wasmtime reads
    // an environment variable.
    ("backtrace_details", false, set_backtrace_details),
    // Serves external debuggers and profilers. Wasmtime walks the stack without it, and registering it
    // slows down each start.
    ("native_unwind_info", false, Config::native_unwind_info),
    // A compiler that merely *allows* a proposal produces files that a host built without it
    // refuses. `cli` therefore adds only the compiler to Wasmtime's features, and this switches
    // off what would be on without any feature.
    ("gc_support", false, Config::gc_support),
];

fn set_backtrace_details(config: &mut Config, on: bool) -> &mut Config {
    config.wasm_backtrace_details(if on {
        WasmBacktraceDetails::Enable
    } else {
        WasmBacktraceDetails::Disable
    })
}

/// Returns the settings of every engine of this project.
///
/// A compiler must add the target of [`Arch`]: without one Wasmtime records every
/// feature of the build machine's processor as required.
#[must_use]
pub fn config(memory_init: MemoryInit) -> Config {
    let mut config = Config::new();
    config.memory_init_cow(memory_init == MemoryInit::CopyOnWrite);
    for (_, value, set) in SWITCHES {
        set(&mut config, value);
    }
    config
}

/// Returns the settings of an engine whose guests may use `guest_stack_bytes`. Machine code does not depend
/// on this limit.
#[must_use]
pub(super) fn config_with_stack(memory_init: MemoryInit, guest_stack_bytes: usize) -> Config {
    let mut config = config(memory_init);
    config.max_wasm_stack(guest_stack_bytes);
    config.async_stack_size(guest_stack_bytes + HOST_STACK_BYTES);
    config
}

/// Returns the fingerprint of machine code that this release compiles for `arch` and its `bootstrap` accepts.
#[must_use]
pub fn fingerprint(arch: Arch) -> Fingerprint {
    Fingerprint {
        wasmtime: wasmtime_environ::VERSION.to_owned(),
        target: arch.triple().to_owned(),
        cpu: arch.cpu().to_owned(),
        settings: settings(),
    }
}

/// Returns the settings as text, for a [`Fingerprint`].
fn settings() -> String {
    let settings: Vec<String> = SWITCHES
        .iter()
        .map(|(name, value, _)| format!("{name}={value}"))
        .collect();
    settings.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_has_all_of_wasmtime_s_version_and_every_setting() {
        let fingerprint = fingerprint(Arch::HOST);
        assert_eq!(fingerprint.wasmtime.split('.').count(), 3);
        assert_eq!(fingerprint.settings.split(' ').count(), SWITCHES.len());
    }
}
