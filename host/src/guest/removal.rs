//! Removes the `/tmp` of instances that have ended, on a thread of its own: a large tree takes long.
//!
//! The thread does not come from the runtime's pool, whose threads may all be waiting for name lookups.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;

use tempfile::TempDir;
use tokio::sync::oneshot;

/// The removals of one worker.
#[derive(Debug, Default)]
pub(super) struct Removals(Vec<oneshot::Receiver<()>>);

impl Removals {
    /// Starts to remove `folder`.
    pub(super) fn start(&mut self, folder: TempDir) {
        // Most are empty, and that takes no thread.
        if fs::remove_dir(folder.path()).is_ok() {
            return;
        }
        let (done, ended) = oneshot::channel::<()>();
        self.0.push(ended);
        let folder = Folder(folder);
        // Without another thread, the closure is dropped here, and the folder removed with it.
        let _ = thread::Builder::new().spawn(move || {
            drop(folder);
            drop(done);
        });
    }

    /// Waits until all removals have ended. May be cancelled and called again.
    pub(super) async fn finished(&mut self) {
        while let Some(last) = self.0.last_mut() {
            // The sender is only dropped.
            let _ = last.await;
            self.0.pop();
        }
    }
}

/// A folder that is removed when dropped.
struct Folder(TempDir);

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = remove(self.0.path()) {
            tracing::error!(%error, "cannot remove the `/tmp` of a handler");
        }
    }
}

/// Removes `root` and everything in it. First moves each folder that it finds in another folder up to `root`,
/// so that the depth of the tree costs neither stack nor open files.
fn remove(root: &Path) -> io::Result<()> {
    let mut names = (0_u64..).map(|n| root.join(n.to_string()));
    let mut free = || {
        let path = names.find(|path| path.symlink_metadata().is_err());
        path.expect("the names are endless")
    };
    loop {
        for entry in fs::read_dir(root)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                empty(&entry.path(), &mut free)?;
                fs::remove_dir(entry.path())?;
            } else {
                fs::remove_file(entry.path())?;
            }
        }
        match fs::remove_dir(root) {
            // It has the folders that were moved, or what a thread has made that still carries out a call.
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
            removed => return removed,
        }
    }
}

/// Removes the files in `folder`, and moves each folder in it to a path of `free`.
fn empty(folder: &Path, mut free: impl FnMut() -> PathBuf) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::rename(entry.path(), free())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};

    use super::*;

    fn folder() -> TempDir {
        tempfile::tempdir().unwrap()
    }

    fn fill(root: &Path) {
        for name in ["0", "1", "a/0/b", "a/c"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        for name in ["file", "1/file", "a/0/b/file"] {
            fs::write(root.join(name), "x").unwrap();
        }
        std::os::unix::fs::symlink("nowhere", root.join("2")).unwrap();
        std::os::unix::fs::symlink("/", root.join("a/root")).unwrap();
    }

    /// A tree deeper than a process on Lambda may have files open, and whose paths are longer than the system takes.
    fn nest(root: &Path) {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY;
        let mut folder = openat(CWD, root, flags, Mode::empty()).unwrap();
        for _ in 0..1100 {
            mkdirat(&folder, "nested", Mode::RWXU).unwrap();
            folder = openat(&folder, "nested", flags, Mode::empty()).unwrap();
        }
    }

    #[tokio::test]
    async fn a_tree_is_removed_on_another_thread() {
        let (empty, full, deep) = (folder(), folder(), folder());
        fill(full.path());
        nest(deep.path());
        let paths = [&empty, &full, &deep].map(|it| it.path().to_owned());
        let mut removals = Removals::default();
        for folder in [empty, full, deep] {
            removals.start(folder);
        }
        // This thread does not return to the runtime meanwhile.
        let begin = Instant::now();
        while paths.iter().any(|path| path.exists()) {
            assert!(begin.elapsed() < Duration::from_secs(60));
            thread::park_timeout(Duration::from_millis(1));
        }
        removals.finished().await;
    }

    #[test]
    fn a_failure_is_reported() {
        let folder = folder();
        let path = folder.path().to_owned();
        drop(folder);
        assert_eq!(remove(&path).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
