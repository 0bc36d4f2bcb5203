//! What is measured: each a program that serves the Runtime API.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

/// A runtime with the handler of the benchmarks.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Its column in the table.
    pub(crate) name: &'static str,
    pub(crate) executable: PathBuf,
    variables: Vec<(&'static str, String)>,
    /// Whether it serves several invocations at once.
    pub(crate) is_concurrent: bool,
}

impl Target {
    /// The program, ready to be started.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.executable);
        command
            .env_clear()
            .env("AWS_LAMBDA_FUNCTION_NAME", "f")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_LOG_LEVEL", "WARN")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Everything that is measured, the reference last. Compiles the handler.
///
/// # Errors
///
/// When something was not built.
pub(crate) fn all(root: &Path) -> anyhow::Result<Vec<Target>> {
    let native = built(root, "peers/release/native")?;
    let peer = |name, variables: &[&'static str]| Target {
        name,
        executable: native.clone(),
        variables: variables
            .iter()
            .map(|name| (*name, "1".to_owned()))
            .collect(),
        is_concurrent: true,
    };
    Ok(vec![
        Target {
            name: "raw hyper",
            executable: built(root, "peers/release/raw-hyper")?,
            variables: vec![],
            is_concurrent: false,
        },
        peer("best native", &["PEER_NODELAY", "PEER_THREADS"]),
        peer("native as shipped", &[]),
        ours(root)?,
    ])
}

/// `bootstrap` with the handler precompiled.
///
/// # Errors
///
/// When something was not built.
pub(crate) fn ours(root: &Path) -> anyhow::Result<Target> {
    let handler = built(root, "guests/wasm32-wasip2/release/bench_handler.wasm")?;
    let package = root.join("target/bench");
    std::fs::create_dir_all(&package)?;
    let compiled = Command::new(built(root, "release/bootstream-compile")?)
        .arg(handler)
        .arg("-o")
        .arg(package.join("handler.cwasm"))
        .status()?;
    anyhow::ensure!(compiled.success(), "the handler cannot be compiled");
    let package = package.into_os_string().into_string();
    let package = package.map_err(|path| anyhow::anyhow!("{path:?} is not UTF-8"))?;
    Ok(Target {
        name: "bootstream",
        executable: built(root, "lambda/bootstrap")?,
        variables: vec![
            ("_HANDLER", "handler".to_owned()),
            ("LAMBDA_TASK_ROOT", package),
        ],
        is_concurrent: true,
    })
}

fn built(root: &Path, path: &str) -> anyhow::Result<PathBuf> {
    let path = root.join("target").join(path);
    path.canonicalize()
        .with_context(|| format!("`{}` is missing; run scripts/bench.sh", path.display()))
}
