//! Describes a component, its machine code, or a package.
//!
//! `component.rs` and `code.rs` describe the two forms of a handler, `package.rs` a zip. Each has its facts as
//! a type, and the same facts as lines and as JSON.

mod code;
mod component;
mod package;
mod text;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use artifact::{FileKind, Forms};
use bootstream_host::config::FILE_NAME;
use serde_json::{Value, json};

use crate::files;
use crate::package::archive::Archive;
use code::CodeFacts;
use component::ComponentFacts;
use package::PackageFacts;

/// The described file.
#[derive(Debug)]
pub(crate) enum Subject {
    Handler(Box<HandlerFacts>),
    Package(PackageFacts),
}

/// The forms of a handler, side by side.
#[derive(Debug)]
pub(crate) struct HandlerFacts {
    component: Option<(String, ComponentFacts)>,
    code: Option<(String, CodeFacts)>,
}

impl Subject {
    /// Reads a file, and the other form of the handler beside it.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is damaged, or is neither a handler nor a zip. The error does not name it.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let bytes = files::read(path)?;
        if bytes.starts_with(b"PK") {
            return Ok(Self::Package(PackageFacts::read(Archive::open(path)?)));
        }
        let settings = files::read_text(&path.with_file_name(FILE_NAME)).ok();
        let kind = FileKind::of_source(&bytes);
        if kind == FileKind::Text {
            let binary = wat::parse_bytes(&bytes)?;
            let facts = ComponentFacts::read(&binary, settings.as_deref())?;
            let component = Some((path.display().to_string(), facts));
            let code = None;
            return Ok(Self::Handler(Box::new(HandlerFacts { component, code })));
        }
        let beside = |other: &Path| Some(FileKind::of(&std::fs::read(other).ok()?));
        let Some(forms) = Forms::of(path, kind, beside) else {
            bail!(
                "is neither a component nor machine code nor a zip: pass a file that `bootstream build`, \
                 `compile` or `package` made"
            );
        };
        let read = |path: &PathBuf| files::read(path);
        let facts = HandlerFacts::read(&forms, settings.as_deref(), read)?;
        Ok(Self::Handler(Box::new(facts)))
    }

    /// Returns whether a host of this release runs it.
    pub(crate) fn runs(&self) -> bool {
        match self {
            Self::Handler(handler) => handler.runs(),
            Self::Package(package) => package.runs(),
        }
    }

    /// Returns the description, for people.
    pub(crate) fn lines(&self) -> Vec<String> {
        match self {
            Self::Handler(handler) => handler.lines(),
            Self::Package(package) => package.lines(),
        }
    }

    /// Returns the description, for programs.
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Handler(handler) => handler.to_json(),
            Self::Package(package) => package.to_json(),
        }
    }
}

impl HandlerFacts {
    /// Reads the forms with `read`, and compares the settings the handler may need with the text of its
    /// `bootstream.toml`.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or the component is damaged.
    fn read(
        forms: &Forms,
        settings: Option<&str>,
        mut read: impl FnMut(&PathBuf) -> Result<Vec<u8>>,
    ) -> Result<Self> {
        let (component, code) = match forms {
            Forms::Component(component) => (Some(component), None),
            Forms::Code(code) => (None, Some(code)),
            Forms::Both { component, code } => (Some(component), Some(code)),
        };
        let name = |path: &PathBuf| path.display().to_string();
        let bytes = component.map(&mut read).transpose()?;
        let code = match code {
            Some(path) => Some((name(path), CodeFacts::read(&read(path)?, bytes.as_deref()))),
            None => None,
        };
        let component = match component.zip(bytes) {
            Some((path, bytes)) => Some((name(path), ComponentFacts::read(&bytes, settings)?)),
            None => None,
        };
        Ok(Self { component, code })
    }

    fn runs(&self) -> bool {
        // A component is compiled again if its machine code does not fit.
        match (&self.component, &self.code) {
            (Some((_, component)), _) => component.runs(),
            (None, Some((_, code))) => code.runs(),
            (None, None) => false,
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some((name, component)) = &self.component {
            lines.extend(component.lines(name));
        }
        match &self.code {
            Some((name, code)) => lines.extend(code.lines(name, self.component.is_some())),
            None => lines.push("machine code: none beside it".to_owned()),
        }
        lines
    }

    fn to_json(&self) -> Value {
        let component = self.component.as_ref();
        let code = self.code.as_ref();
        json!({
            "component": component.map(|(name, facts)| facts.to_json(name)),
            "machineCode": code.map(|(name, facts)| facts.to_json(name)),
            "runs": self.runs(),
        })
    }
}
