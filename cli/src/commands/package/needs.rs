//! What a component needs of the host that is packed with it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use artifact::{Concurrency, FileKind, Stamp};

use super::progress;
use crate::commands::build::component_for;
use crate::component;
use crate::files;
use crate::package::layout::FunctionFiles;
use crate::printer::Printer;
use crate::project::Effort;

/// Returns what the packaged component needs of the host.
pub(super) fn of_function(function: &FunctionFiles) -> Concurrency {
    let file = function
        .component
        .as_ref()
        .or(function.machine_code.as_ref());
    file.map_or(Concurrency::Off, |bytes| {
        component::concurrency_of_file(bytes)
    })
}

/// Returns what the component in a file, or of a project, needs of a host that is packed without it.
///
/// # Errors
///
/// There is no such component.
pub(super) fn of_host_alone(handler: &Path, printer: &Printer) -> Result<Concurrency> {
    of(handler, printer).context("name the component, so that the right `bootstrap` is taken")
}

fn of(handler: &Path, printer: &Printer) -> Result<Concurrency> {
    let file = built(handler, printer)?;
    let bytes = files::read(&file)?;
    let checked = match FileKind::of_source(&bytes) {
        FileKind::Precompiled => Stamp::read(&bytes).map(drop).map_err(Into::into),
        _ => component::check_handler(&bytes).map(drop),
    };
    checked.with_context(|| format!("`{}`", file.display()))?;
    Ok(component::concurrency_of_file(&bytes))
}

/// Returns the component that the user named, after building it if it is a project.
///
/// # Errors
///
/// The project does not build.
pub(super) fn built(handler: &Path, printer: &Printer) -> Result<PathBuf> {
    if handler.is_dir() {
        progress(printer, &format!("building `{}`", handler.display()));
    }
    component_for(handler, Effort::Full, *printer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use artifact::Arch;

    use crate::precompile::precompile;

    const ADVICE: &str = "name the component, so that the right `bootstrap` is taken: ";

    fn of_file(path: &Path) -> Result<Concurrency, String> {
        of_host_alone(path, &Printer::from_terminal()).map_err(|error| format!("{error:#}"))
    }

    fn exporting(name: &str) -> Vec<u8> {
        let text = format!("(component (instance $it) (export \"{name}\" (instance $it)))");
        wat::parse_str(text).unwrap()
    }

    #[test]
    fn a_host_alone_is_the_one_that_the_component_of_the_folder_needs() {
        for (export, expected) in [
            ("wasi:http/incoming-handler@0.2.6", Concurrency::Off),
            ("wasi:http/handler@0.3.0", Concurrency::On),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let settings = "[build]\ncomponent = \"handler.wasm\"\n";
            std::fs::write(folder.path().join("bootstream.toml"), settings).unwrap();
            let component = folder.path().join("handler.wasm");
            std::fs::write(&component, exporting(export)).unwrap();
            let code = folder.path().join("handler.cwasm");
            let bytes = precompile(&exporting(export), Arch::HOST).unwrap();
            std::fs::write(&code, bytes).unwrap();

            for named in [folder.path(), &component, &code] {
                assert_eq!(of_file(named), Ok(expected), "{named:?}");
            }
        }
    }

    #[test]
    fn a_host_alone_is_not_packed_without_knowing_what_it_has_to_run() {
        let folder = tempfile::tempdir().unwrap();
        let garbage = folder.path().join("garbage.wasm");
        std::fs::write(&garbage, "garbage").unwrap();
        for (named, why) in [
            (
                folder.path(),
                "has neither a Cargo.toml nor a bootstream.toml",
            ),
            (&folder.path().join("missing.wasm"), "cannot read `"),
            (&garbage, "is not WebAssembly"),
        ] {
            let error = of_file(named).unwrap_err();

            assert!(error.starts_with(ADVICE), "{error}");
            assert!(error.contains(why), "{error}");
        }
    }
}
