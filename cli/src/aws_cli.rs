//! The developer's AWS credentials, for functions that call AWS: from variables, or from the AWS CLI, which
//! knows profiles and single sign-on.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bootstream_host::config::{ProcessVars, Vars, signs_requests};
use local_lambda::{AwsCredentials, CredentialsProvider};
use serde::Deserialize;
use tokio::process::Command;
use tokio::time::timeout;

const ACCESS_KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET_ACCESS_KEY: &str = "AWS_SECRET_ACCESS_KEY";
const SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";

/// The AWS CLI prints credentials in the form of a `credential_process`.
const EXPORT: [&str; 4] = ["configure", "export-credentials", "--format", "process"];

/// How long the output of the AWS CLI serves other environments, which start together when several requests arrive.
const KEPT: Duration = Duration::from_secs(60);

/// Longest run of the AWS CLI, which may refresh a token of single sign-on over a slow network. The function gives up
/// earlier, and its next request gets what the AWS CLI has exported.
const LIMIT: Duration = Duration::from_secs(30);

/// Obtains credentials for functions whose settings have requests signed.
pub(crate) struct AwsCli {
    /// The variables of the function.
    variables: HashMap<String, String>,
    /// What the AWS CLI has exported, and when. Locked while it runs.
    exported: Mutex<Option<(Instant, AwsCredentials)>>,
}

impl AwsCli {
    pub(crate) fn new(variables: &[(String, String)]) -> Self {
        Self {
            variables: variables.iter().cloned().collect(),
            exported: Mutex::default(),
        }
    }
}

impl CredentialsProvider for AwsCli {
    /// A function that was given credentials by `--env` uses those.
    fn serves(&self, task_root: &Path) -> bool {
        !self.variables.contains_key(ACCESS_KEY_ID) && signs_requests(task_root, &self.variables)
    }

    fn region(&self) -> Option<String> {
        variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"))
    }

    fn credentials(&self) -> Result<AwsCredentials, String> {
        from_variables(&ProcessVars).map_or_else(|| self.exported(), Ok)
    }
}

impl AwsCli {
    fn exported(&self) -> Result<AwsCredentials, String> {
        let mut kept = self.exported.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, credentials)) = &*kept
            && at.elapsed() < KEPT
        {
            return Ok(credentials.clone());
        }
        let credentials = exported(OsStr::new("aws"), LIMIT)?;
        *kept = Some((Instant::now(), credentials.clone()));
        Ok(credentials)
    }
}

fn variable(name: &str) -> Option<String> {
    ProcessVars.get(name).filter(|value| !value.is_empty())
}

fn from_variables(vars: &dyn Vars) -> Option<AwsCredentials> {
    let value = |name| vars.get(name).filter(|value| !value.is_empty());
    Some(AwsCredentials {
        access_key_id: value(ACCESS_KEY_ID)?,
        secret_access_key: value(SECRET_ACCESS_KEY)?,
        token: value(SESSION_TOKEN),
        expiration: None,
    })
}

/// Returns the credentials that the AWS CLI at `program` exports within `limit`.
fn exported(program: &OsStr, limit: Duration) -> Result<AwsCredentials, String> {
    let output = output(program, limit).map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!(
            "no AWS credentials: {ACCESS_KEY_ID} is not set, and the AWS CLI is not installed"
        ),
        ErrorKind::TimedOut => format!(
            "no AWS credentials: {ACCESS_KEY_ID} is not set, and `{}` did not end within {limit:?}: run it to see \
             what it waits for",
            command_line()
        ),
        _ => format!("no AWS credentials: cannot run the AWS CLI: {error}"),
    })?;
    parse(&output)
}

/// Runs the AWS CLI, and kills it after `limit`.
fn output(program: &OsStr, limit: Duration) -> std::io::Result<Output> {
    // Called on a thread that may block.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut command = Command::new(program);
    command.args(EXPORT).stdin(Stdio::null()).kill_on_drop(true);
    runtime.block_on(async { timeout(limit, command.output()).await? })
}

fn command_line() -> String {
    format!("aws {}", EXPORT.join(" "))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Exported {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    expiration: Option<String>,
}

fn parse(output: &Output) -> Result<AwsCredentials, String> {
    let command = command_line();
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        let reason = reason.lines().map(str::trim).find(|line| !line.is_empty());
        let reason = reason.unwrap_or("it gives no reason");
        return Err(format!(
            "no AWS credentials: {ACCESS_KEY_ID} is not set, and `{command}` failed: {reason}"
        ));
    }
    // The parser's own errors quote the document.
    let exported: Exported = serde_json::from_slice(&output.stdout)
        .map_err(|_| format!("no AWS credentials: `{command}` printed none"))?;
    Ok(AwsCredentials {
        access_key_id: exported.access_key_id,
        secret_access_key: exported.secret_access_key,
        token: exported.session_token,
        expiration: exported.expiration,
    })
}

#[cfg(test)]
mod tests {

    use super::*;

    fn table(vars: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        vars.iter().map(owned).collect()
    }

    /// An AWS CLI that runs this script.
    fn exported_by(script: &str) -> Result<AwsCredentials, String> {
        exported_within(LIMIT, script)
    }

    fn exported_within(limit: Duration, script: &str) -> Result<AwsCredentials, String> {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("aws");
        // Written by another process: a child of another test could keep the file open, which then cannot be run.
        let write = "printf '#!/bin/sh\\n%s\\n' \"$1\" >\"$0\" && chmod +x \"$0\"";
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", write]).arg(&program).arg(script);
        assert!(shell.status().unwrap().success());
        exported(program.as_os_str(), limit)
    }

    #[test]
    fn the_aws_cli_exports_credentials() {
        let script = r#"[ "$*" = "configure export-credentials --format process" ] || exit 1
echo '{"Version": 1, "AccessKeyId": "AKID", "SecretAccessKey": "SECRET", "SessionToken": "TOKEN",
"Expiration": "2030-01-01T00:00:00+00:00"}'"#;
        let credentials = exported_by(script).unwrap();
        assert_eq!(credentials.access_key_id, "AKID");
        assert_eq!(credentials.secret_access_key, "SECRET");
        assert_eq!(credentials.token.as_deref(), Some("TOKEN"));
        assert_eq!(
            credentials.expiration.as_deref(),
            Some("2030-01-01T00:00:00+00:00")
        );
    }

    #[test]
    fn without_credentials_the_reason_says_what_to_do() {
        let expired = exported_by("echo 'Error: run aws sso login' >&2; exit 255").unwrap_err();
        assert!(expired.contains("run aws sso login"), "{expired}");
        let nonsense = exported_by("echo SECRET").unwrap_err();
        assert!(nonsense.contains("printed none"), "{nonsense}");
        assert!(!nonsense.contains("SECRET"), "{nonsense}");
        let missing = exported(OsStr::new("/nowhere/aws"), LIMIT).unwrap_err();
        assert!(missing.contains("not installed"), "{missing}");
    }

    #[test]
    fn an_aws_cli_that_waits_is_killed_and_named() {
        let started = Instant::now();
        let slow = exported_within(Duration::from_millis(200), "exec sleep 60").unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(30));
        let expected =
            "`aws configure export-credentials --format process` did not end within 200ms";
        assert!(slow.contains(expected), "{slow}");
    }

    #[test]
    fn variables_have_credentials_if_both_keys_are_set() {
        let vars = |vars: &[(&str, &str)]| -> HashMap<String, String> {
            table(vars).into_iter().collect()
        };
        let both = vars(&[(ACCESS_KEY_ID, "AKID"), (SECRET_ACCESS_KEY, "SECRET")]);
        let credentials = from_variables(&both).unwrap();
        assert_eq!(credentials.secret_access_key, "SECRET");
        assert_eq!(credentials.token, None);
        for one in [
            &[(ACCESS_KEY_ID, "AKID")][..],
            &[(SECRET_ACCESS_KEY, "SECRET")],
        ] {
            assert!(from_variables(&vars(one)).is_none());
        }
    }

    #[test]
    fn only_a_function_that_has_requests_signed_is_given_credentials() {
        let folder = tempfile::tempdir().unwrap();
        let serves = |vars: &[(&str, &str)]| AwsCli::new(&table(vars)).serves(folder.path());
        assert!(!serves(&[]));
        assert!(serves(&[("BOOTSTREAM_AWS_ALLOW", "dynamodb")]));
        let settings = folder.path().join("bootstream.toml");
        std::fs::write(&settings, "aws.allow = ['dynamodb']\n").unwrap();
        assert!(serves(&[]));
        assert!(!serves(&[("BOOTSTREAM_AWS_ALLOW", "")]));
        assert!(!serves(&[(ACCESS_KEY_ID, "AKID")]));
        std::fs::write(&settings, "aws.allow = [\n").unwrap();
        assert!(!serves(&[]));
    }
}
