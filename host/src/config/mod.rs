//! The host's configuration, parsed once into types: the variables Lambda sets, and the user's settings
//! from `bootstream.toml` and `BOOTSTREAM_...` variables.

#[cfg(feature = "outbound-http")]
mod aws;
mod capsule;
mod collector;
mod error;
mod events;
mod file;
mod initialization;
mod observe;
mod sandbox;
mod secrets;
mod setting;
mod tables;
#[cfg(test)]
mod tests;
mod values;
mod vars;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use capsule::RECORD_FOLDER;
pub use error::ConfigError;
pub(crate) use initialization::Initialization;
#[cfg(feature = "rehearsal")]
pub use setting::REHEARSAL_VARIABLE;
pub use setting::{COMMAND_KEYS, FILE_NAME, SETTINGS, Setting};
pub use vars::{
    FUNCTION_NAME, FUNCTION_TIMEOUT, FUNCTION_VERSION, HANDLER, INITIALIZATION_TYPE, LOG_FORMAT,
    LOG_LEVEL, MAX_CONCURRENCY, MEMORY_SIZE, ProcessVars, RUNTIME_API, TASK_ROOT, Vars,
};

use crate::capsule::CapsuleSettings;
use crate::engine::Digest;
use crate::event::EventSettings;
use crate::guest::GuestConfig;
use crate::logging::{Level, LogFormat};
use crate::outbound::SecretSource;
use crate::response::invoker::Buffered;
use crate::runtime_api::Endpoint;
use crate::telemetry::TelemetrySettings;
use setting::{AWS_ALLOW, FILE_SETTINGS, HANDLER_SHA256, INIT_WARM, RESPONSE_BUFFERED};
use values::Values;

/// Most workers. Each has a connection, and an environment has 1,024 file descriptors.
const CONCURRENCY_LIMIT: usize = 1000;

/// Returns the Runtime API's address. Read it first: errors of the rest are reported there.
///
/// # Errors
///
/// When the variable is missing or is not an address.
pub fn endpoint(vars: &dyn Vars) -> Result<Endpoint, ConfigError> {
    let value = vars.get(RUNTIME_API).filter(|value| !value.is_empty());
    let value = value.ok_or(ConfigError::Missing {
        name: RUNTIME_API,
        advice: "bootstrap runs inside Lambda; to run a handler here, use `bootstream dev`",
    })?;
    Ok(value.parse()?)
}

/// The configuration, except for the Runtime API's address.
#[derive(Debug)]
pub struct Config {
    pub(crate) handler: String,
    /// The required digest of the handler's file.
    pub(crate) handler_digest: Option<Digest>,
    pub(crate) task_root: PathBuf,
    pub(crate) max_concurrency: usize,
    /// The function's timeout, if known.
    pub(crate) function_timeout: Option<Duration>,
    /// Why Lambda starts the process.
    pub(crate) initialization: Initialization,
    /// Whether the handler's file is read ahead of the first invocation.
    pub(crate) warm: bool,
    /// Which front ends get a response document instead of a stream.
    pub(crate) buffered: Buffered,
    /// Who gets the records of invocations.
    pub(crate) telemetry: TelemetrySettings,
    /// How invocations are recorded, if they are.
    pub(crate) capsules: Option<Arc<CapsuleSettings>>,
    pub(crate) guest: GuestConfig,
}

impl Config {
    /// Reads the variables, and the file in the task root.
    ///
    /// # Errors
    ///
    /// Names the first setting that is missing, unknown or invalid, and where it is set.
    pub fn read(vars: &dyn Vars) -> Result<Self, ConfigError> {
        let handler = vars.get(HANDLER).filter(|handler| !handler.is_empty());
        let handler = handler.ok_or(ConfigError::Missing {
            name: HANDLER,
            advice: "set the function's handler to its component, such as `handler.wasm`",
        })?;
        let task_root = PathBuf::from(vars.get(TASK_ROOT).unwrap_or_else(|| ".".to_owned()));
        let mut values = file::read(&task_root)?;
        values.override_from(vars)?;
        Self::of_values(vars, &values, handler, task_root)
    }

    fn of_values(
        vars: &dyn Vars,
        values: &Values,
        handler: String,
        task_root: PathBuf,
    ) -> Result<Self, ConfigError> {
        let telemetry = observe::settings(vars, values)?;
        let is_observed = telemetry.is_on();
        let guest = sandbox::guest_config(vars, values, &task_root)?;
        let capsules = capsule::settings(vars, values, &guest)?;
        Ok(Self {
            handler,
            handler_digest: handler_digest(values)?,
            max_concurrency: max_concurrency(vars)?,
            function_timeout: function_timeout(vars)?,
            initialization: Initialization::read(vars),
            warm: warm(values)?,
            buffered: buffered(values)?,
            guest: GuestConfig {
                is_observed,
                is_taped: capsules.is_some(),
                ..guest
            },
            capsules: capsules.map(Arc::new),
            telemetry,
            task_root,
        })
    }

    /// Returns the configuration of a replay: only what `vars` say, whatever the package's file says.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read).
    #[cfg(feature = "rehearsal")]
    pub(crate) fn of_replay(
        vars: &dyn Vars,
        handler: &str,
        task_root: &Path,
    ) -> Result<Self, ConfigError> {
        let mut values = Values::default();
        values.override_from(vars)?;
        let mut config = Self::of_values(vars, &values, handler.to_owned(), task_root.to_owned())?;
        config.guest.is_taped = true;
        Ok(config)
    }

    /// Returns how an event becomes a request.
    #[must_use]
    pub fn events(&self) -> &EventSettings {
        &self.guest.events
    }
}

/// Checks the settings in the text of a file, without the variables they may refer to. Errors call the
/// file `name`.
///
/// # Errors
///
/// Names the first key that is unknown or has a value of the wrong type, with its line.
pub fn check_file(text: &str, name: &str) -> Result<(), ConfigError> {
    file::parse(text, name).map(drop)
}

/// A file of the package to which a setting refers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFile {
    /// The setting, such as `outbound.ca-file`.
    pub key: &'static str,
    /// The path as written: relative to the package, unless it is absolute.
    pub path: String,
    /// Where it is set, such as `bootstream.toml:3`.
    pub origin: String,
}

/// Returns the files to which the settings in the text of a file refer. Errors and origins call that
/// file `name`.
///
/// # Errors
///
/// As for [`check_file`], and when a name is not a string.
pub fn named_files(text: &str, name: &str) -> Result<Vec<NamedFile>, ConfigError> {
    let values = file::parse(text, name)?;
    let mut files = Vec::new();
    for setting in &FILE_SETTINGS {
        if let Some((path, given)) = values.text(setting)? {
            files.push(NamedFile {
                key: setting.key,
                path: path.to_owned(),
                origin: given.origin.to_string(),
            });
        }
    }
    Ok(files)
}

/// Whether the settings in `folder`, with those in `vars`, have requests signed: those of the handler, or the host's
/// own, which fetch secrets. Settings that are invalid have none: the start of the function reports them.
#[must_use]
pub fn signs_requests(folder: &Path, vars: &dyn Vars) -> bool {
    let signs = file::read(folder).and_then(|mut values| {
        values.override_from(vars)?;
        Ok(!values.list(&AWS_ALLOW)?.is_empty() || secrets::any_is_stored(&values)?)
    });
    signs.unwrap_or(false)
}

/// Returns the IAM action that reads the value of a secret from `source`, such as `ssm:/prod/key`. `None` if it is not
/// a source: the start of the function reports it.
#[must_use]
pub fn action_for_secret(source: &str) -> Option<&'static str> {
    let source: SecretSource = source.parse().ok()?;
    Some(source.store.action())
}

/// Returns the log settings. Unknown values fall back to text at INFO: a verbose log is better than a
/// function that does not start.
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

/// Returns the level of events that pass the log's level, with which they pass Lambda's own filter.
pub(crate) fn event_level(vars: &dyn Vars) -> &'static str {
    crate::logging::least_level(&vars.get(LOG_LEVEL).unwrap_or_default())
}

/// Returns how many invocations the process serves at once. Lambda Managed Instances set the variable; if it
/// is missing or not a number, as in every runtime, the result is one.
///
/// # Errors
///
/// When it is more than the limit.
pub fn max_concurrency(vars: &dyn Vars) -> Result<usize, ConfigError> {
    let value = vars.get(MAX_CONCURRENCY).unwrap_or_default();
    let concurrency = value.trim().parse().unwrap_or(1).max(1);
    if concurrency > CONCURRENCY_LIMIT {
        let expected = "at most 1000: each invocation has a connection";
        return Err(ConfigError::Invalid {
            name: MAX_CONCURRENCY,
            value,
            expected,
        });
    }
    Ok(concurrency)
}

fn function_timeout(vars: &dyn Vars) -> Result<Option<Duration>, ConfigError> {
    let Some(value) = vars.get(FUNCTION_TIMEOUT).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let seconds = value.trim().parse::<u32>().ok();
    let seconds = seconds.filter(|seconds| *seconds > 0).map(u64::from);
    let seconds = seconds.ok_or(ConfigError::Invalid {
        name: FUNCTION_TIMEOUT,
        value,
        expected: "a whole number of seconds, at least 1",
    })?;
    Ok(Some(Duration::from_secs(seconds)))
}

fn buffered(values: &Values) -> Result<Buffered, ConfigError> {
    match values.text(&RESPONSE_BUFFERED)? {
        None | Some(("auto", _)) => Ok(Buffered::Auto),
        Some(("always", _)) => Ok(Buffered::Always),
        Some(("never", _)) => Ok(Buffered::Never),
        Some((_, given)) => Err(given.invalid(&RESPONSE_BUFFERED, "`auto`, `always` or `never`")),
    }
}

fn warm(values: &Values) -> Result<bool, ConfigError> {
    match values.text(&INIT_WARM)? {
        None | Some(("auto", _)) => Ok(true),
        Some(("off", _)) => Ok(false),
        Some((_, given)) => Err(given.invalid(&INIT_WARM, "`auto` or `off`")),
    }
}

fn handler_digest(values: &Values) -> Result<Option<Digest>, ConfigError> {
    let Some((text, given)) = values.text(&HANDLER_SHA256)? else {
        return Ok(None);
    };
    let digest = text.strip_prefix("sha256:").unwrap_or(text).parse();
    digest
        .map(Some)
        .map_err(|_| given.invalid(&HANDLER_SHA256, "64 hexadecimal digits"))
}
