//! The files of a package that make up a handler.

use std::path::{Component, Path, PathBuf};

use crate::file_kind::FileKind;

/// The file name extension of a component.
pub const COMPONENT_EXTENSION: &str = "wasm";

/// The file name extension of a precompiled component.
pub const PRECOMPILED_EXTENSION: &str = "cwasm";

/// Returns the file names that a handler may have in a package, in search order: the name itself, and with
/// `.wasm` or `.cwasm` appended.
#[must_use]
pub fn handler_names(handler: &str) -> [String; 3] {
    [
        handler.to_owned(),
        format!("{handler}.{COMPONENT_EXTENSION}"),
        format!("{handler}.{PRECOMPILED_EXTENSION}"),
    ]
}

/// Returns whether the name of a handler stays inside the package.
#[must_use]
pub fn is_inside_package(handler: &str) -> bool {
    let mut parts = Path::new(handler).components();
    !handler.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)))
}

/// The forms of a handler: one or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forms {
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
    /// Returns the form of `path`, a file of this kind, with the other form beside it. `beside` returns the
    /// kind of another file, or `None` if there is none. Returns `None` if `path` has neither form.
    #[must_use]
    pub fn of(
        path: &Path,
        kind: FileKind,
        beside: impl FnOnce(&Path) -> Option<FileKind>,
    ) -> Option<Self> {
        let path = path.to_owned();
        match kind {
            FileKind::Component => {
                let code = path.with_extension(PRECOMPILED_EXTENSION);
                // Its stamp records whether it is machine code of this component.
                let is_there = code != path && beside(&code).is_some();
                Some(if is_there {
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
                let is_there = component != path && beside(&component) == Some(FileKind::Component);
                Some(if is_there {
                    Self::Both {
                        component,
                        code: path,
                    }
                } else {
                    Self::Code(path)
                })
            }
            FileKind::Text | FileKind::CoreModule | FileKind::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_is_its_file_name_or_its_bare_name() {
        assert_eq!(handler_names("a"), ["a", "a.wasm", "a.cwasm"]);
        assert_eq!(
            handler_names("a.wasm"),
            ["a.wasm", "a.wasm.wasm", "a.wasm.cwasm"]
        );
    }

    #[test]
    fn a_name_cannot_lead_out_of_the_package() {
        for name in ["", "..", "../x", "a/../../x", "/etc/passwd", "./x"] {
            assert!(!is_inside_package(name), "{name}");
        }
        for name in ["a", "a.wasm", "sub/a", "a..b"] {
            assert!(is_inside_package(name), "{name}");
        }
    }

    #[test]
    fn both_forms_are_found_from_either() {
        use FileKind::{Component, CoreModule, Precompiled, Unknown};
        let path = PathBuf::from;
        let both = Forms::Both {
            component: path("a.wasm"),
            code: path("a.cwasm"),
        };
        let code = |name| Some(Forms::Code(path(name)));
        let component = Some(Forms::Component(path("a.wasm")));
        let both = || Some(both.clone());
        for (name, kind, other, other_kind, expected) in [
            ("a.wasm", Component, "a.cwasm", Precompiled, both()),
            ("a.cwasm", Precompiled, "a.wasm", Component, both()),
            // Damaged machine code is reported, not ignored.
            ("a.wasm", Component, "a.cwasm", Unknown, both()),
            ("a.cwasm", Precompiled, "a.wasm", Unknown, code("a.cwasm")),
            ("a.wasm", Precompiled, "a.wasm", Precompiled, code("a.wasm")),
            ("a.wasm", Component, "", Unknown, component),
            ("a.wasm", CoreModule, "a.cwasm", Precompiled, None),
        ] {
            let forms = Forms::of(Path::new(name), kind, |beside| {
                (beside == Path::new(other)).then_some(other_kind)
            });
            assert_eq!(forms, expected, "{name} {kind:?} {other} {other_kind:?}");
        }
    }
}
