//! Errors of a configuration. Each message is one line: the place, the reason, the fix.

use std::io;
use std::path::PathBuf;

#[cfg(feature = "rehearsal")]
use super::setting::REHEARSAL_VARIABLE;
use super::setting::{SETTINGS, Setting};
use super::vars::RUNTIME_API;
use crate::runtime_api::InvalidEndpoint;

/// Why a configuration is invalid.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A required variable is not set.
    #[error("`{name}` is not set; {advice}")]
    Missing {
        /// The variable.
        name: &'static str,
        /// How to fix it.
        advice: &'static str,
    },
    /// One of Lambda's variables has an invalid value.
    #[error("`{name}` is `{value}`; expected {expected}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
        /// The expected form.
        expected: &'static str,
    },
    /// The Runtime API's address is invalid.
    #[error("`{RUNTIME_API}`: {0}")]
    Endpoint(#[from] InvalidEndpoint),
    /// The configuration file exists and cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    UnreadableFile {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The configuration file is not valid TOML.
    #[error("{origin}: {reason}")]
    Syntax {
        /// File and line.
        origin: String,
        /// What the parser expected.
        reason: String,
    },
    /// The file has an unknown key.
    #[error("{origin}: unknown setting `{key}`; expected one of {known}")]
    UnknownKey {
        /// File and line.
        origin: String,
        /// The key.
        key: String,
        /// The keys that are allowed there.
        known: String,
    },
    /// There is an unknown variable `BOOTSTREAM_...`.
    #[error("unknown setting in variable `{0}`; expected one of {known}", known = known_variables())]
    UnknownVariable(String),
    /// The variable of a rehearsal is not valid.
    #[cfg(feature = "rehearsal")]
    #[error("`{REHEARSAL_VARIABLE}`: {0}")]
    Rehearsal(String),
    /// A setting has a value of the wrong type.
    #[error("{origin}: `{key}` is {kind}; expected {expected}")]
    Kind {
        /// The setting's key in the file.
        key: String,
        /// The type of its value, such as `a table`.
        kind: &'static str,
        /// File and line.
        origin: String,
        /// The expected form.
        expected: &'static str,
    },
    /// The variable of a secret is not set.
    #[error(
        "{origin}: `secrets` takes `{name}` from a variable of the function, and `{name}` is not set; locally \
         it is with `--env {name}=...`"
    )]
    UnsetSecret {
        /// The variable.
        name: String,
        /// Where the secret is configured: file and line, or the variable.
        origin: String,
    },
    /// A setting has an invalid value, and the reason says what is expected.
    #[error("{origin}: `{key}`: {reason}")]
    Entry {
        /// The setting's key in the file.
        key: &'static str,
        /// Where it was set: file and line, or the variable.
        origin: String,
        /// The value, what is wrong with it, and the expected form.
        reason: String,
    },
    /// A setting has an invalid value.
    #[error("{origin}: `{key}` is `{value}`; expected {expected}")]
    Setting {
        /// The setting's key in the file.
        key: &'static str,
        /// Its value.
        value: String,
        /// Where it was set: file and line, or the variable.
        origin: String,
        /// The expected form.
        expected: String,
    },
}

fn known_variables() -> String {
    let names: Vec<String> = SETTINGS.iter().map(Setting::variable).collect();
    format!("`{}`", names.join("`, `"))
}
