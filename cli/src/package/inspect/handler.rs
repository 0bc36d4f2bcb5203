//! The handler: whether it is there, in a form that the host runs.

use anyhow::{Result, bail};
use bootstream_host::engine::Unfit;

use super::{Function, HostPlace, UNPACKED_LIMIT};
use crate::component::FileKind;
use crate::finding::{Finding, Place, Rule};
use crate::package::archive::Archive;
use crate::package::layout::{BOOTSTRAP, COMPILER};
use crate::precompile::{Arch, check_code};

/// The file that the host takes for `Handler`, by the host's own rule.
pub(super) fn handler_file(archive: &Archive, handler: &str) -> Option<String> {
    ["", ".wasm", ".cwasm"]
        .iter()
        .map(|extension| format!("{handler}{extension}"))
        .find(|name| archive.entry(name).is_some_and(|entry| !entry.folder))
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

/// A handler in its two forms, by the host's own rule: a `.cwasm` and a `.wasm` of one name.
struct Forms {
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
    let forms = match forms(archive, file) {
        Ok(forms) => forms,
        Err(error) => {
            let what = format!("{error:#}");
            let fix = "package what `bootstream build` made";
            return vec![Finding::error(Rule::MissingHandler, place, what, fix)];
        }
    };
    let compiler = match function.host {
        HostPlace::Layer { compiler } => compiler,
        HostPlace::Package => archive.entry(COMPILER).is_some(),
        // Whoever made that layer knows.
        HostPlace::UnknownLayer => true,
    };
    match &forms.code {
        Some((name, code)) => {
            let component = forms.component.as_ref().map(|(_, bytes)| bytes.as_slice());
            let unfit = check_code(code, component, function.arch).err();
            let stale = unfit.map(|why| stale(name, &why, function.arch, place));
            // Then the host compiles the component at each cold start.
            let replaced = compiler && component.is_some();
            let finding = stale.map(|it| if replaced { it.into_warning() } else { it });
            finding.into_iter().collect()
        }
        None if compiler => Vec::new(),
        None => vec![no_compiler(file, place)],
    }
}

fn forms(archive: &mut Archive, file: &str) -> Result<Forms> {
    let bytes = archive.read(file, UNPACKED_LIMIT)?;
    let stem = [".wasm", ".cwasm"]
        .iter()
        .find_map(|extension| file.strip_suffix(extension))
        .unwrap_or(file);
    let mut sibling = |extension: &str, kind| {
        let name = format!("{stem}.{extension}");
        let bytes = archive.read(&name, UNPACKED_LIMIT).ok()?;
        (FileKind::of(&bytes) == kind).then_some((name, bytes))
    };
    let file = file.to_owned();
    match FileKind::of(&bytes) {
        FileKind::Component => Ok(Forms {
            code: sibling("cwasm", FileKind::Precompiled),
            component: Some((file, bytes)),
        }),
        FileKind::Precompiled => Ok(Forms {
            component: sibling("wasm", FileKind::Component),
            code: Some((file, bytes)),
        }),
        FileKind::CoreModule | FileKind::Text | FileKind::Unknown => {
            bail!("`{file}` is neither a component nor a precompiled one")
        }
    }
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
