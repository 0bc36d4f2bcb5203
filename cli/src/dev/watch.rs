//! Notices that a file was changed or replaced.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use tokio::time::timeout;

/// How long a file must stay untouched before it is read: compilers write in many steps.
const QUIET_PERIOD: Duration = Duration::from_millis(100);

/// Watches one file.
#[derive(Debug)]
pub(crate) struct FileWatch {
    touched: Arc<Notify>,
    /// Stops watching when dropped.
    _watcher: RecommendedWatcher,
}

impl FileWatch {
    /// Watches the folder of `file`, because a file that is replaced takes its own watch with it.
    ///
    /// # Errors
    ///
    /// The system refuses to watch, most often because too many files are watched already.
    pub(crate) fn new(file: &Path) -> Result<Self> {
        let file = std::path::absolute(file)?;
        let folder = file.parent().unwrap_or(Path::new("/")).to_owned();
        let name = file.file_name().context("no file to watch")?.to_owned();
        let touched = Arc::new(Notify::new());
        let signal = Arc::clone(&touched);
        let mut watcher =
            notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                // An error may stand for lost events: looking once more than needed does no harm.
                let relevant = event.map_or(true, |event| {
                    !matches!(event.kind, EventKind::Access(_))
                        && event
                            .paths
                            .iter()
                            .any(|path| path.file_name() == Some(&name))
                });
                if relevant {
                    signal.notify_one();
                }
            })
            .context("cannot watch files")?;
        watcher
            .watch(&folder, RecursiveMode::NonRecursive)
            .with_context(|| format!("cannot watch `{}`", folder.display()))?;
        Ok(Self {
            touched,
            _watcher: watcher,
        })
    }

    /// Waits until the file was touched and has been quiet since.
    pub(crate) async fn changed(&self) {
        self.touched.notified().await;
        while timeout(QUIET_PERIOD, self.touched.notified()).await.is_ok() {}
    }
}
