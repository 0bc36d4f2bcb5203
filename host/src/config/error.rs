//! Why a configuration cannot be used. Each message is one line: where, what, and what to do.

use std::io;
use std::path::PathBuf;

use super::setting::{SETTINGS, Setting};
use super::vars::RUNTIME_API;
use crate::runtime_api::InvalidEndpoint;

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A variable that must be set is not.
    #[error("`{name}` is not set; {advice}")]
    Missing {
        /// The variable.
        name: &'static str,
        /// What to do about it.
        advice: &'static str,
    },
    /// A variable of Lambda's has a value that makes no sense.
    #[error("`{name}` is `{value}`; expected {expected}")]
    Invalid {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it should look like.
        expected: &'static str,
    },
    /// The Runtime API's address makes no sense.
    #[error("`{RUNTIME_API}`: {0}")]
    Endpoint(#[from] InvalidEndpoint),
    /// The file of settings is there and cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    UnreadableFile {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file of settings is no TOML.
    #[error("{origin}: {reason}")]
    Syntax {
        /// File and line.
        origin: String,
        /// What the parser expected.
        reason: String,
    },
    /// A key of the file that nobody knows.
    #[error("{origin}: `{key}` is no setting; known are {known}")]
    UnknownKey {
        /// File and line.
        origin: String,
        /// The key.
        key: String,
        /// The keys that may stand there.
        known: String,
    },
    /// A variable `BOOTSTREAM_...` that nobody knows.
    #[error("variable `{0}` is no setting; known are {known}", known = known_variables())]
    UnknownVariable(String),
    /// A setting has a value of another kind than it should have.
    #[error("{origin}: `{key}` is {kind}; expected {expected}")]
    Kind {
        /// The setting's key in the file.
        key: String,
        /// What its value is, such as `a table`.
        kind: &'static str,
        /// File and line.
        origin: String,
        /// What it should look like.
        expected: &'static str,
    },
    /// A secret is in a variable that is not set.
    #[error(
        "{origin}: `secrets` takes `{name}` from a variable of the function, and `{name}` is not set; locally \
         it is with `--env {name}=...`"
    )]
    UnsetSecret {
        /// The variable.
        name: String,
        /// Where the secret is asked for: file and line, or the variable.
        origin: String,
    },
    /// A setting has a value that makes no sense.
    #[error("{origin}: `{key}` is `{value}`; expected {expected}")]
    Setting {
        /// The setting's key in the file.
        key: &'static str,
        /// Its value.
        value: String,
        /// Where it was set: file and line, or the variable.
        origin: String,
        /// What it should look like.
        expected: String,
    },
}

fn known_variables() -> String {
    let names: Vec<String> = SETTINGS.iter().map(Setting::variable).collect();
    format!("`{}`", names.join("`, `"))
}
