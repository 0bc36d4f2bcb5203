//! Every variable the host reads, parsed once into types.

use std::path::PathBuf;

use crate::guest::Environment;
use crate::logging::{Level, LogFormat};
use crate::runtime_api::{Endpoint, InvalidEndpoint};

/// The Runtime API's address. Set by Lambda.
pub const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";
/// The handler's file, from the function's configuration. Set by Lambda.
pub const HANDLER: &str = "_HANDLER";
/// The folder of the function's package. Set by Lambda; the working directory when it is not.
pub const TASK_ROOT: &str = "LAMBDA_TASK_ROOT";
/// The function's name. Set by Lambda.
pub const FUNCTION_NAME: &str = "AWS_LAMBDA_FUNCTION_NAME";
/// The function's version. Set by Lambda.
pub const FUNCTION_VERSION: &str = "AWS_LAMBDA_FUNCTION_VERSION";
/// The function's memory in MiB. Set by Lambda.
pub const MEMORY_SIZE: &str = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";
/// `JSON` or `Text`, in any case. Set by Lambda.
pub const LOG_FORMAT: &str = "AWS_LAMBDA_LOG_FORMAT";
/// `TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR` or `FATAL`. Set by Lambda with JSON logs.
pub const LOG_LEVEL: &str = "AWS_LAMBDA_LOG_LEVEL";
/// How many invocations the environment takes at once. Set by Lambda Managed Instances.
pub const MAX_CONCURRENCY: &str = "AWS_LAMBDA_MAX_CONCURRENCY";
/// Names of environment variables the handler may see, separated by commas. Set by the user.
pub const PASS_ENV: &str = "BOOTSTREAM_PASS_ENV";

/// Variables every handler sees: they describe the function and hold no secret.
const ALWAYS_PASSED: [&str; 8] = [
    FUNCTION_NAME,
    FUNCTION_VERSION,
    MEMORY_SIZE,
    LOG_LEVEL,
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "LANG",
    "TZ",
];

/// What a handler can never see, whatever [`PASS_ENV`] says: the credentials of the function's
/// role, and the way to the Runtime API.
const NEVER_PASSED: [&str; 10] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_LAMBDA_METADATA_API",
    "AWS_LAMBDA_METADATA_TOKEN",
    RUNTIME_API,
];

/// Memory kept back for the host itself, in MiB.
const HOST_MEMORY_MIB: usize = 24;
/// The least an instance may use, in MiB, however small the function is.
const LEAST_GUEST_MEMORY_MIB: usize = 16;
/// Linear memory ends at 4 GiB; also the limit when the function's memory is unknown.
const MOST_GUEST_MEMORY_MIB: usize = 4096;
const MIB: usize = 1024 * 1024;
/// An environment has 1,024 threads.
const CONCURRENCY_LIMIT: usize = 1000;

/// Where variables come from: the process, or a test's table.
pub trait Vars {
    /// The value of `name`, if it is set to text.
    fn get(&self, name: &str) -> Option<String>;
}

/// The variables of this process.
#[derive(Clone, Copy, Debug)]
pub struct ProcessVars;

impl Vars for ProcessVars {
    fn get(&self, name: &str) -> Option<String> {
        std::env::var_os(name)?.into_string().ok()
    }
}

/// A variable that cannot be used.
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
    /// A variable has a value that makes no sense.
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
    /// A variable is listed that handlers must not see.
    #[error("`{PASS_ENV}` lists `{0}`, which handlers never see; remove it from the list")]
    Secret(String),
}

/// Where the Runtime API is. Read before everything else, because it is where errors go.
///
/// # Errors
///
/// When the variable is missing or is no address.
pub fn endpoint(vars: &dyn Vars) -> Result<Endpoint, ConfigError> {
    let value = vars.get(RUNTIME_API).filter(|value| !value.is_empty());
    let value = value.ok_or(ConfigError::Missing {
        name: RUNTIME_API,
        advice: "bootstrap runs inside Lambda; to run a handler here, use `bootstream dev`",
    })?;
    Ok(value.parse()?)
}

/// Everything else the host is told from outside.
#[derive(Debug)]
pub struct Config {
    pub(crate) handler: String,
    pub(crate) task_root: PathBuf,
    pub(crate) max_concurrency: usize,
    pub(crate) environment: Environment,
}

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    ///
    /// Names the first variable that is missing or makes no sense.
    pub fn from_vars(vars: &dyn Vars) -> Result<Self, ConfigError> {
        let handler = vars.get(HANDLER).filter(|handler| !handler.is_empty());
        Ok(Self {
            handler: handler.ok_or(ConfigError::Missing {
                name: HANDLER,
                advice: "set the function's handler to its component, such as `handler.wasm`",
            })?,
            task_root: vars.get(TASK_ROOT).unwrap_or_else(|| ".".to_owned()).into(),
            max_concurrency: max_concurrency(vars)?,
            environment: environment(vars)?,
        })
    }
}

/// The log settings. Values nobody knows fall back to text at INFO: a log that says too much beats
/// a function that does not start.
#[must_use]
pub fn log_settings(vars: &dyn Vars) -> (LogFormat, Level) {
    let format = vars
        .get(LOG_FORMAT)
        .map_or(LogFormat::Text, |value| LogFormat::parse(&value));
    let level = vars
        .get(LOG_LEVEL)
        .map_or(Level::INFO, |value| crate::logging::parse_level(&value));
    (format, level)
}

/// One when it is not set, as for all but managed instances; and when it is no number, as every
/// runtime does.
fn max_concurrency(vars: &dyn Vars) -> Result<usize, ConfigError> {
    let value = vars.get(MAX_CONCURRENCY).unwrap_or_default();
    let concurrency = value.trim().parse().unwrap_or(1).max(1);
    if concurrency > CONCURRENCY_LIMIT {
        let expected = "at most 1000: each invocation has a thread";
        return Err(ConfigError::Invalid {
            name: MAX_CONCURRENCY,
            value,
            expected,
        });
    }
    Ok(concurrency)
}

fn environment(vars: &dyn Vars) -> Result<Environment, ConfigError> {
    let memory = parse_memory(vars)?;
    Ok(Environment {
        variables: passed_variables(vars)?,
        memory_limit_bytes: guest_memory_mib(memory) * MIB,
        function_name: vars.get(FUNCTION_NAME).unwrap_or_default(),
        function_version: vars.get(FUNCTION_VERSION).unwrap_or_default(),
        memory_limit_mib: memory.unwrap_or(0),
    })
}

fn parse_memory(vars: &dyn Vars) -> Result<Option<u32>, ConfigError> {
    let Some(value) = vars.get(MEMORY_SIZE).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let memory = value.trim().parse();
    memory.map(Some).map_err(|_| ConfigError::Invalid {
        name: MEMORY_SIZE,
        value,
        expected: "a whole number of MiB",
    })
}

fn guest_memory_mib(function_mib: Option<u32>) -> usize {
    function_mib
        .and_then(|mib| usize::try_from(mib).ok())
        .map_or(MOST_GUEST_MEMORY_MIB, |mib| {
            mib.saturating_sub(HOST_MEMORY_MIB)
        })
        .clamp(LEAST_GUEST_MEMORY_MIB, MOST_GUEST_MEMORY_MIB)
}

fn passed_variables(vars: &dyn Vars) -> Result<Vec<(String, String)>, ConfigError> {
    let listed = vars.get(PASS_ENV).unwrap_or_default();
    let listed = listed
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let mut passed: Vec<(String, String)> = Vec::new();
    for name in ALWAYS_PASSED.into_iter().chain(listed) {
        if NEVER_PASSED.contains(&name) {
            return Err(ConfigError::Secret(name.to_owned()));
        }
        if let Some(value) = vars.get(name)
            && !passed.iter().any(|(seen, _)| seen == name)
        {
            passed.push((name.to_owned(), value));
        }
    }
    Ok(passed)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    struct Table(HashMap<&'static str, &'static str>);

    impl Vars for Table {
        fn get(&self, name: &str) -> Option<String> {
            self.0.get(name).map(|value| (*value).to_owned())
        }
    }

    fn config(vars: &[(&'static str, &'static str)]) -> Result<Config, ConfigError> {
        let mut table = HashMap::from([(HANDLER, "handler.wasm")]);
        table.extend(vars.iter().copied());
        Config::from_vars(&Table(table))
    }

    #[test]
    fn memory_of_the_guest_follows_that_of_the_function() {
        for (function, guest_mib) in [
            (None, 4096),
            (Some("128"), 104),
            (Some("32"), 16),
            (Some("10240"), 4096),
        ] {
            let vars: Vec<_> = function.map(|mib| (MEMORY_SIZE, mib)).into_iter().collect();
            let environment = config(&vars).unwrap().environment;
            assert_eq!(
                environment.memory_limit_bytes,
                guest_mib * MIB,
                "{function:?}"
            );
        }
        assert!(config(&[(MEMORY_SIZE, "lots")]).is_err());
    }

    #[test]
    fn a_handler_sees_what_describes_the_function_and_what_is_listed() {
        let vars = [
            (FUNCTION_NAME, "f"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("TABLE", "t"),
            ("OTHER", "o"),
            (PASS_ENV, " TABLE, UNSET ,,"),
        ];
        let passed = config(&vars).unwrap().environment.variables;
        let expected = [(FUNCTION_NAME, "f"), ("TABLE", "t")];
        assert_eq!(
            passed,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn credentials_cannot_be_listed() {
        for name in NEVER_PASSED {
            let error = config(&[(PASS_ENV, name), (name, "x")]).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    #[test]
    fn concurrency_is_one_unless_lambda_says_more() {
        for (value, expected) in [
            ("4", 4),
            ("1", 1),
            ("0", 1),
            ("-3", 1),
            ("many", 1),
            ("", 1),
        ] {
            assert_eq!(
                config(&[(MAX_CONCURRENCY, value)]).unwrap().max_concurrency,
                expected
            );
        }
        assert_eq!(config(&[]).unwrap().max_concurrency, 1);
        assert!(config(&[(MAX_CONCURRENCY, "1001")]).is_err());
    }

    #[test]
    fn a_missing_handler_or_endpoint_says_what_to_do() {
        let nothing = Table(HashMap::new());
        assert!(
            Config::from_vars(&nothing)
                .unwrap_err()
                .to_string()
                .contains("handler.wasm")
        );
        assert!(
            endpoint(&nothing)
                .unwrap_err()
                .to_string()
                .contains("bootstream dev")
        );
    }
}
