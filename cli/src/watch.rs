//! Watches for changed and replaced files.

use std::collections::BTreeSet;
use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use artifact::{COMPONENT_EXTENSION, PRECOMPILED_EXTENSION};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use tokio::time::timeout;

/// How long a file must stay untouched before it is read: compilers write in many steps.
const QUIET_PERIOD: Duration = Duration::from_millis(100);

/// Size of the buffer for reading sources, in bytes.
const READ_BYTES: usize = 64 * 1024;

/// Folders in a project that builds and other tools write to.
pub(crate) const BUILD_FOLDERS: [&str; 6] = [
    "target",
    "dist",
    "node_modules",
    ".venv",
    "__pycache__",
    ".git",
];

/// A file that a build writes beside the sources.
const LOCK_FILE: &str = "Cargo.lock";

/// Extensions of build output.
const COMPONENT_EXTENSIONS: [&str; 2] = [COMPONENT_EXTENSION, PRECOMPILED_EXTENSION];

/// Watches files or the sources of a project.
#[derive(Debug)]
pub(crate) struct Watch {
    touched: Arc<Notify>,
    /// Stops watching when dropped.
    _watcher: RecommendedWatcher,
}

impl Watch {
    /// Watches the folders of `files`, because a watch on a file is lost when the file is replaced, and
    /// impossible before it exists.
    ///
    /// # Errors
    ///
    /// The system cannot watch, usually because too many files are watched already.
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

    /// Watches everything in the folder of a project except build output.
    ///
    /// # Errors
    ///
    /// The folder cannot be read, or the system cannot watch.
    pub(crate) fn sources(folder: &Path) -> Result<Self> {
        Self::new(&without_builds(folder)?, is_source)
    }

    /// Watches everything in `folders`, except build output in `project`.
    ///
    /// # Errors
    ///
    /// As for [`sources`](Self::sources).
    pub(crate) fn folders(folders: &BTreeSet<PathBuf>, project: &Path) -> Result<Self> {
        let mut watched = Vec::new();
        for folder in folders {
            if folder == project {
                watched.extend(without_builds(folder)?);
            } else {
                watched.push((folder.clone(), RecursiveMode::Recursive));
            }
        }
        Self::new(&watched, |_| true)
    }

    fn new(
        folders: &[(PathBuf, RecursiveMode)],
        relevant: impl Fn(&Path) -> bool + Send + 'static,
    ) -> Result<Self> {
        let touched = Arc::new(Notify::new());
        let signal = Arc::clone(&touched);
        let mut watcher =
            notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                // An error may mean lost events: an unnecessary check does no harm.
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

    /// Waits for a change and then for a quiet period. Not cancel safe: a dropped future may lose a
    /// change.
    pub(crate) async fn changed(&self) {
        self.touched.notified().await;
        while timeout(QUIET_PERIOD, self.touched.notified()).await.is_ok() {}
    }
}

/// Returns the folder of a project, and those in it without build output.
fn without_builds(folder: &Path) -> Result<Vec<(PathBuf, RecursiveMode)>> {
    let unreadable = || format!("cannot read `{}`", folder.display());
    let mut folders = vec![(folder.to_owned(), RecursiveMode::NonRecursive)];
    for entry in std::fs::read_dir(folder).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        if path.is_dir() && is_source(&path) {
            folders.push((path, RecursiveMode::Recursive));
        }
    }
    Ok(folders)
}

/// Returns a digest of a project's sources. A build may leave files among them, and a file may be
/// written unchanged: neither is a reason to build again.
pub(crate) fn sources_digest(folder: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    hash_folder(folder, &mut hasher);
    hasher.finish()
}

fn hash_folder(folder: &Path, hasher: &mut DefaultHasher) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| is_source(path))
        .collect();
    paths.sort();
    for path in paths {
        path.hash(hasher);
        // The build will report unreadable files.
        match path.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => hash_folder(&path, hasher),
            Ok(_) if path.is_file() => hash_file(&path, hasher).unwrap_or_default(),
            _ => {}
        }
    }
}

fn hash_file(path: &Path, hasher: &mut DefaultHasher) -> std::io::Result<()> {
    let mut file = BufReader::with_capacity(READ_BYTES, File::open(path)?);
    loop {
        let bytes = file.fill_buf()?;
        if bytes.is_empty() {
            return Ok(());
        }
        hasher.write(bytes);
        let read = bytes.len();
        file.consume(read);
    }
}

fn is_source(path: &Path) -> bool {
    let is_component = path
        .extension()
        .is_some_and(|extension| COMPONENT_EXTENSIONS.iter().any(|it| extension == *it));
    let name = path.file_name();
    let is_made = |name| BUILD_FOLDERS.iter().any(|it| name == *it) || name == LOCK_FILE;
    !is_component && name.is_some_and(|name| !is_made(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_told_apart_by_what_is_in_them() {
        let project = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = project.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
            sources_digest(project.path())
        };
        let first = write("src/lib.rs", "fn a() {}");
        assert_eq!(write("src/lib.rs", "fn a() {}"), first);
        assert_eq!(write("target/debug/lib.o", "made"), first);
        assert_eq!(write("handler.wasm", "made"), first);
        let longer = write("src/lib.rs", "fn a() {}\nfn b() {}");
        assert_ne!(longer, first);
        assert_ne!(write("src/other.rs", ""), longer);
    }
}
