//! Finds the files of a handler.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use artifact::{FileKind, Forms, handler_names, is_inside_package};

use super::error::LoadError;

/// Finds the file that `_HANDLER` names under `task_root`: as named, or with `.wasm` or `.cwasm`
/// appended.
///
/// # Errors
///
/// When the name leads out of `task_root` or names no file.
pub fn find_handler(task_root: &Path, handler: &str) -> Result<PathBuf, LoadError> {
    if !is_inside_package(handler) {
        return Err(LoadError::InvalidName {
            handler: handler.to_owned(),
        });
    }
    handler_names(handler)
        .iter()
        .map(|name| task_root.join(name))
        .find(|path| path.is_file())
        .ok_or_else(|| LoadError::NotFound {
            path: task_root.join(handler),
        })
}

/// Returns the form of `path`, and ignores the other form beside it.
///
/// # Errors
///
/// As for [`forms`].
pub(super) fn form_alone(path: &Path) -> Result<Forms, LoadError> {
    forms_with(path, |_| None)
}

/// Returns the form of `path`, with the other form beside it.
///
/// # Errors
///
/// When the file cannot be read, or has neither form.
pub(super) fn forms(path: &Path) -> Result<Forms, LoadError> {
    forms_with(path, |beside| {
        let kind = || kind_of(beside).unwrap_or(FileKind::Unknown);
        beside.is_file().then(kind)
    })
}

fn forms_with(
    path: &Path,
    beside: impl FnOnce(&Path) -> Option<FileKind>,
) -> Result<Forms, LoadError> {
    let kind = kind_of(path)?;
    Forms::of(path, kind, beside).ok_or_else(|| {
        let path = path.to_owned();
        match kind {
            FileKind::CoreModule => LoadError::CoreModule { path },
            _ => LoadError::NotWebAssembly { path },
        }
    })
}

fn kind_of(path: &Path) -> Result<FileKind, LoadError> {
    let unreadable = |source| LoadError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut head = Vec::with_capacity(FileKind::HEAD_BYTES);
    let file = File::open(path).map_err(unreadable)?;
    file.take(FileKind::HEAD_BYTES as u64)
        .read_to_end(&mut head)
        .map_err(unreadable)?;
    Ok(FileKind::of(&head))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(forms(&component).unwrap(), both);
        assert_eq!(forms(&code).unwrap(), both);
        let alone = Forms::Component(component.clone());
        assert_eq!(form_alone(&component).unwrap(), alone);
        assert_eq!(form_alone(&code).unwrap(), Forms::Code(code.clone()));
        for (path, expected) in [
            (&lone_component, Forms::Component(lone_component.clone())),
            (&lone_code, Forms::Code(lone_code.clone())),
            (&misnamed, Forms::Code(misnamed.clone())),
            (&beside_text, Forms::Code(beside_text.clone())),
        ] {
            assert_eq!(forms(path).unwrap(), expected);
        }
    }
}
