//! Which files a handler consists of.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::config::PRECOMPILED_EXTENSION;
use super::error::LoadError;

const COMPONENT_EXTENSION: &str = "wasm";

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

    fn of_file(path: &Path) -> Result<Self, LoadError> {
        let unreadable = |source| LoadError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let mut head = Vec::with_capacity(8);
        let file = File::open(path).map_err(unreadable)?;
        file.take(8).read_to_end(&mut head).map_err(unreadable)?;
        Ok(Self::of(&head))
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

/// A handler in its two forms, of which at least one is there.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Forms {
    /// A component alone.
    Component(PathBuf),
    /// Machine code alone.
    Code(PathBuf),
    /// `NAME.wasm` and `NAME.cwasm` side by side.
    Both {
        /// The component.
        component: PathBuf,
        /// The machine code.
        code: PathBuf,
    },
}

impl Forms {
    /// Tells what `path` is, and leaves out what lies beside it.
    ///
    /// # Errors
    ///
    /// As for [`Forms::of`].
    pub(super) fn alone(path: &Path) -> Result<Self, LoadError> {
        Self::of(path).map(|forms| match forms {
            Self::Both { component, .. } if component == path => Self::Component(component),
            Self::Both { code, .. } => Self::Code(code),
            alone => alone,
        })
    }

    /// Tells what `path` is, and finds the other form beside it.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or is neither.
    pub(super) fn of(path: &Path) -> Result<Self, LoadError> {
        let path = path.to_owned();
        match FileKind::of_file(&path)? {
            FileKind::Component => {
                let code = path.with_extension(PRECOMPILED_EXTENSION);
                Ok(if code != path && code.is_file() {
                    Self::Both {
                        component: path,
                        code,
                    }
                } else {
                    Self::Component(path)
                })
            }
            FileKind::Precompiled => {
                let component = path.with_extension(COMPONENT_EXTENSION);
                let is_component = component.is_file()
                    && matches!(FileKind::of_file(&component), Ok(FileKind::Component));
                Ok(if is_component {
                    Self::Both {
                        component,
                        code: path,
                    }
                } else {
                    Self::Code(path)
                })
            }
            FileKind::CoreModule => Err(LoadError::CoreModule { path }),
            FileKind::Unknown => Err(LoadError::NotWebAssembly { path }),
        }
    }
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

    #[test]
    fn both_forms_are_found_from_either() {
        let root = tempfile::tempdir().unwrap();
        let file = |name: &str, head: &[u8]| {
            let path = root.path().join(name);
            std::fs::write(&path, head).unwrap();
            path
        };
        let component = file("both.wasm", b"\0asm\x0d\0\x01\0");
        let code = file("both.cwasm", b"\x7fELF");
        let lone_component = file("component.wasm", b"\0asm\x0d\0\x01\0");
        let lone_code = file("code.cwasm", b"\x7fELF");
        let misnamed = file("misnamed.wasm", b"\x7fELF");
        let beside_text = file("text.cwasm", b"\x7fELF");
        file("text.wasm", b"(component)");

        let both = Forms::Both {
            component: component.clone(),
            code: code.clone(),
        };
        assert_eq!(Forms::of(&component).unwrap(), both);
        assert_eq!(Forms::of(&code).unwrap(), both);
        let alone = Forms::Component(component.clone());
        assert_eq!(Forms::alone(&component).unwrap(), alone);
        assert_eq!(Forms::alone(&code).unwrap(), Forms::Code(code.clone()));
        for (path, forms) in [
            (&lone_component, Forms::Component(lone_component.clone())),
            (&lone_code, Forms::Code(lone_code.clone())),
            (&misnamed, Forms::Code(misnamed.clone())),
            (&beside_text, Forms::Code(beside_text.clone())),
        ] {
            assert_eq!(Forms::of(path).unwrap(), forms);
        }
    }
}
