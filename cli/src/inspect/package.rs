//! The facts about a package.

use std::path::{Path, PathBuf};

use artifact::{Arch, COMPONENT_EXTENSION, FileKind, Forms, PRECOMPILED_EXTENSION};
use serde_json::{Value, json};

use super::HandlerFacts;
use crate::commands::compile::size;
use crate::finding::{Finding, Place, Rule, Severity};
use crate::package::archive::Archive;
use crate::package::elf::Executable;
use crate::package::inspect::{self, Function, HostPlace, UNPACKED_LIMIT};
use crate::package::layout::{BOOTSTRAP, COMPILER, SETTINGS};

/// The facts about a zip.
#[derive(Debug)]
pub(crate) struct PackageFacts {
    name: String,
    bytes: u64,
    unpacked: u64,
    files: Vec<String>,
    /// The architecture of the executables or of the machine code.
    arch: Option<Arch>,
    has_host: bool,
    has_compiler: bool,
    has_settings: bool,
    handlers: Vec<HandlerFacts>,
    findings: Vec<Finding>,
}

impl PackageFacts {
    /// Reads the content of a zip.
    pub(super) fn read(mut archive: Archive) -> Self {
        let settings = archive.read(SETTINGS, UNPACKED_LIMIT).ok();
        let settings = settings.and_then(|bytes| String::from_utf8(bytes).ok());
        let forms = forms(&mut archive);
        let mut handlers = Vec::new();
        let mut findings = Vec::new();
        for forms in &forms {
            match HandlerFacts::read(forms, settings.as_deref(), |path| {
                archive.read(&path.to_string_lossy(), UNPACKED_LIMIT)
            }) {
                Ok(handler) => handlers.push(handler),
                Err(error) => findings.push(unreadable(&archive, forms, &error)),
            }
        }
        let of_code = handlers.iter().find_map(|it| it.code.as_ref()?.1.arch());
        let arch = of_host(&mut archive).or(of_code);
        findings.extend(check(&mut archive, arch, &forms));
        Self {
            name: archive.path.display().to_string(),
            bytes: archive.bytes,
            unpacked: archive.unpacked(),
            files: archive.entries.iter().map(|it| it.name.clone()).collect(),
            arch,
            has_host: archive.has_file(BOOTSTRAP),
            has_compiler: archive.has_file(COMPILER),
            has_settings: settings.is_some(),
            handlers,
            findings,
        }
    }

    /// Returns whether Lambda and a host of this release take it.
    pub(super) fn runs(&self) -> bool {
        let is_error = |finding: &Finding| finding.severity == Severity::Error;
        self.handlers.iter().all(HandlerFacts::runs) && !self.findings.iter().any(is_error)
    }

    /// Returns the description, for people.
    pub(super) fn lines(&self) -> Vec<String> {
        let size = |bytes: u64| size(usize::try_from(bytes).unwrap_or(usize::MAX));
        let arch = self.arch.map_or("any architecture", Arch::name);
        let mut lines = vec![
            format!(
                "{} ({}, unpacked {}): {} files, for {arch}",
                self.name,
                size(self.bytes),
                size(self.unpacked),
                self.files.len()
            ),
            format!("host: {}", self.host()),
            format!(
                "settings: {}",
                if self.has_settings { SETTINGS } else { "none" }
            ),
        ];
        for handler in &self.handlers {
            lines.push(String::new());
            lines.extend(handler.lines());
        }
        if !self.findings.is_empty() {
            lines.push(String::new());
            lines.extend(self.findings.iter().map(Finding::to_string));
        }
        lines
    }

    fn host(&self) -> String {
        match (self.has_host, self.has_compiler) {
            (true, true) => format!("{BOOTSTRAP} and {COMPILER}"),
            (true, false) => BOOTSTRAP.to_owned(),
            (false, _) => "none, a layer has it".to_owned(),
        }
    }

    /// Returns the description, for programs.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "file": self.name,
            "bytes": self.bytes,
            "unpackedBytes": self.unpacked,
            "files": self.files,
            "architecture": self.arch.map(Arch::name),
            "hasHost": self.has_host,
            "hasCompiler": self.has_compiler,
            "hasSettings": self.has_settings,
            "handlers": self.handlers.iter().map(HandlerFacts::to_json).collect::<Vec<_>>(),
            "findings": self.findings.iter().map(Finding::to_json).collect::<Vec<_>>(),
            "runs": self.runs(),
        })
    }
}

/// Returns the forms of every handler in a package. Other WebAssembly may be among the files for a browser.
fn forms(archive: &mut Archive) -> Vec<Forms> {
    let names = archive.entries.iter().map(|entry| entry.name.clone());
    let names: Vec<_> = names.filter(|name| is_handler(name)).collect();
    let kinds: Vec<_> = names
        .into_iter()
        .filter_map(|name| {
            let bytes = archive.read(&name, UNPACKED_LIMIT).ok()?;
            Some((PathBuf::from(name), FileKind::of(&bytes)))
        })
        .collect();
    let kind_of = |path: &Path| kinds.iter().find(|(it, _)| it == path).map(|it| it.1);
    let mut all: Vec<Forms> = Vec::new();
    for (path, kind) in &kinds {
        let forms = Forms::of(path, *kind, kind_of);
        all.extend(forms.filter(|forms| !all.contains(forms)));
    }
    all
}

fn is_handler(name: &str) -> bool {
    let extension = Path::new(name).extension();
    extension.is_some_and(|it| it == COMPONENT_EXTENSION || it == PRECOMPILED_EXTENSION)
}

/// Returns the architecture of `bootstrap`.
fn of_host(archive: &mut Archive) -> Option<Arch> {
    let bytes = archive.read(BOOTSTRAP, UNPACKED_LIMIT).ok()?;
    Executable::read(&bytes).ok()?.arch
}

/// Makes the checks of `bootstream package`.
fn check(archive: &mut Archive, arch: Option<Arch>, forms: &[Forms]) -> Vec<Finding> {
    let arch = arch.unwrap_or(Arch::HOST);
    let has_host = archive.has_file(BOOTSTRAP);
    if forms.is_empty() && has_host {
        return inspect::host_layer(archive, arch);
    }
    let handler = match forms {
        [one] => Some(stem(one).display().to_string()),
        // Only the function's configuration says which of them it is.
        _ => None,
    };
    let host = if has_host {
        HostPlace::Package
    } else {
        HostPlace::UnknownLayer
    };
    inspect::function(
        archive,
        &Function {
            arch,
            handler,
            host,
        },
    )
}

fn stem(forms: &Forms) -> PathBuf {
    match forms {
        Forms::Component(path)
        | Forms::Code(path)
        | Forms::Both {
            component: path, ..
        } => path.with_extension(""),
    }
}

fn unreadable(archive: &Archive, forms: &Forms, error: &anyhow::Error) -> Finding {
    Finding::error(
        Rule::MissingHandler,
        Place::file(&archive.path),
        format!("`{}` cannot be read: {error:#}", stem(forms).display()),
        "package what `bootstream build` made",
    )
}
