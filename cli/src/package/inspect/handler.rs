//! Checks that the handler exists, in a form that the host runs.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use artifact::{Arch, FileKind, Forms, Unfit, handler_names};

use super::{Function, HostPlace, UNPACKED_LIMIT};
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
        HostPlace::Layer { compiler } => compiler,
        HostPlace::Package => archive.entry(COMPILER).is_some(),
        // The layer is assumed to have the compiler.
        HostPlace::UnknownLayer => true,
    };
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

fn no_compiler(file: &str, place: Place) -> Finding {
    Finding::error(
        Rule::StalePrecompiled,
        place,
        format!("`{file}` is not precompiled, and there is no `{COMPILER}` beside `{BOOTSTRAP}`"),
        "package it without `--portable`, or the layer with `--compiler`",
    )
}
