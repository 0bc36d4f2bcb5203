//! From a file to a component this engine can run.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use wasmtime::Engine;
use wasmtime::component::Component;

use super::error::LoadError;

/// The compiler, a program of its own beside `bootstrap`, so that it costs nothing when unused.
const COMPILE_HELPER: &str = "bootstream-compile";

/// What a handler file holds, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A component in WebAssembly's binary form.
    Component,
    /// A core module: one that was not made into a component.
    CoreModule,
    /// Machine code, compiled from a component ahead of time.
    Precompiled,
    /// Something else.
    Unknown,
}

impl FileKind {
    /// Tells the kind by the first eight bytes of a file.
    #[must_use]
    pub fn of(head: &[u8]) -> Self {
        match head {
            // The magic number, then version and layer: layer 1 is the component model.
            [0, b'a', b's', b'm', _, _, 1, 0, ..] => Self::Component,
            [0, b'a', b's', b'm', ..] => Self::CoreModule,
            [0x7f, b'E', b'L', b'F', ..] => Self::Precompiled,
            _ => Self::Unknown,
        }
    }
}

/// Finds the file `_HANDLER` names under `task_root`: the file itself, or with `.wasm` or `.cwasm`
/// added.
///
/// # Errors
///
/// When the name leads out of `task_root` or names no file.
pub fn find_handler(task_root: &Path, handler: &str) -> Result<PathBuf, LoadError> {
    let relative = Path::new(handler);
    let stays_inside = relative
        .components()
        .all(|part| matches!(part, std::path::Component::Normal(_)));
    if handler.is_empty() || !stays_inside {
        return Err(LoadError::InvalidName {
            handler: handler.to_owned(),
        });
    }
    let exact = task_root.join(relative);
    ["", ".wasm", ".cwasm"]
        .iter()
        .map(|extension| {
            let mut name = exact.clone().into_os_string();
            name.push(extension);
            PathBuf::from(name)
        })
        .find(|path| path.is_file())
        .ok_or(LoadError::NotFound { path: exact })
}

/// Loads the component in `path`, compiling it first if that was not done ahead of time.
///
/// # Errors
///
/// When the file cannot be read, is no component, or was compiled for another engine.
pub fn load_component(engine: &Engine, path: &Path) -> Result<Component, LoadError> {
    match read_kind(path)? {
        FileKind::Precompiled => map_precompiled(engine, path),
        FileKind::Component => compile(engine, path),
        FileKind::CoreModule => Err(LoadError::CoreModule {
            path: path.to_owned(),
        }),
        FileKind::Unknown => Err(LoadError::NotWebAssembly {
            path: path.to_owned(),
        }),
    }
}

fn read_kind(path: &Path) -> Result<FileKind, LoadError> {
    let unreadable = |source| LoadError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut head = Vec::with_capacity(8);
    let file = File::open(path).map_err(unreadable)?;
    file.take(8).read_to_end(&mut head).map_err(unreadable)?;
    Ok(FileKind::of(&head))
}

fn map_precompiled(engine: &Engine, path: &Path) -> Result<Component, LoadError> {
    #[expect(
        unsafe_code,
        reason = "runs machine code that our own compiler produced"
    )]
    // SAFETY: the file is part of the deployment package, as trusted as `bootstrap` beside it.
    // Wasmtime checks its header against this engine's version and settings first.
    let component = unsafe { Component::deserialize_file(engine, path) };
    component.map_err(|source| LoadError::Incompatible {
        path: path.to_owned(),
        source,
    })
}

fn compile(engine: &Engine, path: &Path) -> Result<Component, LoadError> {
    let machine_code = run_compile_helper(path)?;
    #[expect(
        unsafe_code,
        reason = "runs machine code that our own compiler produced"
    )]
    // SAFETY: the bytes come straight from the compile helper that was installed with `bootstrap`.
    // Wasmtime checks their header against this engine's version and settings first.
    let component = unsafe { Component::deserialize(engine, machine_code) };
    component.map_err(|source| LoadError::Incompatible {
        path: path.to_owned(),
        source,
    })
}

fn run_compile_helper(path: &Path) -> Result<Vec<u8>, LoadError> {
    let helper = compile_helper().ok_or_else(|| LoadError::NoCompiler {
        path: path.to_owned(),
    })?;
    let started = std::time::Instant::now();
    let failed = |reason: String| LoadError::CompilerFailed {
        path: path.to_owned(),
        reason,
    };
    let output = Command::new(&helper)
        .arg(path)
        .env_clear()
        .output()
        .map_err(|error| failed(format!("`{}`: {error}", helper.display())))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(failed(
            said.lines().last().unwrap_or("it said nothing").to_owned(),
        ));
    }
    tracing::info!(
        milliseconds = started.elapsed().as_millis(),
        "compiled `{}` at start; precompile it with `bootstream compile` to save this",
        path.display()
    );
    Ok(output.stdout)
}

fn compile_helper() -> Option<PathBuf> {
    let bootstrap = std::env::current_exe().ok()?;
    Some(bootstrap.parent()?.join(COMPILE_HELPER)).filter(|helper| helper.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_by_its_first_bytes() {
        assert_eq!(FileKind::of(b"\0asm\x0d\0\x01\0"), FileKind::Component);
        assert_eq!(FileKind::of(b"\0asm\x01\0\0\0"), FileKind::CoreModule);
        assert_eq!(FileKind::of(b"\x7fELF\x02\x01"), FileKind::Precompiled);
        for other in [&b""[..], b"\0", b"PK\x03\x04", b"(component)"] {
            assert_eq!(FileKind::of(other), FileKind::Unknown);
        }
    }

    #[test]
    fn a_handler_is_found_by_its_file_name_and_by_its_bare_name() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("sub")).unwrap();
        for file in ["a.wasm", "b.cwasm", "both.wasm", "both.cwasm", "sub/c.wasm"] {
            std::fs::write(root.path().join(file), "").unwrap();
        }
        for (name, file) in [
            ("a.wasm", "a.wasm"),
            ("a", "a.wasm"),
            ("b", "b.cwasm"),
            ("both", "both.wasm"),
            ("both.cwasm", "both.cwasm"),
            ("sub/c", "sub/c.wasm"),
        ] {
            assert_eq!(
                find_handler(root.path(), name).unwrap(),
                root.path().join(file)
            );
        }
    }

    #[test]
    fn a_name_cannot_lead_out_of_the_task_root() {
        let root = tempfile::tempdir().unwrap();
        for name in ["", "..", "../x", "a/../../x", "/etc/passwd", "./x"] {
            let error = find_handler(root.path(), name).unwrap_err();
            assert!(
                matches!(error, LoadError::InvalidName { .. }),
                "{name}: {error}"
            );
        }
        let error = find_handler(root.path(), "missing").unwrap_err();
        assert!(matches!(error, LoadError::NotFound { .. }));
    }
}
