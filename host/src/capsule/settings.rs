//! Which invocations are recorded, and where their capsules go.

use std::fmt;
use std::path::PathBuf;
use std::sync::OnceLock;

/// The settings that a handler can notice. The others decide what the host does, whose results are recorded.
pub(crate) const KEPT_SETTINGS: [&str; 8] = [
    "context-headers",
    "events-path",
    "files.",
    "limits.",
    "outbound.header-kib",
    "outbound.requests",
    "response.",
    "strip-base-path",
];

/// The variables from which settings and contexts derive what a handler can notice.
pub(crate) const KEPT_VARIABLES: [&str; 5] = [
    crate::config::FUNCTION_NAME,
    crate::config::FUNCTION_VERSION,
    crate::config::MEMORY_SIZE,
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
];

/// Where capsules go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// Each invocation becomes a file in this folder, as it was.
    Folder(PathBuf),
    /// Each failed invocation becomes a record of the log, without secrets.
    Log,
}

/// A secret.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Hidden(pub(crate) String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden")
    }
}

/// What all capsules of a process share.
#[derive(Debug)]
pub(crate) struct CapsuleSettings {
    pub(crate) destination: Destination,
    /// Largest capsule, in bytes before compression.
    pub(crate) limit_bytes: usize,
    /// The settings that are set, of [`KEPT_SETTINGS`].
    pub(crate) settings: Vec<(String, String)>,
    /// The variables that are set, of [`KEPT_VARIABLES`].
    pub(crate) function: Vec<(String, String)>,
    /// The variables that a handler sees.
    pub(crate) variables: Vec<(String, String)>,
    /// Values that the host fills into requests. No capsule has them, although another host may send them back.
    pub(crate) hidden: Vec<Hidden>,
    /// SHA-256 of the component, in hexadecimal. Set when it is loaded.
    pub(crate) component: OnceLock<String>,
}
