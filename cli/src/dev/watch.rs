//! Notices that files were changed or replaced.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use tokio::time::timeout;

/// How long a file must stay untouched before it is read: compilers write in many steps.
const QUIET_PERIOD: Duration = Duration::from_millis(100);

/// What builds write into the folder of a project, and what is never compiled.
const NOT_SOURCES: [&str; 7] = [
    "target",
    "dist",
    "node_modules",
    ".venv",
    "__pycache__",
    ".git",
    "Cargo.lock",
];

/// What a build makes, wherever it is.
const COMPONENT_EXTENSIONS: [&str; 2] = ["wasm", "cwasm"];

/// Watches files or the sources of a project.
#[derive(Debug)]
pub(crate) struct Watch {
    touched: Arc<Notify>,
    /// Stops watching when dropped.
    _watcher: RecommendedWatcher,
}

impl Watch {
    /// Watches the folders of `files`, because a file that is replaced takes its own watch with it,
    /// and one that is not there yet has none.
    ///
    /// # Errors
    ///
    /// The system refuses to watch, most often because too many files are watched already.
    pub(crate) fn files<'a>(files: impl IntoIterator<Item = &'a Path>) -> Result<Self> {
        let files: Vec<PathBuf> = files
            .into_iter()
            .map(std::path::absolute)
            .collect::<Result<_, _>>()?;
        let folders = files.iter().filter_map(|file| file.parent());
        let folders: BTreeSet<PathBuf> = folders.map(Path::to_owned).collect();
        let folders: Vec<_> = folders
            .into_iter()
            .map(|folder| (folder, RecursiveMode::NonRecursive))
            .collect();
        Self::new(&folders, move |path| files.iter().any(|file| file == path))
    }

    /// Watches everything in the folder of a project but what builds write there.
    ///
    /// # Errors
    ///
    /// The folder cannot be read, or the system refuses to watch.
    pub(crate) fn sources(folder: &Path) -> Result<Self> {
        let unreadable = || format!("cannot read `{}`", folder.display());
        let mut folders = vec![(folder.to_owned(), RecursiveMode::NonRecursive)];
        for entry in std::fs::read_dir(folder).with_context(unreadable)? {
            let path = entry.with_context(unreadable)?.path();
            if path.is_dir() && is_source(&path) {
                folders.push((path, RecursiveMode::Recursive));
            }
        }
        Self::new(&folders, is_source)
    }

    fn new(
        folders: &[(PathBuf, RecursiveMode)],
        relevant: impl Fn(&Path) -> bool + Send + 'static,
    ) -> Result<Self> {
        let touched = Arc::new(Notify::new());
        let signal = Arc::clone(&touched);
        let mut watcher =
            notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                // An error may stand for lost events: looking once more than needed does no harm.
                let relevant = event.map_or(true, |event| {
                    !matches!(event.kind, EventKind::Access(_))
                        && event.paths.iter().any(|path| relevant(path))
                });
                if relevant {
                    signal.notify_one();
                }
            })
            .context("cannot watch files")?;
        for (folder, mode) in folders {
            watcher
                .watch(folder, *mode)
                .with_context(|| format!("cannot watch `{}`", folder.display()))?;
        }
        Ok(Self {
            touched,
            _watcher: watcher,
        })
    }

    /// Waits until something was touched and has been quiet since.
    pub(crate) async fn changed(&self) {
        self.touched.notified().await;
        while timeout(QUIET_PERIOD, self.touched.notified()).await.is_ok() {}
    }
}

fn is_source(path: &Path) -> bool {
    let is_component = path
        .extension()
        .is_some_and(|extension| COMPONENT_EXTENSIONS.iter().any(|it| extension == *it));
    let name = path.file_name();
    !is_component && name.is_some_and(|name| !NOT_SOURCES.iter().any(|it| name == *it))
}
