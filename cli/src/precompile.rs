//! Turns a component into machine code that `bootstrap` loads.
//!
//! The settings are the host's own. The target is always named: without one Wasmtime would record
//! every feature of this machine's processor as required, and Lambda's may lack some. What it may
//! use of Lambda's processors is a fixed list in [`Target`].

use std::fmt;
use std::path::Path;

use anyhow::{Context as _, Result};
use bootstream_host::engine::{self, Fingerprint, FirstContent, Stamp, Target, Unfit};
use wasmtime::Engine;

use crate::component;
use crate::source_map::source_map;

/// A processor architecture Lambda offers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Arch {
    X86_64,
    Arm64,
}

impl Arch {
    /// The architecture of this machine.
    pub(crate) const HOST: Self = match Target::HOST {
        Target::X86_64 => Self::X86_64,
        Target::Arm64 => Self::Arm64,
    };

    /// Lambda's machines of this architecture.
    pub(crate) fn target(self) -> Target {
        match self {
            Self::X86_64 => Target::X86_64,
            Self::Arm64 => Target::Arm64,
        }
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        })
    }
}

/// Reads a component, checks it with `check`, and precompiles it. Returns the component and its machine
/// code.
///
/// # Errors
///
/// The file cannot be read, does not pass, or does not compile. The error names the file.
pub(crate) fn precompile_file(
    path: &Path,
    arch: Arch,
    check: fn(&[u8]) -> Result<()>,
) -> Result<(Vec<u8>, Vec<u8>)> {
    let name = path.display();
    let bytes = std::fs::read(path).with_context(|| format!("cannot read `{name}`"))?;
    check(&bytes).with_context(|| format!("`{name}`"))?;
    let code = precompile(&bytes, arch).with_context(|| format!("cannot compile `{name}`"))?;
    Ok((bytes, code))
}

/// Precompiles a component, binary or text, and adds what is known of its source and a stamp.
///
/// # Errors
///
/// The component is invalid.
pub(crate) fn precompile(bytes: &[u8], arch: Arch) -> Result<Vec<u8>> {
    let target = arch.target();
    let binary = wat::parse_bytes(bytes)?;
    let content = FirstContent::for_data(component::data_bytes(&binary));
    let code = compiler(target, content)?.precompile_component(&binary)?;
    let sources = source_map(&binary);
    Ok(Stamp::append(
        code,
        &sources,
        Fingerprint::of(target),
        bytes,
    ))
}

/// Makes the checks that the host makes of machine code, against a host of this release: that it was
/// compiled for it, from `component` if that is known, and is whole.
///
/// # Errors
///
/// The first check that fails.
pub(crate) fn check_code(code: &[u8], component: Option<&[u8]>, arch: Arch) -> Result<(), Unfit> {
    let stamp = Stamp::read(code)?;
    stamp.check_fits(&Fingerprint::of(arch.target()))?;
    if let Some(component) = component {
        stamp.check_origin(component)?;
    }
    stamp.check_code(code)
}

fn compiler(target: Target, content: FirstContent) -> Result<Engine> {
    let mut config = engine::config(content);
    config.target(target.triple())?;
    for feature in target.cpu_features() {
        #[expect(unsafe_code, reason = "this compiler runs on another machine")]
        // SAFETY: nothing is executed here, and whoever loads the code checks that its processor
        // has every feature.
        unsafe {
            config.cranelift_flag_enable(feature)
        };
    }
    Ok(Engine::new(&config)?)
}

/// Writes a file so that readers see the old one or the whole new one.
///
/// # Errors
///
/// The folder is missing or not writable. The error names the file.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    replace(folder, path, bytes).with_context(|| format!("cannot write `{}`", path.display()))
}

fn replace(folder: &Path, path: &Path, bytes: &[u8]) -> Result<()> {
    let file = tempfile::Builder::new()
        .prefix(".bootstream-")
        .permissions(readable_by_all())
        .tempfile_in(folder)?;
    std::fs::write(file.path(), bytes)?;
    file.persist(path)?;
    Ok(())
}

/// Temporary files are private by default; a deployment package is read by another user.
fn readable_by_all() -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o644)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_triple_is_one_of_two() {
        assert_eq!(
            Arch::parse_triple("aarch64-unknown-linux-gnu"),
            Ok(Arch::Arm64)
        );
        assert_eq!(
            Arch::parse_triple("riscv64"),
            Err("use `x86_64-unknown-linux-gnu` or `aarch64-unknown-linux-gnu`".to_owned())
        );
    }

    #[test]
    fn a_component_is_compiled_for_both_architectures() {
        let component = b"(component (core module (func (export \"f\"))))";
        for arch in [Arch::X86_64, Arch::Arm64] {
            let code = precompile(component, arch).unwrap();

            assert!(Engine::detect_precompiled(&code).is_some());
            let stamp = Stamp::read(&code).unwrap();
            stamp.check_fits(&Fingerprint::of(arch.target())).unwrap();
            stamp.check_origin(component).unwrap();
        }
    }
}
