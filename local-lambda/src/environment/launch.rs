//! Finds the `bootstrap` binary and starts it the way Lambda does.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::process::{Child, Command};

use super::clock::Clock;
use super::deployment::Deployment;
use super::usage;
use crate::printer::Printer;

/// Variables that a process gets from this one. Everything else is Lambda's or `--env`.
const INHERITED: [&str; 6] = ["HOME", "LANG", "LD_LIBRARY_PATH", "PATH", "TMPDIR", "TZ"];

/// What Lambda starts in a deployed folder.
pub(crate) const EXECUTABLE_NAME: &str = "bootstrap";

/// Names the `bootstrap` of every command that is not told another one.
const VARIABLE: &str = "BOOTSTREAM_BOOTSTRAP";

const REGION: &str = "us-east-1";
const VERSION: &str = "$LATEST";

/// How to start an execution environment.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    pub(crate) bootstrap: PathBuf,
    pub(crate) function_name: String,
    /// The function's handler setting.
    pub(crate) handler_name: String,
    pub(crate) memory_mib: u32,
    /// On Lambda's clock.
    pub(crate) timeout: Duration,
    pub(crate) clock: Clock,
    pub(crate) variables: Vec<(String, String)>,
    /// Whether what each invocation has used is shown.
    pub(crate) shows_usage: bool,
    pub(crate) printer: Printer,
}

impl Launch {
    /// Starts a process. It ends when the returned handle is dropped.
    pub(crate) fn spawn(&self, deployment: &Deployment, api: SocketAddr) -> std::io::Result<Child> {
        let root = deployment.task_root();
        let mut command = Command::new(&self.bootstrap);
        command.env_clear();
        for name in INHERITED {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .env("AWS_LAMBDA_RUNTIME_API", api.to_string())
            .env("_HANDLER", &self.handler_name)
            .env("LAMBDA_TASK_ROOT", root)
            .env("LAMBDA_RUNTIME_DIR", root)
            .env("AWS_LAMBDA_FUNCTION_NAME", &self.function_name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", VERSION)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", self.memory_mib.to_string())
            .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", self.function_name))
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "local")
            .env("AWS_LAMBDA_LOG_FORMAT", "Text")
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .env("AWS_REGION", REGION)
            .env("AWS_DEFAULT_REGION", REGION)
            .envs(self.shows_usage.then_some(usage::VARIABLE))
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(root)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C reaches the whole group of a terminal; these are stopped in order instead.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
    }

    /// How long an invocation may take, on the wall.
    pub(crate) fn real_timeout(&self) -> Duration {
        self.clock.real(self.timeout)
    }

    /// The ARN that invocations carry.
    pub(crate) fn function_arn(&self) -> String {
        function_arn(&self.function_name)
    }
}

/// The ARN of a function by that name.
pub(crate) fn function_arn(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:123456789012:function:{name}")
}

/// How to get a `bootstrap`.
pub(crate) const HOW: &str = "build it with `scripts/build-bootstrap.sh`";

/// Finds the `bootstrap` binary: the named one, else the variable's, else in `../lambda` or beside this executable.
///
/// In that order, because a build of the whole workspace leaves one beside the executable that is
/// not the deployed profile.
///
/// # Errors
///
/// There is none. The error names the places and the command that makes one.
pub(crate) fn find(named: Option<&Path>) -> Result<PathBuf> {
    let variable = std::env::var_os(VARIABLE).filter(|value| !value.is_empty());
    if let Some(path) = named.or(variable.as_deref().map(Path::new)) {
        if !path.is_file() {
            bail!("there is no bootstrap at `{}`: {HOW}", path.display());
        }
        return path
            .canonicalize()
            .with_context(|| format!("cannot find `{}`", path.display()));
    }
    let executable = std::env::current_exe().context("cannot tell where this executable is")?;
    let folder = executable.parent().unwrap_or(Path::new("/"));
    let beside = folder.join(EXECUTABLE_NAME);
    let lambda = folder.with_file_name("lambda").join(EXECUTABLE_NAME);
    if let Some(found) = [&lambda, &beside].into_iter().find(|place| place.is_file()) {
        return Ok(found.clone());
    }
    bail!(
        "found no bootstrap at `{}` or `{}`: {HOW}, or pass --bootstrap",
        lambda.display(),
        beside.display()
    )
}

/// Where `scripts/build-bootstrap.sh` puts a `bootstrap` for another architecture than this machine's.
///
/// # Errors
///
/// The system does not say where this executable is.
pub(crate) fn cross_built(arch: &str) -> Result<PathBuf> {
    let executable = std::env::current_exe().context("cannot tell where this executable is")?;
    let folder = executable.parent().unwrap_or(Path::new("/"));
    Ok(folder
        .with_file_name(arch)
        .join("lambda")
        .join(EXECUTABLE_NAME))
}
