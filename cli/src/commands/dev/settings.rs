//! The functions to run: one from the arguments, or several from a `bootstream.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use bootstream_host::config;
use lambda_protocol::limits::{MEMORY_MIB, TIMEOUT_SECONDS};
use local_lambda::Cors;
use serde::Deserialize;

use crate::args::{DevArgs, FunctionArgs};
use crate::deployment::{HANDLER_NAME, project_file};
use crate::files;

/// The functions to run, and their shared settings.
#[derive(Debug)]
pub(super) struct Plan {
    /// The first is the one that callers reach without a name.
    pub(super) functions: Vec<Settings>,
    /// The sandbox settings in the file of functions.
    pub(super) sandbox: toml::Table,
}

/// One function.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Settings {
    /// Its name, unless it has that of its file.
    pub(super) name: Option<String>,
    pub(super) handler: Option<PathBuf>,
    pub(super) handler_name: String,
    pub(super) concurrency: u16,
    /// The file with the settings of the handler's sandbox, which need not exist.
    pub(super) project: PathBuf,
    pub(super) function: FunctionArgs,
}

/// The command's part of the file. The rest is the host's, which has checked it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct File {
    /// The function that callers reach without a name.
    default: Option<String>,
    functions: BTreeMap<String, Entry>,
    #[serde(flatten)]
    sandbox: toml::Table,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    handler: Option<PathBuf>,
    bootstrap: Option<PathBuf>,
    handler_name: Option<String>,
    memory: Option<u32>,
    timeout: Option<u64>,
    #[serde(default)]
    env: BTreeMap<String, String>,
}

/// Returns the file of functions, if the arguments name one.
pub(super) fn file(args: &DevArgs) -> Option<&Path> {
    let handler = args.handler.as_deref()?;
    handler
        .extension()
        .is_some_and(|it| it == "toml")
        .then_some(handler)
}

/// The table `dev` of a project's file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LocalLambda {
    /// The `Cors` of the function URL, with Lambda's own names.
    cors: Option<Cors>,
}

/// Finds the `Cors` of the function URL: in the arguments, or else in the project's file.
///
/// # Errors
///
/// The table `dev` of the file is invalid.
pub(super) fn cors(args: &DevArgs) -> Result<Option<Cors>> {
    if args.cors.is_some() {
        return Ok(args.cors.clone());
    }
    let handler = args.handler.as_deref().unwrap_or(Path::new("."));
    let file = file(args).map_or_else(|| project_file(handler), Path::to_owned);
    // Preparing the function reports a missing or damaged file.
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let mut table: toml::Table = toml::from_str(&text).unwrap_or_default();
    let Some(dev) = table.remove("dev") else {
        return Ok(None);
    };
    let checked = || -> Result<Option<Cors>> {
        let LocalLambda { cors } = dev.try_into()?;
        let cors = cors.map(|cors| {
            cors.checked()
                .map_err(|error| anyhow!("`dev.cors`: {error}"))
        });
        cors.transpose()
    };
    checked().with_context(|| format!("`{}`", file.display()))
}

/// Reads the functions to run.
///
/// # Errors
///
/// The file of functions cannot be read or is invalid.
pub(super) fn read(args: &DevArgs) -> Result<Plan> {
    if let Some(file) = file(args) {
        let name = file.display();
        let text = files::read_text(file)?;
        config::check_file(&text, &name.to_string())?;
        return parse(&text, file, args).with_context(|| format!("`{name}`"));
    }
    let handler = args.handler.clone();
    let function = Settings {
        name: None,
        project: handler.as_deref().map(project_file).unwrap_or_default(),
        handler,
        handler_name: args.handler_name.clone(),
        concurrency: args.concurrency,
        function: args.function.clone(),
    };
    Ok(Plan {
        functions: vec![function],
        sandbox: toml::Table::new(),
    })
}

fn parse(text: &str, file: &Path, args: &DevArgs) -> Result<Plan> {
    let File {
        default,
        functions,
        sandbox,
    } = toml::from_str(text)?;
    if functions.is_empty() {
        bail!("names no function: add a table `[functions.NAME]`");
    }
    if let Some(default) = default
        .as_ref()
        .filter(|name| !functions.contains_key(*name))
    {
        bail!("the default function `{default}` is not among the functions");
    }
    let mut all = Vec::new();
    for (name, entry) in functions {
        let settings = entry.settings(&name, file, args);
        all.push(settings.with_context(|| format!("function `{name}`"))?);
    }
    all.sort_by_key(|settings| settings.name != default);
    Ok(Plan {
        functions: all,
        sandbox,
    })
}

impl Entry {
    fn settings(self, name: &str, file: &Path, args: &DevArgs) -> Result<Settings> {
        let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
        if name.is_empty() || !name.chars().all(allowed) {
            bail!("a name consists of letters, digits, `-` and `_`");
        }
        if self.handler.is_none() && self.bootstrap.is_none() {
            bail!("has neither a `handler` nor a `bootstrap`");
        }
        let memory = self.memory.unwrap_or(args.function.memory);
        let timeout = self.timeout.unwrap_or(args.function.timeout);
        if !MEMORY_MIB.contains(&memory) || !TIMEOUT_SECONDS.contains(&timeout) {
            bail!("`memory` is {MEMORY_MIB:?} MiB and `timeout` {TIMEOUT_SECONDS:?} seconds");
        }
        let folder = file.parent().unwrap_or(Path::new("."));
        let mut variables = args.function.variables.clone();
        variables.extend(self.env);
        let bootstrap = self.bootstrap.map(|path| folder.join(path));
        let handler_name = self.handler_name.filter(|_| self.handler.is_none());
        Ok(Settings {
            name: Some(name.to_owned()),
            handler: self.handler.map(|path| folder.join(path)),
            handler_name: handler_name.unwrap_or_else(|| HANDLER_NAME.to_owned()),
            concurrency: args.concurrency,
            project: file.to_owned(),
            function: FunctionArgs {
                bootstrap: bootstrap.or_else(|| args.function.bootstrap.clone()),
                variables,
                memory,
                timeout,
                otlp: args.function.otlp.clone(),
            },
        })
    }
}
