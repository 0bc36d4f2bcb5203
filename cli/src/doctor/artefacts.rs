//! The zips that a template names.

use std::path::{Path, PathBuf};

use super::rules::function::{architecture_of, layers};
use super::template::{Resource, Template};
use crate::finding::{Finding, Place, Rule};
use crate::package::archive::Archive;
use crate::package::inspect::{self, Function, HostPlace};
use crate::package::layout::{BOOTSTRAP, COMPILER};
use crate::precompile::Arch;

/// Checks the zips of every function, and of the layers it uses.
pub(crate) fn check(template: &Template) -> Vec<Finding> {
    template
        .functions()
        .flat_map(|function| of_function(template, function))
        .collect()
}

fn of_function(template: &Template, function: Resource<'_>) -> Vec<Finding> {
    let Some(arch) = arch(function) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    let mut sizes = Vec::new();
    let mut host = if function.property("Layers").is_some() {
        HostPlace::UnknownLayer
    } else {
        HostPlace::Package
    };
    for layer in layers(template, function) {
        let Some(mut archive) = open(template, layer, "ContentUri", &mut findings) else {
            continue;
        };
        sizes.push(archive.unpacked());
        // Another layer may hold anything.
        if archive.entry(BOOTSTRAP).is_some() || layers(template, function).count() == 1 {
            let compiler = archive.entry(COMPILER).is_some();
            host = HostPlace::Layer { compiler };
            findings.extend(inspect::host_layer(&mut archive, arch));
        }
    }
    if let Some(mut archive) = open(template, function, "CodeUri", &mut findings) {
        sizes.push(archive.unpacked());
        let handler = function.text("Handler").map(str::to_owned);
        let facts = Function {
            arch,
            handler,
            host,
        };
        findings.extend(inspect::function(&mut archive, &facts));
    }
    findings.extend(inspect::unpacked_size(&sizes, Place::file(&template.path)));
    findings
}

fn arch(function: Resource<'_>) -> Option<Arch> {
    match architecture_of(function) {
        "x86_64" => Some(Arch::X86_64),
        "arm64" => Some(Arch::Arm64),
        _ => None,
    }
}

/// Opens a zip that is on this machine. One that is elsewhere, and a folder, cannot be looked at.
fn open(
    template: &Template,
    resource: Resource<'_>,
    property: &str,
    findings: &mut Vec<Finding>,
) -> Option<Archive> {
    let named = resource.property(property)?;
    let path = local(template, named.scalar()?)?;
    match Archive::open(&path) {
        Ok(archive) => Some(archive),
        Err(error) => {
            findings.push(template.error(
                Rule::Archive,
                named.line,
                format!("cannot read `{}`: {error:#}", path.display()),
                "make it with `bootstream package`",
            ));
            None
        }
    }
}

fn local(template: &Template, text: &str) -> Option<PathBuf> {
    let path = template.beside(text);
    let elsewhere = text.starts_with("s3://") || text.starts_with("https://");
    (!elsewhere && !Path::new(&path).is_dir()).then_some(path)
}
