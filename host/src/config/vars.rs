//! The variables that Lambda sets, and the source of variables.

use std::collections::HashMap;

use lambda_protocol::LogLevel;

/// The Runtime API's address.
pub const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";
/// The handler's file, from the function's configuration.
pub const HANDLER: &str = "_HANDLER";
/// The directory of the function's package; defaults to the working directory.
pub const TASK_ROOT: &str = "LAMBDA_TASK_ROOT";
/// The function's name.
pub const FUNCTION_NAME: &str = "AWS_LAMBDA_FUNCTION_NAME";
/// The function's version.
pub const FUNCTION_VERSION: &str = "AWS_LAMBDA_FUNCTION_VERSION";
/// The function's memory in MiB.
pub const MEMORY_SIZE: &str = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";
/// The function's timeout in seconds. AWS does not set it; its Runtime Interface Emulator does.
pub const FUNCTION_TIMEOUT: &str = "AWS_LAMBDA_FUNCTION_TIMEOUT";
/// The initialization type: `snap-start` announces a snapshot of the process.
pub const INITIALIZATION_TYPE: &str = "AWS_LAMBDA_INITIALIZATION_TYPE";
/// `JSON` or `Text`, in any case.
pub const LOG_FORMAT: &str = "AWS_LAMBDA_LOG_FORMAT";
/// `TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR` or `FATAL`. Set with JSON logs.
pub const LOG_LEVEL: &str = LogLevel::VARIABLE;
/// How many invocations the environment serves at once. Set by Lambda Managed Instances.
pub const MAX_CONCURRENCY: &str = "AWS_LAMBDA_MAX_CONCURRENCY";

/// The function's log group and log stream.
pub(super) const LOG_GROUP: &str = "AWS_LAMBDA_LOG_GROUP_NAME";
pub(super) const LOG_STREAM: &str = "AWS_LAMBDA_LOG_STREAM_NAME";

/// The function's region.
pub(super) const REGION: &str = "AWS_REGION";

/// The address of X-Ray's daemon.
pub(super) const XRAY_DAEMON: &str = "AWS_XRAY_DAEMON_ADDRESS";

/// The names that Powertools gives to metrics.
pub(super) const METRICS_NAMESPACE: &str = "POWERTOOLS_METRICS_NAMESPACE";
pub(super) const SERVICE_NAME: &str = "POWERTOOLS_SERVICE_NAME";

/// The credentials of the function's role.
pub(super) const ACCESS_KEY_ID: &str = "AWS_ACCESS_KEY_ID";
pub(super) const SECRET_ACCESS_KEY: &str = "AWS_SECRET_ACCESS_KEY";
pub(super) const SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";

/// Where credentials are fetched instead, as under SnapStart.
pub(super) const CREDENTIALS_FULL_URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
pub(super) const CREDENTIALS_RELATIVE_URI: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
pub(super) const CREDENTIALS_TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
pub(super) const CREDENTIALS_TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";

/// Variables that every handler sees: they describe the function and hold no secrets.
pub(super) const ALWAYS_PASSED: [&str; 8] = [
    FUNCTION_NAME,
    FUNCTION_VERSION,
    MEMORY_SIZE,
    LOG_LEVEL,
    REGION,
    "AWS_DEFAULT_REGION",
    "LANG",
    "TZ",
];

/// Variables that a handler never sees, whatever the configuration says: the credentials of the function's
/// role, and the Runtime API's address.
pub(super) const NEVER_PASSED: [&str; 10] = [
    ACCESS_KEY_ID,
    SECRET_ACCESS_KEY,
    SESSION_TOKEN,
    CREDENTIALS_TOKEN,
    CREDENTIALS_TOKEN_FILE,
    CREDENTIALS_FULL_URI,
    CREDENTIALS_RELATIVE_URI,
    "AWS_LAMBDA_METADATA_API",
    "AWS_LAMBDA_METADATA_TOKEN",
    RUNTIME_API,
];

/// A source of variables: the process, or a test's table.
pub trait Vars {
    /// Returns the value of `name`, if it is set and valid UTF-8.
    fn get(&self, name: &str) -> Option<String>;

    /// Returns the names of all variables that are valid UTF-8.
    fn names(&self) -> Vec<String>;
}

/// A table of variables, for tests.
impl Vars for HashMap<String, String> {
    fn get(&self, name: &str) -> Option<String> {
        Self::get(self, name).cloned()
    }

    fn names(&self) -> Vec<String> {
        self.keys().cloned().collect()
    }
}

/// The variables of this process.
#[derive(Clone, Copy, Debug)]
pub struct ProcessVars;

impl Vars for ProcessVars {
    fn get(&self, name: &str) -> Option<String> {
        std::env::var_os(name)?.into_string().ok()
    }

    fn names(&self) -> Vec<String> {
        std::env::vars_os()
            .filter_map(|(name, _)| name.into_string().ok())
            .collect()
    }
}
