//! Checks that the handler exists, in a form that the host runs.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use artifact::{Arch, Concurrency, FileKind, Forms, Unfit, handler_names};

use super::{Function, HostPlace, UNPACKED_LIMIT, concurrency_of_host};
use crate::bootstrap::HOW_WITH_WASI_P3;
use crate::component;
use crate::finding::{Finding, Place, Rule};
use crate::package::archive::Archive;
use crate::package::layout::{BOOTSTRAP, COMPILER};
use crate::precompile::check_code;

/// Returns the file that the host loads for `Handler`.
pub(super) fn handler_file(archive: &Archive, handler: &str) -> Option<String> {
    let mut names = handler_names(handler).into_iter();
    names.find(|name| archive.has_file(name))
}

pub(super) fn missing_handler(archive: &Archive, handler: &str) -> Finding {
    let names: Vec<_> = archive
        .entries
        .iter()
        .map(|entry| format!("`{}`", entry.name))
        .collect();
    Finding::error(
        Rule::MissingHandler,
        Place::file(&archive.path),
        format!(
            "the function's handler is `{handler}`, but the zip has only {}",
            names.join(", ")
        ),
        "set the function's handler to a component in the zip, \
         or package the component under that name with `--name`",
    )
}

/// The two forms of a handler, with their names and bytes.
struct Content {
    component: Option<(String, Vec<u8>)>,
    code: Option<(String, Vec<u8>)>,
}

impl Content {
    /// Returns what the handler needs of the host.
    fn needs(&self) -> Concurrency {
        let form = self.component.as_ref().or(self.code.as_ref());
        form.map_or(Concurrency::Off, |(_, bytes)| {
            component::concurrency_of_file(bytes)
        })
    }
}

/// Checks that the host can run the handler's file.
pub(super) fn handler_content(
    archive: &mut Archive,
    file: &str,
    function: &Function,
) -> Vec<Finding> {
    let place = Place::file(&archive.path);
    let content = match content(archive, file) {
        Ok(content) => content,
        Err(error) => {
            let what = format!("{error:#}");
            let fix = "package what `bootstream build` made";
            return vec![Finding::error(Rule::MissingHandler, place, what, fix)];
        }
    };
    let compiler = match function.host {
        HostPlace::Layer { compiler, .. } => compiler,
        HostPlace::Package => archive.entry(COMPILER).is_some(),
        // The layer is assumed to have the compiler.
        HostPlace::UnknownLayer => true,
    };
    if content.needs() == Concurrency::On && host_concurrency(archive, function) == Concurrency::Off
    {
        return vec![no_wasi_p3(file, place)];
    }
    match &content.code {
        Some((name, code)) => {
            let component = content
                .component
                .as_ref()
                .map(|(_, bytes)| bytes.as_slice());
            let unfit = check_code(code, component, function.arch).err();
            let stale = unfit.map(|why| stale(name, &why, function.arch, place));
            // If so, the host compiles the component at each cold start.
            let replaced = compiler && component.is_some();
            let finding = stale.map(|it| if replaced { it.into_warning() } else { it });
            finding.into_iter().collect()
        }
        None if compiler => Vec::new(),
        None => vec![no_compiler(file, place)],
    }
}

fn host_concurrency(archive: &mut Archive, function: &Function) -> Concurrency {
    match function.host {
        HostPlace::Layer { concurrency, .. } => concurrency,
        HostPlace::Package => concurrency_of_host(archive),
        // The layer is assumed to have the right one.
        HostPlace::UnknownLayer => Concurrency::On,
    }
}

fn content(archive: &mut Archive, file: &str) -> Result<Content> {
    let kind = FileKind::of(&archive.read(file, UNPACKED_LIMIT)?);
    let beside = |path: &Path| {
        let name = path.to_str().filter(|name| archive.has_file(name))?;
        let bytes = archive.read(name, UNPACKED_LIMIT);
        Some(bytes.map_or(FileKind::Unknown, |bytes| FileKind::of(&bytes)))
    };
    let (component, code) = match Forms::of(Path::new(file), kind, beside) {
        Some(Forms::Component(component)) => (Some(component), None),
        Some(Forms::Code(code)) => (None, Some(code)),
        Some(Forms::Both { component, code }) => (Some(component), Some(code)),
        None => bail!("`{file}` is neither a component nor a precompiled one"),
    };
    let mut read = |path: Option<PathBuf>| -> Result<Option<(String, Vec<u8>)>> {
        let Some(name) = path.and_then(|path| path.into_os_string().into_string().ok()) else {
            return Ok(None);
        };
        let bytes = archive.read(&name, UNPACKED_LIMIT)?;
        Ok(Some((name, bytes)))
    };
    Ok(Content {
        component: read(component)?,
        code: read(code)?,
    })
}

fn stale(name: &str, why: &Unfit, arch: Arch, place: Place) -> Finding {
    Finding::error(
        Rule::StalePrecompiled,
        place,
        format!("the host will not run `{name}`: {why}"),
        format!("make the zip again with `bootstream package --arch {arch}` of the host's release"),
    )
}

fn no_wasi_p3(file: &str, place: Place) -> Finding {
    Finding::error(
        Rule::Bootstrap,
        place,
        format!("`{file}` needs WASI 0.3, and `{BOOTSTRAP}` was built without it"),
        HOW_WITH_WASI_P3,
    )
}

fn no_compiler(file: &str, place: Place) -> Finding {
    Finding::error(
        Rule::StalePrecompiled,
        place,
        format!("`{file}` is not precompiled, and there is no `{COMPILER}` beside `{BOOTSTRAP}`"),
        "package it without `--portable`, or the layer with `--compiler`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::archive::{Content as Zip, DATA, PROGRAM};
    use crate::precompile::precompile;

    const OF_WASI_0_2: &str = "(component (import \"wasi:io/poll@0.2.6\" (instance)))";
    const OF_WASI_0_3: &str = "(component (import \"wasi:clocks/types@0.3.0\" (instance)))";

    /// What is found in a zip of a host, if there is one, and the machine code of a component.
    fn found(bootstrap: Option<&str>, component: &str, host: HostPlace) -> Vec<Finding> {
        let mut zip = Zip::default();
        if let Some(bootstrap) = bootstrap {
            zip.add(BOOTSTRAP, PROGRAM, bootstrap.into());
        }
        let code = precompile(component.as_bytes(), Arch::HOST).unwrap();
        zip.add("handler.cwasm", DATA, code);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.zip");
        zip.write(&path).unwrap();
        let function = Function {
            arch: Arch::HOST,
            handler: None,
            host,
        };
        let mut archive = Archive::open(&path).unwrap();
        handler_content(&mut archive, "handler.cwasm", &function)
    }

    fn layer(concurrency: Concurrency) -> HostPlace {
        HostPlace::Layer {
            compiler: true,
            concurrency,
        }
    }

    #[test]
    fn a_host_without_wasi_0_3_is_found_beside_a_component_that_needs_it() {
        for (bootstrap, host) in [
            (Some("\x7fELF"), HostPlace::Package),
            (None, layer(Concurrency::Off)),
        ] {
            let findings = found(bootstrap, OF_WASI_0_3, host);

            assert_eq!(findings.len(), 1, "{findings:?}");
            assert_eq!(findings[0].rule, Rule::Bootstrap);
            assert_eq!(
                findings[0].what,
                "`handler.cwasm` needs WASI 0.3, and `bootstrap` was built without it"
            );
            assert!(
                findings[0]
                    .fix
                    .contains("`scripts/build-bootstrap.sh --wasi-p3`")
            );
            assert!(found(bootstrap, OF_WASI_0_2, host).is_empty());
        }
    }

    #[test]
    fn a_host_with_wasi_0_3_runs_every_component() {
        for (bootstrap, host) in [
            (Some(Concurrency::HOST_MARK), HostPlace::Package),
            (None, layer(Concurrency::On)),
            (None, HostPlace::UnknownLayer),
        ] {
            for component in [OF_WASI_0_2, OF_WASI_0_3] {
                let findings = found(bootstrap, component, host);
                assert!(findings.is_empty(), "{findings:?}");
            }
        }
    }
}
