//! Starts `bootstrap` the way Lambda does.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use super::deployment::Deployment;
use crate::clock::Clock;
use crate::credentials::{CREDENTIALS_PATH, Credentials, CredentialsEndpoint};
use crate::observer::USAGE_VARIABLE;
use crate::traces::Collector;

/// Variables that a process inherits. All others come from Lambda or the function's configuration.
const INHERITED: [&str; 6] = ["HOME", "LANG", "LD_LIBRARY_PATH", "PATH", "TMPDIR", "TZ"];

/// The file that Lambda starts in a deployed folder.
pub const EXECUTABLE_NAME: &str = "bootstrap";

const REGION: &str = "us-east-1";
const VERSION: &str = "$LATEST";

/// The configuration of a function.
#[derive(Clone, Debug)]
pub struct FunctionConfig {
    /// The executable that serves the function.
    pub bootstrap: PathBuf,
    /// The arguments of the executable. Lambda passes none.
    pub arguments: &'static [&'static str],
    /// The function's name.
    pub function_name: String,
    /// The function's handler setting.
    pub handler_name: String,
    /// Memory in MiB, as reported to the function. It is not enforced.
    pub memory_mib: u32,
    /// Timeout of an invocation, on Lambda's clock.
    pub timeout: Duration,
    /// The clock for the timeout.
    pub clock: Clock,
    /// The function's environment variables.
    pub variables: Vec<(String, String)>,
    /// The AWS credentials that the function is given.
    pub credentials: Credentials,
    /// Whether the usage of each invocation is reported, and the spans that it sends.
    pub reports_usage: bool,
    /// Where what the function sends to its collector goes, too.
    pub collector: Option<Collector>,
}

/// What a process finds around it.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'a> {
    /// The Runtime API.
    pub(super) api: SocketAddr,
    pub(super) credentials: Option<&'a CredentialsEndpoint>,
    /// The variables that name the receivers of traces. Those of the function come before them.
    pub(super) traces: &'a [(&'static str, String)],
}

impl FunctionConfig {
    /// Starts a process. Dropping the returned handle ends it.
    pub(super) fn spawn(
        &self,
        deployment: &Deployment,
        surroundings: Surroundings<'_>,
    ) -> std::io::Result<Child> {
        let Surroundings {
            api,
            credentials,
            traces,
        } = surroundings;
        let root = deployment.task_root();
        let mut command = Command::new(&self.bootstrap);
        command.args(self.arguments).env_clear();
        for name in INHERITED {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        let region = credentials.and_then(CredentialsEndpoint::region);
        let region = region.as_deref().unwrap_or(REGION);
        if let Some(credentials) = credentials {
            let uri = format!("http://{api}{CREDENTIALS_PATH}");
            command
                .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri)
                .env("AWS_CONTAINER_AUTHORIZATION_TOKEN", credentials.token());
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
            .env("AWS_REGION", region)
            .env("AWS_DEFAULT_REGION", region)
            .envs(self.reports_usage.then_some(USAGE_VARIABLE))
            .envs(traces.iter().map(|(name, value)| (name, value)))
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(root)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C reaches the whole process group of a terminal, but these processes must be stopped
            // in order.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
    }

    /// Returns the timeout of an invocation in real time.
    pub(crate) fn real_timeout(&self) -> Duration {
        self.clock.real(self.timeout)
    }

    /// Returns the ARN in the invocations.
    pub(crate) fn function_arn(&self) -> String {
        function_arn(&self.function_name)
    }
}

/// Returns the ARN of the function with this name.
pub(crate) fn function_arn(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:123456789012:function:{name}")
}
