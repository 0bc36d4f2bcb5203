//! The zips and folders that a template names.

use artifact::Arch;

use super::function::{Code, code, open};
use super::known::Known;
use super::rules::function::architecture_of;
use super::template::{Resource, Template};
use super::yaml::At;
use crate::finding::{Finding, Place, Rule};
use crate::package::archive::Archive;
use crate::package::inspect::{self, Function, HostPlace};
use crate::package::layout::{BOOTSTRAP, COMPILER};

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
    let what = format!("the package of function `{}`", function.name);
    let mut own = package(template, function, &what, &mut findings);
    let mut sizes: Vec<_> = own.iter().map(Archive::unpacked).collect();
    let has_host = own
        .as_ref()
        .map(|archive| archive.entry(BOOTSTRAP).is_some());
    let layers = template.layers(function);
    let listed = function.property("Layers").map_or(0, |it| it.items().len());
    let mut host = match (listed, has_host) {
        (0, _) => HostPlace::Package,
        // No layer has it, or a finding below reports it.
        (_, Some(true)) if listed == layers.len() => HostPlace::Package,
        _ => HostPlace::UnknownLayer,
    };
    for layer in &layers {
        let what = format!("the layer `{}`", layer.name);
        let Some(mut archive) = package(template, *layer, &what, &mut findings) else {
            host = HostPlace::UnknownLayer;
            continue;
        };
        sizes.push(archive.unpacked());
        // If the function's package lacks it, the only layer must have it. Other layers may hold
        // anything.
        let has_to = listed == 1 && has_host == Some(false);
        if has_to || is_host(&archive) {
            let compiler = archive.entry(COMPILER).is_some();
            host = HostPlace::Layer {
                compiler,
                concurrency: inspect::concurrency_of_host(&mut archive),
            };
            findings.extend(inspect::host_layer(&mut archive, arch));
        }
    }
    if let Some(archive) = &mut own {
        let facts = Function {
            arch,
            handler: handler(template, function, &mut findings),
            host,
        };
        findings.extend(inspect::function(archive, &facts));
    }
    let place = Place::file(&template.path());
    findings.extend(inspect::unpacked_size(&sizes, place));
    findings
}

/// Returns whether a layer has the host, even in the wrong folder.
fn is_host(archive: &Archive) -> bool {
    let nested = format!("/{BOOTSTRAP}");
    let mut names = archive.entries.iter().map(|entry| &entry.name);
    names.any(|name| name == BOOTSTRAP || name.ends_with(&nested))
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

/// Opens a package on this machine, or returns the finding that it was not read.
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
            let what = format!("{what} was not read: it is {place}");
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
