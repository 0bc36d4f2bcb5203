//! Findings: what is wrong with an artefact, where, and how to fix it.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::{Value, json};

/// The rule behind a finding. The names, in kebab case, are part of the command's interface.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, ValueEnum)]
pub(crate) enum Rule {
    /// The zip's names, modes or sizes
    Archive,
    /// Executable and function are of different architectures
    Architecture,
    /// The executable needs something that `provided.al2023` lacks
    SystemLibraries,
    /// A package lacks its `bootstrap`, or has an extra one
    Bootstrap,
    /// The function's handler is not in its package
    MissingHandler,
    /// The host rejects the machine code
    StalePrecompiled,
    /// The package is larger than Lambda allows
    PackageSize,
    /// The API buffers the response
    TransferMode,
    /// The API invokes the function with the buffering URI
    StreamingUri,
    /// The function URL buffers the response
    InvokeMode,
    /// A caller of the function URL has one of the two permissions it needs
    UrlPermissions,
    /// A function URL does not stream inside a VPC
    UrlInVpc,
    /// One limit on the duration is reached before another
    TimeoutOrder,
    /// An edge-optimized API ends a stream that is silent for 30 seconds
    EdgeIdleLimit,
    /// HTTP APIs, load balancers and VPC Lattice do not stream
    HttpApi,
    /// The caller takes a JSON document, not a stream
    Document,
    /// The settings ask for a variable that the function does not have
    MissingVariable,
    /// The function's role does not allow an AWS call that the settings allow
    MissingAction,
    /// The API or function URL is public
    PublicApi,
    /// The API cannot cache or compress what it streams
    StreamCache,
    /// A change of a parameter does not reach the live stage
    StageUpdate,
    /// A permission that does not exist, or is too wide
    Permission,
    /// The runtime is not `provided.al2023`
    Runtime,
    /// The template cannot be read
    Template,
    /// A tool of the developer's machine is missing or too old
    Machine,
}

/// The name for `--allow`.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value().expect("no rule is skipped");
        f.write_str(value.get_name())
    }
}

/// The severity of a finding.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Severity {
    /// It does not work.
    Error,
    /// It works, but perhaps not as intended.
    Warning,
    /// It can be judged only after the deployment.
    Note,
}

/// One problem.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Finding {
    pub(crate) rule: Rule,
    pub(crate) severity: Severity,
    pub(crate) place: Place,
    /// The problem, in one line.
    pub(crate) what: String,
    /// The fix, in one line. Empty for a note.
    pub(crate) fix: String,
}

/// A file, a line of it, or neither.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Place {
    pub(crate) file: PathBuf,
    /// Counted from 1.
    pub(crate) line: Option<usize>,
}

impl Place {
    pub(crate) fn file(path: &Path) -> Self {
        Self {
            file: path.to_owned(),
            line: None,
        }
    }
}

impl Finding {
    /// Creates an error.
    pub(crate) fn error(
        rule: Rule,
        place: Place,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            rule,
            severity: Severity::Error,
            place,
            what: what.into(),
            fix: fix.into(),
        }
    }

    /// Creates a note: what could not be judged, and why.
    pub(crate) fn note(rule: Rule, place: Place, what: impl Into<String>) -> Self {
        Self {
            rule,
            severity: Severity::Note,
            place,
            what: what.into(),
            fix: String::new(),
        }
    }

    /// Turns an error into a warning. A note stays one.
    pub(crate) fn into_warning(self) -> Self {
        Self {
            severity: self.severity.max(Severity::Warning),
            ..self
        }
    }

    /// Returns the finding as a JSON object.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "rule": self.rule.to_string(),
            "severity": self.severity.name(),
            "file": self.place.file,
            "line": self.place.line,
            "message": self.what,
            "fix": self.fix,
        })
    }
}

impl Severity {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// `FILE:LINE: error[rule]: what`, then the fix, if there is one, on a line of its own.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.file.as_os_str().is_empty() {
            write!(f, "{}:", self.place.file.display())?;
            if let Some(line) = self.place.line {
                write!(f, "{line}:")?;
            }
            f.write_str(" ")?;
        }
        let severity = self.severity.name();
        write!(f, "{severity}[{}]: {}", self.rule, self.what)?;
        if self.fix.is_empty() {
            return Ok(());
        }
        write!(f, "\n  fix: {}", self.fix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_names_file_line_rule_and_fix() {
        let mut finding = Finding::error(
            Rule::TransferMode,
            Place::file(Path::new("template.yaml")),
            "the response is buffered",
            "set `responseTransferMode: STREAM`",
        );

        assert_eq!(
            finding.to_string(),
            "template.yaml: error[transfer-mode]: the response is buffered\n  \
             fix: set `responseTransferMode: STREAM`"
        );
        finding.place.line = Some(7);
        assert!(finding.to_string().starts_with("template.yaml:7: error["));
        finding.place = Place::default();
        assert!(finding.into_warning().to_string().starts_with("warning["));
    }
}
