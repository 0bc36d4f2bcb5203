//! The two parts of a deployment.

use artifact::{Arch, Concurrency};

use super::files::files;
use super::handler::{handler_content, handler_file, missing_handler};
use super::host::{host, stray_host};
use super::size::upload_size;
use crate::finding::Finding;
use crate::package::archive::Archive;

/// The facts about a package's function.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) arch: Arch,
    /// The function's `Handler`, if it is known.
    pub(crate) handler: Option<String>,
    /// The origin of `bootstrap`.
    pub(crate) host: HostPlace,
}

/// The place of a function's `bootstrap`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum HostPlace {
    /// In a layer, with or without the compiler beside it.
    Layer {
        compiler: bool,
        /// What it supports.
        concurrency: Concurrency,
    },
    /// In a layer that is not available.
    UnknownLayer,
    /// In the function's own package.
    Package,
}

/// Checks the zip of the host layer.
pub(crate) fn host_layer(archive: &mut Archive, arch: Arch) -> Vec<Finding> {
    let mut findings = files(archive);
    findings.extend(upload_size(archive));
    findings.extend(host(archive, arch));
    findings
}

/// Checks the zip of the function's code.
pub(crate) fn function(archive: &mut Archive, function: &Function) -> Vec<Finding> {
    let mut findings = files(archive);
    findings.extend(upload_size(archive));
    match function.host {
        HostPlace::Package => findings.extend(host(archive, function.arch)),
        HostPlace::Layer { .. } | HostPlace::UnknownLayer => findings.extend(stray_host(archive)),
    }
    if let Some(handler) = &function.handler {
        match handler_file(archive, handler) {
            Some(file) => findings.extend(handler_content(archive, &file, function)),
            None => findings.push(missing_handler(archive, handler)),
        }
    }
    findings
}
