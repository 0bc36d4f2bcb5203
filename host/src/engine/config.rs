//! The engine settings, shared by every compiler of components and by `bootstrap`, which only loads
//! machine code. Wasmtime refuses a precompiled component whose settings differ.

use artifact::{Arch, Concurrency, Fingerprint, Flavour, MemoryInit, Stamp, Unfit};
use wasmtime::{Config, WasmBacktraceDetails};

/// Stack for host functions that a guest calls, in bytes, besides the guest's own.
const HOST_STACK_BYTES: usize = 1536 * 1024;

/// A setting that machine code depends on: its name, its value, its setter.
type Switch = (&'static str, bool, fn(&mut Config, bool) -> &mut Config);

const SWITCHES: usize = 5;

fn switches(concurrency: Concurrency) -> [Switch; SWITCHES] {
    [
        // An increment of the epoch makes a guest that computes yield, or stops it at its deadline.
        ("epoch_interruption", true, Config::epoch_interruption),
        // Bookkeeping for the asynchronous component ABI costs every host call about 95 ns, and only
        // WASI 0.3 needs it.
        (
            "concurrency_support",
            concurrency == Concurrency::On,
            Config::concurrency_support,
        ),
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
    ]
}

fn set_backtrace_details(config: &mut Config, on: bool) -> &mut Config {
    config.wasm_backtrace_details(if on {
        WasmBacktraceDetails::Enable
    } else {
        WasmBacktraceDetails::Disable
    })
}

/// Returns the settings of every engine of this project for a component of this flavour.
///
/// A compiler must add the target of [`Arch`]: without one Wasmtime records every
/// feature of the build machine's processor as required.
#[must_use]
pub fn config(flavour: Flavour) -> Config {
    let mut config = Config::new();
    config.memory_init_cow(flavour.memory_init == MemoryInit::CopyOnWrite);
    for (_, value, set) in switches(flavour.concurrency) {
        set(&mut config, value);
    }
    config
}

/// Returns the settings of an engine whose guests may use `guest_stack_bytes`. Machine code does not depend
/// on this limit.
#[must_use]
pub(super) fn config_with_stack(flavour: Flavour, guest_stack_bytes: usize) -> Config {
    let mut config = config(flavour);
    config.max_wasm_stack(guest_stack_bytes);
    config.async_stack_size(guest_stack_bytes + HOST_STACK_BYTES);
    config
}

/// Returns the fingerprint of machine code that this release compiles for `arch` and `concurrency`, and that
/// its `bootstrap` accepts.
#[must_use]
pub fn fingerprint(arch: Arch, concurrency: Concurrency) -> Fingerprint {
    Fingerprint {
        wasmtime: wasmtime_environ::VERSION.to_owned(),
        target: arch.triple().to_owned(),
        cpu: arch.cpu().to_owned(),
        settings: settings(concurrency),
    }
}

/// Returns the digits that name this release's compiler for `arch` in the names of cached files. What a
/// file contains is decided by its stamp.
#[must_use]
pub fn compiler_digest(arch: Arch) -> String {
    fingerprint(arch, Concurrency::Off).digest()
}

/// Checks that this release's host on `arch` may run the code that `stamp` describes.
///
/// # Errors
///
/// [`Unfit::Foreign`].
pub fn check_fits(stamp: &Stamp, arch: Arch) -> Result<(), Unfit> {
    stamp.check_fits(&fingerprint(arch, stamp.concurrency))
}

/// Returns the settings as text, for a [`Fingerprint`].
fn settings(concurrency: Concurrency) -> String {
    let settings: Vec<String> = switches(concurrency)
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
        for concurrency in [Concurrency::Off, Concurrency::On] {
            let fingerprint = fingerprint(Arch::HOST, concurrency);
            assert_eq!(fingerprint.wasmtime.split('.').count(), 3);
            assert_eq!(fingerprint.settings.split(' ').count(), SWITCHES);
        }
    }

    /// The code of earlier builds of this release stays valid.
    #[test]
    fn the_settings_of_a_component_without_concurrency_are_fixed() {
        assert_eq!(
            settings(Concurrency::Off),
            "epoch_interruption=true concurrency_support=false backtrace_details=false \
             native_unwind_info=false gc_support=false"
        );
        assert_eq!(
            settings(Concurrency::On),
            settings(Concurrency::Off)
                .replace("concurrency_support=false", "concurrency_support=true")
        );
    }
}
