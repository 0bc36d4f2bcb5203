//! The functions of a template: which of them use `bootstrap`, and their code.

use std::path::{Path, PathBuf};

use artifact::world::World;
use artifact::{COMPONENT_EXTENSION, FileKind, PRECOMPILED_EXTENSION};

use super::files::Files;
use super::known::Known;
use super::settings::Settings;
use super::template::Resource;
use super::yaml::{At, Node, Value};
use crate::component::Names;
use crate::package::archive::Archive;
use crate::package::inspect::UNPACKED_LIMIT;
use crate::package::layout::{BOOTSTRAP, SETTINGS};

/// A marker that only this runtime's executable contains.
const MARK: &[u8] = b"bootstream:handler";

/// The import of handlers that send a JSON document.
const START_DOCUMENT: &str = "start-document";

/// The default name of the handler, and the default path of its zip.
const DEFAULT_HANDLER: &str = "handler";
const DEFAULT_PACKAGES: [&str; 2] = ["dist/function.zip", "dist/combined.zip"];

/// A function of this runtime.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    /// The name of its resource.
    pub(crate) name: String,
    pub(crate) settings: Settings,
    /// Whether its component can send a JSON document.
    pub(crate) documents: Known<bool>,
}

/// The runtime of a function.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Ours(Box<Function>),
    Foreign,
    /// Unknown: it depends on this, a noun.
    Unknown(String),
}

/// The location of a function's or a layer's code.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Code {
    /// A zip or a folder on this machine, which may not exist.
    Local(PathBuf),
    /// Another place, as text after "it is".
    Elsewhere(String),
    /// In the template, or in an image, which this runtime does not use.
    Foreign,
    Unnamed,
}

/// Finds the code of a function or a layer, whichever property has it.
pub(crate) fn code(files: &Files, resource: Resource<'_>) -> Code {
    if resource.metadata("BuildMethod").is_some() {
        return Code::Elsewhere("what `sam build` makes".to_owned());
    }
    // The path of the CDK's asset.
    let asset = resource.metadata("aws:asset:path");
    if let Some(path) = asset.and_then(Node::scalar) {
        return local(files, resource.at(), path);
    }
    if resource.property("ImageUri").is_some()
        || resource.property("InlineCode").is_some()
        || resource.text("PackageType") == Known::Is("Image")
    {
        return Code::Foreign;
    }
    let named = ["CodeUri", "Code", "ContentUri", "Content"];
    let Some(node) = named.into_iter().find_map(|name| resource.property(name)) else {
        return Code::Unnamed;
    };
    match &node.value {
        Value::Scalar(path) => local(files, node.at, path),
        Value::Open(text) => Code::Elsewhere(format!("at a place that depends on {}", text.why())),
        Value::Map(_) if node.get("ZipFile").is_some() || node.get("ImageUri").is_some() => {
            Code::Foreign
        }
        Value::Map(_) | Value::List(_) | Value::Call(..) => Code::Elsewhere("in S3".to_owned()),
    }
}

fn local(files: &Files, at: At, place: &str) -> Code {
    let path = files.local(at.file, place);
    path.map_or_else(|_| Code::Elsewhere(format!("at `{place}`")), Code::Local)
}

/// Opens a zip or a folder.
///
/// # Errors
///
/// It is missing, or is not a zip.
pub(crate) fn open(path: &Path) -> anyhow::Result<Archive> {
    if path.is_dir() {
        Archive::folder(path)
    } else {
        Archive::open(path)
    }
}

/// What a function's code and layers reveal about its runtime.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Trace {
    Ours,
    Foreign,
    None,
}

/// Determines the runtime of a function. `layers` are the template's layers that it uses, and `is_told` is
/// whether the template has settings of this runtime for it.
pub(crate) fn kind(
    files: &Files,
    resource: Resource<'_>,
    layers: &[Resource<'_>],
    is_told: bool,
) -> Kind {
    let runtime = resource.text("Runtime");
    let code = code(files, resource);
    if code == Code::Foreign || matches!(runtime, Known::Is(it) if !it.starts_with("provided")) {
        return Kind::Foreign;
    }
    let mut archive = match &code {
        Code::Local(path) => open(path).ok(),
        Code::Elsewhere(_) | Code::Foreign | Code::Unnamed => None,
    };
    let handler = resource.text("Handler");
    let is_handler = matches!(&handler, Known::Is(it) if is_component(it));
    let of_code = match &mut archive {
        Some(archive) => trace_of_code(archive, &handler),
        None if is_default(&code, &handler) => Trace::Ours,
        None => Trace::None,
    };
    let of_layers: Vec<_> = layers
        .iter()
        .map(|layer| trace_of_layer(files, *layer))
        .collect();
    let by_layers = of_layers.contains(&Trace::Ours) || has_layer_of_ours(resource);
    let by_code = of_code == Trace::Ours || is_handler && of_code != Trace::Foreign;
    if !(is_told || by_layers || by_code) {
        let by_handler = matches!(&handler, Known::Is(it) if is_foreign_handler(it));
        let is_built = resource
            .metadata("BuildMethod")
            .is_some_and(|method| method.scalar() != Some("makefile"));
        let mut traces = of_layers.iter().chain([&of_code]);
        if by_handler || is_built || traces.any(|trace| *trace == Trace::Foreign) {
            return Kind::Foreign;
        }
        return Kind::Unknown(match (runtime, &archive) {
            (Known::Unknown(why), _) => why,
            (_, None) => unread(&code),
            (_, Some(_)) => "its package, which does not show it".to_owned(),
        });
    }
    Kind::Ours(Box::new(function(resource, &code, archive, &handler)))
}

/// Returns whether a function has a layer of another stack with this project's name.
fn has_layer_of_ours(resource: Resource<'_>) -> bool {
    let layers = resource.property("Layers").map_or(&[][..], Node::items);
    let mut layers = layers.iter();
    layers.any(|layer| match &layer.value {
        Value::Scalar(arn) => arn.contains("bootstream"),
        Value::Open(arn) => arn.to_string().contains("bootstream"),
        Value::List(_) | Value::Map(_) | Value::Call(..) => false,
    })
}

/// Returns whether the names are a project's defaults, for a package that does not exist yet.
fn is_default(code: &Code, handler: &Known<&str>) -> bool {
    let is_package = |path: &Path| DEFAULT_PACKAGES.iter().any(|it| path.ends_with(it));
    matches!(code, Code::Local(path) if is_package(path)) && *handler == Known::Is(DEFAULT_HANDLER)
}

/// Describes a package that was not read, as a noun.
fn unread(code: &Code) -> String {
    match code {
        Code::Elsewhere(place) => format!("its package, which is {place}"),
        Code::Local(path) => format!("its package, and `{}` cannot be read", path.display()),
        Code::Foreign | Code::Unnamed => "its package, which the template does not name".to_owned(),
    }
}

fn function(
    resource: Resource<'_>,
    code: &Code,
    archive: Option<Archive>,
    handler: &Known<&str>,
) -> Function {
    let mut archive = archive;
    let file = archive
        .as_mut()
        .and_then(|archive| archive.read(SETTINGS, UNPACKED_LIMIT).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let documents = match (archive, handler) {
        (Some(mut archive), Known::Is(handler)) => documents(&mut archive, handler),
        (None, _) => Known::Unknown(unread(code)),
        (Some(_), handler) => Known::Unknown(handler.why().unwrap_or("its `Handler`").to_owned()),
    };
    Function {
        name: resource.name.to_owned(),
        settings: Settings::read(file.as_deref(), resource.variables()),
        documents,
    }
}

/// Returns whether the handler's component can send a document.
fn documents(archive: &mut Archive, handler: &str) -> Known<bool> {
    let stem = stem(handler);
    let names = [handler.to_owned(), stem.to_owned(), format!("{stem}.wasm")];
    let component = names
        .iter()
        .filter_map(|name| archive.read(name, UNPACKED_LIMIT).ok())
        .find(|bytes| FileKind::of_source(bytes) == FileKind::Component);
    let Some(component) = component else {
        return Known::Unknown(format!("the component `{stem}`, which its package lacks"));
    };
    match Names::read(&component) {
        Ok(names) => Known::Is(sends_documents(&names)),
        Err(error) => Known::Unknown(format!("its component, which cannot be read: {error}")),
    }
}

/// Returns whether a component can send a document. The host turns each response of `wasi:http` to an event
/// that is no request into one.
fn sends_documents(names: &Names) -> bool {
    let exports = names.exports.iter().map(String::as_str);
    match World::of_exports(exports) {
        Ok(World::Proxy | World::Service) => true,
        Ok(World::Handler) | Err(_) => names.imports_function(START_DOCUMENT),
    }
}

fn is_component(name: &str) -> bool {
    let extension = Path::new(name).extension();
    extension.is_some_and(|it| it == COMPONENT_EXTENSION || it == PRECOMPILED_EXTENSION)
}

/// Returns whether other runtimes have such handlers: `bootstrap`, `index.php`, `Assembly::Class`, `App\Class`.
fn is_foreign_handler(handler: &str) -> bool {
    handler == BOOTSTRAP
        || handler.contains("::")
        || handler.contains('\\')
        || Path::new(handler).extension().is_some()
}

fn trace_of_code(archive: &mut Archive, handler: &Known<&str>) -> Trace {
    let of_host = trace_of_host(archive);
    if of_host != Trace::None {
        return of_host;
    }
    // Other runtimes have WebAssembly as well, but not as the handler.
    let is_handler = |name: &str| match handler {
        Known::Is(handler) => is_component(name) && stem(name) == stem(handler),
        Known::Absent | Known::Unknown(_) => is_component(name) && !name.contains('/'),
    };
    let ours = |name: &str| name == SETTINGS || is_machine_code(name) || is_handler(name);
    if archive.entries.iter().any(|entry| ours(&entry.name)) {
        return Trace::Ours;
    }
    if archive.is_folder() && !archive.entries.is_empty() {
        return Trace::Foreign;
    }
    Trace::None
}

/// Returns whether it is machine code at the root, which no other runtime has.
fn is_machine_code(name: &str) -> bool {
    !name.contains('/')
        && Path::new(name)
            .extension()
            .is_some_and(|it| it == PRECOMPILED_EXTENSION)
}

/// Returns the name of a handler, without an extension.
fn stem(handler: &str) -> &str {
    let stem = handler.strip_suffix(".cwasm");
    stem.or_else(|| handler.strip_suffix(".wasm"))
        .unwrap_or(handler)
}

fn trace_of_layer(files: &Files, layer: Resource<'_>) -> Trace {
    match code(files, layer) {
        Code::Local(path) => open(&path).map_or(Trace::None, |mut it| trace_of_host(&mut it)),
        Code::Elsewhere(_) | Code::Foreign | Code::Unnamed => Trace::None,
    }
}

/// Returns what the `bootstrap` reveals about the runtime, if there is one.
fn trace_of_host(archive: &mut Archive) -> Trace {
    if archive.entry(BOOTSTRAP).is_none_or(|entry| entry.folder) {
        return Trace::None;
    }
    match archive.read(BOOTSTRAP, UNPACKED_LIMIT) {
        Ok(bytes) if bytes.windows(MARK.len()).any(|window| window == MARK) => Trace::Ours,
        Ok(bytes) if starts(&bytes) => Trace::Foreign,
        // One that does not start may belong to any runtime.
        Ok(_) | Err(_) => Trace::None,
    }
}

/// Returns whether it is an executable, or a script whose first line names one.
fn starts(bytes: &[u8]) -> bool {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or(bytes);
    bytes.starts_with(b"\x7fELF") || first.starts_with(b"#!") && !first.ends_with(b"\r")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_with_the_line_ends_of_windows_does_not_start() {
        assert!(starts(b"\x7fELF..") && starts(b"#!/bin/sh\necho"));
        assert!(!starts(b"#!/bin/sh\r\necho\r\n") && !starts(b"MZ") && !starts(b""));
    }

    #[test]
    fn handlers_of_other_runtimes_are_told_by_their_names() {
        for foreign in [
            "bootstrap",
            "index.php",
            "swift.bootstrap",
            "App::Function",
            "App\\Own",
        ] {
            assert!(is_foreign_handler(foreign), "{foreign}");
        }
        for ours in ["handler", "bin/handler"] {
            assert!(!is_foreign_handler(ours), "{ours}");
        }
        assert!(is_component("a.wasm") && is_component("b/a.cwasm") && !is_component("wasm"));
    }
}
