//! The measured programs: clients of the Runtime API.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::place::Place;

/// A runtime with the benchmark handler.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Its column in the table.
    pub(crate) name: &'static str,
    pub(crate) executable: PathBuf,
    variables: Vec<(&'static str, String)>,
    /// Whether it serves several invocations at once.
    pub(crate) is_concurrent: bool,
    pub(crate) place: Place,
}

impl Target {
    /// The same runtime in another place.
    pub(crate) fn at(&self, place: Place) -> Self {
        Self {
            place,
            ..self.clone()
        }
    }

    /// The command that starts the program.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.executable);
        self.set_environment(&mut command);
        command
    }

    /// A command for another program, which runs this one.
    pub(crate) fn command_under(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        self.set_environment(&mut command);
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command
    }

    fn set_environment(&self, command: &mut Command) {
        command
            .env_clear()
            .env("AWS_LAMBDA_FUNCTION_NAME", "f")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_LOG_LEVEL", "WARN")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
    }
}

/// All measured targets, the reference last. Compiles the handler.
///
/// # Errors
///
/// When something was not built.
pub(crate) fn all(root: &Path) -> anyhow::Result<Vec<Target>> {
    Ok(vec![
        Target {
            name: "raw hyper",
            executable: built(root, "peers/release/raw-hyper")?,
            variables: vec![],
            is_concurrent: false,
            place: Place::Anywhere,
        },
        native(root, "best native", &BEST)?,
        native(root, "native as shipped", &[])?,
        ours(root)?,
    ])
}

/// Variables that tune the native runtime for best performance.
const BEST: [&str; 2] = ["PEER_NODELAY", "PEER_THREADS"];

fn native(root: &Path, name: &'static str, variables: &[&'static str]) -> anyhow::Result<Target> {
    let variables = variables.iter();
    Ok(Target {
        name,
        executable: built(root, "peers/release/native")?,
        variables: variables.map(|name| (*name, "1".to_owned())).collect(),
        is_concurrent: true,
        place: Place::Anywhere,
    })
}

/// A native runtime, and `bootstrap` with one component for each way to start it, the slowest last.
///
/// # Errors
///
/// When something was not built.
pub(crate) fn starts(root: &Path) -> anyhow::Result<Vec<Target>> {
    let packaged = Target {
        name: "precompiled",
        ..ours(root)?
    };
    // The compiler must lie beside `bootstrap`, and the component without machine code.
    let folder = root.join("target/bench/portable");
    std::fs::create_dir_all(&folder)?;
    for (from, to) in [
        ("lambda/bootstrap", "bootstrap"),
        ("release/bootstream-compile", "bootstream-compile"),
        (GUEST, "handler.wasm"),
    ] {
        std::fs::copy(built(root, from)?, folder.join(to))?;
    }
    let from_component = |name, tmp: PathBuf| -> anyhow::Result<Target> {
        Ok(Target {
            name,
            executable: folder.join("bootstrap"),
            variables: vec![
                ("_HANDLER", "handler".to_owned()),
                ("LAMBDA_TASK_ROOT", text(&folder)?),
                ("TMPDIR", text(&tmp)?),
                // Each start logs that it compiled.
                ("AWS_LAMBDA_LOG_LEVEL", "ERROR".to_owned()),
            ],
            is_concurrent: true,
            place: Place::Anywhere,
        })
    };
    let kept = root.join("target/bench/tmp");
    std::fs::create_dir_all(&kept)?;
    Ok(vec![
        native(root, "best native", &BEST)?,
        packaged,
        from_component("kept in /tmp", kept)?,
        // Without a folder, nothing can be cached.
        from_component("compiled at the start", folder.join("bootstrap"))?,
    ])
}

const GUEST: &str = "guests/wasm32-wasip2/lambda/bench_handler.wasm";

/// `bootstrap` with the handler precompiled.
///
/// # Errors
///
/// When something was not built.
pub(crate) fn ours(root: &Path) -> anyhow::Result<Target> {
    let package = root.join("target/bench");
    let compiler = built(root, "release/bootstream-compile")?;
    let executable = built(root, "lambda/bootstrap")?;
    precompiled(root, executable, &compiler, &package, &[])
}

/// The `bootstrap` in `folder`, with the handler precompiled by the compiler in there.
///
/// # Errors
///
/// When something is missing.
pub(crate) fn before(root: &Path, folder: &Path) -> anyhow::Result<Target> {
    let package = root.join("target/bench/before");
    let executable = folder.join("bootstrap").canonicalize();
    let executable =
        executable.with_context(|| format!("no `bootstrap` in {}", folder.display()))?;
    let compiler = folder.join("bootstream-compile");
    let target = precompiled(root, executable, &compiler, &package, &[])?;
    Ok(Target {
        name: "before",
        ..target
    })
}

/// The `bootstrap` at `executable` with the handler precompiled in the folder `package`.
fn precompiled(
    root: &Path,
    executable: PathBuf,
    compiler: &Path,
    package: &Path,
    options: &[&str],
) -> anyhow::Result<Target> {
    std::fs::create_dir_all(package)?;
    let compiled = Command::new(compiler)
        .arg(built(root, GUEST)?)
        .args(options)
        .arg("-o")
        .arg(package.join("handler.cwasm"))
        .status()
        .with_context(|| format!("`{}`", compiler.display()))?;
    anyhow::ensure!(compiled.success(), "the handler cannot be compiled");
    Ok(Target {
        name: "bootstream",
        executable,
        variables: vec![
            ("_HANDLER", "handler".to_owned()),
            ("LAMBDA_TASK_ROOT", text(package)?),
        ],
        is_concurrent: true,
        place: Place::Anywhere,
    })
}

/// The same with symbols, for counting calls of functions.
///
/// # Errors
///
/// When something was not built.
pub(crate) fn ours_with_names(root: &Path) -> anyhow::Result<Target> {
    const PATH: &str = if cfg!(target_arch = "aarch64") {
        "unstripped/aarch64-unknown-linux-musl/lambda/bootstrap"
    } else {
        "unstripped/x86_64-unknown-linux-musl/lambda/bootstrap"
    };
    Ok(Target {
        executable: built(root, PATH)?,
        ..ours(root)?
    })
}

/// The cargo profile of the `bootstrap` counted for arm64: the one the tests build.
pub(crate) const ARM64_PROFILE: &str = "release";

/// `bootstrap` for arm64 with the handler precompiled, and their folder.
///
/// # Errors
///
/// When something was not built.
pub(crate) fn ours_for_arm64(root: &Path) -> anyhow::Result<(Target, PathBuf)> {
    let path = format!("unstripped/aarch64-unknown-linux-musl/{ARM64_PROFILE}/bootstrap");
    let package = root.join("target/bench/arm64");
    let options = ["--target", "aarch64-unknown-linux-gnu"];
    let compiler = built(root, "release/bootstream-compile")?;
    let executable = built(root, &path)?;
    let target = precompiled(root, executable, &compiler, &package, &options)?;
    Ok((target, package))
}

fn text(path: &Path) -> anyhow::Result<String> {
    let text = path.to_str();
    Ok(text
        .with_context(|| format!("{} is not UTF-8", path.display()))?
        .to_owned())
}

fn built(root: &Path, path: &str) -> anyhow::Result<PathBuf> {
    let path = root.join("target").join(path);
    path.canonicalize()
        .with_context(|| format!("`{}` is missing; run scripts/bench.sh", path.display()))
}
