//! The measured programs: clients of the Runtime API.

mod languages;
mod ours;
mod proxies;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
pub(crate) use languages::{CPYTHON, NODE, PYTHON, QUICKJS, SPIDERMONKEY, languages};
pub(crate) use ours::{before, handlers, ours, ours_for_arm64, ours_with_names, worlds};
pub(crate) use proxies::proxies;

use crate::place::Place;
use crate::root;
use crate::upstream::Upstream;

type Trust = fn(&Upstream) -> Vec<(&'static str, String)>;

/// A runtime with the benchmark handler.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Its column in the table.
    pub(crate) name: &'static str,
    pub(crate) executable: PathBuf,
    variables: Vec<(&'static str, String)>,
    /// For a proxy: the variables by which it trusts its server.
    upstream: Option<Trust>,
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

    /// For a proxy, starts its server, and tells `command` of it.
    pub(crate) fn start_upstream(&self, command: &mut Command) -> anyhow::Result<Option<Upstream>> {
        let Some(trust) = self.upstream else {
            return Ok(None);
        };
        let upstream = Upstream::start(&root()?.join("target/bench"))?;
        command.envs(trust(&upstream));
        Ok(Some(upstream))
    }

    /// Removes the files of its package from the page cache, and its executable if it has no package.
    pub(crate) fn evict(&self) -> anyhow::Result<()> {
        let package = self.variables.iter().find(|it| it.0 == "LAMBDA_TASK_ROOT");
        let files = match package {
            None => vec![self.executable.clone()],
            Some((_, folder)) => std::fs::read_dir(folder)?
                .map(|entry| Ok(entry?.path()))
                .collect::<std::io::Result<Vec<_>>>()?,
        };
        for file in files.iter().filter(|file| file.is_file()) {
            let file = std::fs::File::open(file)?;
            file.sync_all()?;
            rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?;
        }
        Ok(())
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
            upstream: None,
            is_concurrent: false,
            place: Place::Anywhere,
        },
        native(root, "best native", "native", &BEST)?,
        native(root, "native as shipped", "native", &[])?,
        ours(root)?,
    ])
}

/// Variables that tune the native runtime for best performance.
const BEST: [&str; 2] = ["PEER_NODELAY", "PEER_THREADS"];

fn native(
    root: &Path,
    name: &'static str,
    program: &str,
    variables: &[&'static str],
) -> anyhow::Result<Target> {
    let variables = variables.iter();
    Ok(Target {
        name,
        executable: built(root, &format!("peers/release/{program}"))?,
        variables: variables.map(|name| (*name, "1".to_owned())).collect(),
        upstream: None,
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
        (ours::GUEST, "handler.wasm"),
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
            upstream: None,
            is_concurrent: true,
            place: Place::Anywhere,
        })
    };
    let kept = root.join("target/bench/tmp");
    std::fs::create_dir_all(&kept)?;
    Ok(vec![
        native(root, "best native", "native", &BEST)?,
        packaged,
        from_component("kept in /tmp", kept)?,
        // Without a folder, nothing can be cached.
        from_component("compiled at the start", folder.join("bootstrap"))?,
    ])
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
