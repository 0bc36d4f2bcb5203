//! Turns a component into machine code that `bootstrap` loads.
//!
//! The settings are the host's own. The target is always explicit: otherwise Wasmtime would require
//! every feature of this machine's processor, and Lambda's may lack some. [`Arch`] has the fixed list
//! of the features it may use.

use std::path::Path;

use anyhow::{Context as _, Result};
use artifact::{Arch, Flavour, MemoryInit, Stamp, Unfit};
use bootstream_host::engine;
use wasmtime::Engine;

use crate::component;
use crate::files;
use crate::source_map::source_map;

/// Reads a component, checks it with `check`, and precompiles it. Returns the component and its machine
/// code.
///
/// # Errors
///
/// The file cannot be read, does not pass, or does not compile. The error names the file.
pub(crate) fn precompile_file(
    path: &Path,
    arch: Arch,
    check: impl FnOnce(&[u8]) -> Result<()>,
) -> Result<(Vec<u8>, Vec<u8>)> {
    let name = path.display();
    let bytes = files::read(path)?;
    check(&bytes).with_context(|| format!("`{name}`"))?;
    let code = precompile(&bytes, arch).with_context(|| format!("cannot compile `{name}`"))?;
    Ok((bytes, code))
}

/// Precompiles a component, binary or text, and adds its source map and a stamp.
///
/// # Errors
///
/// The component is invalid.
pub(crate) fn precompile(bytes: &[u8], arch: Arch) -> Result<Vec<u8>> {
    let binary = wat::parse_bytes(bytes)?;
    let flavour = Flavour {
        memory_init: MemoryInit::for_data(component::data_bytes(&binary)),
        concurrency: component::concurrency(&binary),
    };
    let code = compiler(arch, flavour)?.precompile_component(&binary)?;
    let sources = source_map(&binary);
    let fingerprint = engine::fingerprint(arch, flavour.concurrency);
    Ok(Stamp::append(code, &sources, flavour, fingerprint, bytes))
}

/// Checks machine code as a host of this release does: that it was compiled for this host, from
/// `component` if that is given, and is complete.
///
/// # Errors
///
/// The first check that fails.
pub(crate) fn check_code(code: &[u8], component: Option<&[u8]>, arch: Arch) -> Result<(), Unfit> {
    let stamp = Stamp::read(code)?;
    engine::check_fits(&stamp, arch)?;
    if let Some(component) = component {
        stamp.check_origin(component)?;
    }
    stamp.check_code(code)
}

fn compiler(arch: Arch, flavour: Flavour) -> Result<Engine> {
    let mut config = engine::config(flavour);
    config.target(arch.triple())?;
    for feature in arch.cpu_features() {
        #[expect(unsafe_code, reason = "this compiler runs on another machine")]
        // SAFETY: nothing is executed here, and the loader of the code checks that its processor has
        // every feature.
        unsafe {
            config.cranelift_flag_enable(feature)
        };
    }
    Ok(Engine::new(&config)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_is_compiled_for_both_architectures() {
        let component = b"(component (core module (func (export \"f\"))))";
        for arch in Arch::ALL {
            let code = precompile(component, arch).unwrap();

            assert!(Engine::detect_precompiled(&code).is_some());
            let stamp = Stamp::read(&code).unwrap();
            engine::check_fits(&stamp, arch).unwrap();
            stamp.check_origin(component).unwrap();
        }
    }
}
