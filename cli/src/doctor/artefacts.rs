//! The zips and folders that a template names.

use super::function::{Code, code, open};
use super::known::Known;
use super::rules::function::architecture_of;
use super::template::{Resource, Template};
use super::yaml::At;
use crate::finding::{Finding, Place, Rule};
use crate::package::archive::Archive;
use crate::package::inspect::{self, Function, HostPlace};
use crate::package::layout::{BOOTSTRAP, COMPILER};
use crate::precompile::Arch;

/// Checks the packages of every function, and of the layers it uses.
pub(crate) fn check(template: &Template) -> Vec<Finding> {
    template
        .functions()
        .flat_map(|(_, function)| of_function(template, function))
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
    let layers = template.layers(function);
    for layer in &layers {
        let what = format!("the layer `{}`", layer.name);
        let Some(mut archive) = package(template, *layer, &what, &mut findings) else {
            continue;
        };
        sizes.push(archive.unpacked());
        // Another layer may hold anything.
        if archive.entry(BOOTSTRAP).is_some() || layers.len() == 1 {
            let compiler = archive.entry(COMPILER).is_some();
            host = HostPlace::Layer { compiler };
            findings.extend(inspect::host_layer(&mut archive, arch));
        }
    }
    let what = format!("the package of function `{}`", function.name);
    if let Some(mut archive) = package(template, function, &what, &mut findings) {
        sizes.push(archive.unpacked());
        let facts = Function {
            arch,
            handler: handler(template, function, &mut findings),
            host,
        };
        findings.extend(inspect::function(&mut archive, &facts));
    }
    let place = Place::file(&template.path());
    findings.extend(inspect::unpacked_size(&sizes, place));
    findings
}

fn arch(function: Resource<'_>) -> Option<Arch> {
    match architecture_of(function) {
        Known::Is("x86_64") => Some(Arch::X86_64),
        Known::Is("arm64") => Some(Arch::Arm64),
        Known::Is(_) | Known::Absent | Known::Unknown(_) => None,
    }
}

fn handler(
    template: &Template,
    function: Resource<'_>,
    findings: &mut Vec<Finding>,
) -> Option<String> {
    let handler = function.text("Handler");
    if let Some(why) = handler.why() {
        let what = format!(
            "cannot tell whether the handler of function `{}` is in its package: `Handler` depends on {why}",
            function.name
        );
        findings.push(template.note(Rule::MissingHandler, function.at_of("Handler"), what));
    }
    handler.is().map(str::to_owned)
}

/// Opens a package that is on this machine, or says that it is not looked at.
fn package(
    template: &Template,
    resource: Resource<'_>,
    what: &str,
    findings: &mut Vec<Finding>,
) -> Option<Archive> {
    match code(&template.files, resource) {
        Code::Local(path) => match open(&path) {
            Ok(archive) => Some(archive),
            Err(error) => {
                findings.push(template.error(
                    Rule::Archive,
                    named_at(resource),
                    format!("cannot read `{}`: {error:#}", path.display()),
                    "make it with `bootstream package`",
                ));
                None
            }
        },
        Code::Elsewhere(place) => {
            let what = format!("{what} was not looked at: it is at {place}");
            findings.push(template.note(Rule::Archive, named_at(resource), what));
            None
        }
        Code::Foreign | Code::Unnamed => None,
    }
}

fn named_at(resource: Resource<'_>) -> At {
    let names = ["CodeUri", "Code", "ContentUri", "Content"];
    let named = names.into_iter().find_map(|name| resource.property(name));
    named.map_or(resource.at(), |node| node.at)
}
