//! A directory that caches machine code: on Lambda what a start compiled, for the next process of the same
//! execution environment, and on a developer's machine what the `bootstream` command has run. It is optional:
//! if anything is wrong with it, the code is compiled again.
//!
//! Machine code is executed, so no other user may touch it: the directory belongs to this user and is closed
//! to all others, and everything is opened relative to the checked directory, without following links.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};

/// The permissions of everyone but the owner.
const OTHERS: u32 = 0o077;

/// Name prefix of files that are being written.
const UNFINISHED: &str = "unfinished-";

/// Age from which on an unfinished file was left by a killed process. No write takes that long.
const UNFINISHED_FOR: Duration = Duration::from_secs(60 * 60);

/// Distinguishes the files that threads of this process write at the same time.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// An open cache.
#[derive(Debug)]
pub struct Cache {
    path: PathBuf,
    folder: OwnedFd,
}

impl Cache {
    /// Opens the cache of this user under `parent`, which all users share. Creates it if necessary.
    ///
    /// # Errors
    ///
    /// When it cannot be created, or is not a directory that belongs to this user alone.
    pub(super) fn open(parent: &Path) -> io::Result<Self> {
        let user = rustix::process::geteuid();
        Self::open_at(parent.join(format!("bootstream-cache-{}", user.as_raw())))
    }

    /// Opens the cache at `path`. Creates it if necessary.
    ///
    /// # Errors
    ///
    /// When it cannot be created, or is not a directory that belongs to this user alone.
    pub fn open_at(path: PathBuf) -> io::Result<Self> {
        match rustix::fs::mkdir(&path, Mode::RWXU) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = rustix::fs::open(&path, flags, Mode::empty())?;
        expect_private(&folder, FileType::Directory)?;
        Ok(Self { path, folder })
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens an entry. Check its content before use.
    ///
    /// # Errors
    ///
    /// When there is none, or it is not a file that belongs to this user alone.
    pub fn entry(&self, name: &str) -> io::Result<File> {
        // Without NONBLOCK, opening a pipe in place of a file would block.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.folder, name, flags, Mode::empty())?;
        expect_private(&file, FileType::RegularFile)?;
        Ok(file.into())
    }

    /// Writes an entry atomically, and opens it.
    ///
    /// # Errors
    ///
    /// When it cannot be written. Then no file is left behind.
    pub fn store(&self, name: &str, bytes: &[u8]) -> io::Result<File> {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let unfinished = format!("{UNFINISHED}{}-{number}", std::process::id());
        self.write(&unfinished, bytes)
            .and_then(|()| self.rename(&unfinished, name))
            .inspect_err(|_| self.remove(&unfinished))?;
        self.entry(name)
    }

    /// Removes the entries with the oldest modification times, so that the rest takes at most `limit_bytes`.
    /// The newest stays, whatever its size. Use may update the time of an entry.
    pub fn prune(&self, limit_bytes: u64) {
        let Ok(mut entries) = self.entries() else {
            return;
        };
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.used));
        let mut sum = 0_u64;
        for (position, entry) in entries.iter().enumerate() {
            sum = sum.saturating_add(entry.bytes);
            if position > 0 && sum > limit_bytes {
                self.remove(&entry.name);
            }
        }
    }

    /// Returns the entries. Removes abandoned unfinished files.
    fn entries(&self) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for item in rustix::fs::Dir::read_from(&self.folder)? {
            let item = item?;
            let Ok(name) = item.file_name().to_str() else {
                continue;
            };
            // Another process may have removed it.
            let Ok(file) = rustix::fs::statat(&self.folder, name, AtFlags::SYMLINK_NOFOLLOW) else {
                continue;
            };
            if FileType::from_raw_mode(file.st_mode) != FileType::RegularFile {
                continue;
            }
            let used = modified(&file);
            if !name.starts_with(UNFINISHED) {
                entries.push(Entry {
                    name: name.to_owned(),
                    bytes: u64::try_from(file.st_size).unwrap_or_default(),
                    used,
                });
            } else if is_older(used, UNFINISHED_FOR) {
                self.remove(name);
            }
        }
        Ok(entries)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        // Left by a killed process with the same id.
        self.remove(name);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.folder, name, flags, Mode::RUSR | Mode::WUSR)?;
        File::from(file).write_all(bytes)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        rustix::fs::renameat(&self.folder, from, &self.folder, to)?;
        Ok(())
    }

    fn remove(&self, name: &str) {
        // Nothing depends on its success.
        let _ = rustix::fs::unlinkat(&self.folder, name, AtFlags::empty());
    }
}

/// A complete file.
struct Entry {
    name: String,
    bytes: u64,
    used: SystemTime,
}

fn is_older(time: SystemTime, age: Duration) -> bool {
    time.elapsed().is_ok_and(|elapsed| elapsed > age)
}

fn expect_private(file: &OwnedFd, kind: FileType) -> io::Result<()> {
    let status = rustix::fs::fstat(file)?;
    let is_ours = status.st_uid == rustix::process::geteuid().as_raw();
    if FileType::from_raw_mode(status.st_mode) == kind && is_ours && status.st_mode & OTHERS == 0 {
        Ok(())
    } else {
        Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "it does not belong to this user alone",
        ))
    }
}

/// Returns the modification time of a file. Times before 1970 count as 1970.
fn modified(file: &Stat) -> SystemTime {
    let seconds = u64::try_from(file.st_mtime).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read as _;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn text(mut file: File) -> String {
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        text
    }

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn an_entry_is_there_for_the_next_process_and_private() {
        let parent = tempfile::tempdir().unwrap();
        let cache = Cache::open(parent.path()).unwrap();
        assert!(cache.entry("a").is_err());

        assert_eq!(text(cache.store("a", b"first").unwrap()), "first");
        assert_eq!(text(cache.store("a", b"second").unwrap()), "second");

        let next = Cache::open(parent.path()).unwrap();
        assert_eq!(text(next.entry("a").unwrap()), "second");
        assert_eq!(mode(next.path()), 0o700);
        assert_eq!(mode(&next.path().join("a")), 0o600);
        assert_eq!(fs::read_dir(next.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_a_killed_process_left_does_not_matter() {
        let parent = tempfile::tempdir().unwrap();
        let cache = Cache::open(parent.path()).unwrap();
        let next = NEXT.load(Ordering::Relaxed);
        for number in next..next + 8 {
            let left = format!("{UNFINISHED}{}-{number}", std::process::id());
            fs::write(cache.path().join(left), "half").unwrap();
        }

        assert_eq!(text(cache.store("a", b"whole").unwrap()), "whole");
    }

    fn names(cache: &Cache) -> Vec<String> {
        let files = fs::read_dir(cache.path()).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn what_was_used_the_longest_ago_makes_room() {
        let parent = tempfile::tempdir().unwrap();
        let cache = Cache::open_at(parent.path().join("own")).unwrap();
        let used = |name: &str, seconds_ago| {
            let time = SystemTime::now() - Duration::from_secs(seconds_ago);
            File::open(cache.path().join(name))
                .unwrap()
                .set_modified(time)
                .unwrap();
        };
        for (name, seconds_ago) in [("a", 30), ("b", 10), ("c", 20)] {
            cache.store(name, &[0; 100]).unwrap();
            used(name, seconds_ago);
        }
        fs::write(cache.path().join("unfinished-1-0"), "left").unwrap();
        fs::write(cache.path().join("unfinished-2-0"), "in progress").unwrap();
        used("unfinished-1-0", 2 * 60 * 60);

        cache.prune(300);
        assert_eq!(names(&cache), ["a", "b", "c", "unfinished-2-0"]);
        cache.prune(250);
        assert_eq!(names(&cache), ["b", "c", "unfinished-2-0"]);
        cache.prune(0);
        assert_eq!(names(&cache), ["b", "unfinished-2-0"]);
    }

    #[test]
    fn threads_write_one_entry_at_once_and_it_is_whole() {
        let parent = tempfile::tempdir().unwrap();
        let cache = Cache::open(parent.path()).unwrap();
        std::thread::scope(|scope| {
            for byte in 0..4 {
                let cache = &cache;
                scope.spawn(move || {
                    for _ in 0..50 {
                        cache.store("a", &[byte; 10_000]).unwrap();
                    }
                });
            }
        });

        let whole = fs::read(cache.path().join("a")).unwrap();
        assert_eq!(whole.len(), 10_000);
        assert!(whole.iter().all(|byte| *byte == whole[0]));
        assert_eq!(names(&cache), ["a"]);
    }

    #[test]
    fn a_folder_that_others_can_reach_is_not_used() {
        let parent = tempfile::tempdir().unwrap();
        let path = Cache::open(parent.path()).unwrap().path().to_owned();
        for open in [0o755, 0o770, 0o777, 0o707] {
            fs::set_permissions(&path, fs::Permissions::from_mode(open)).unwrap();
            assert!(Cache::open(parent.path()).is_err(), "{open:o}");
        }
    }

    #[test]
    fn a_link_or_a_file_in_the_place_of_the_folder_is_not_used() {
        let parent = tempfile::tempdir().unwrap();
        let path = Cache::open(parent.path()).unwrap().path().to_owned();
        let elsewhere = parent.path().join("elsewhere");
        fs::rename(&path, &elsewhere).unwrap();

        symlink(&elsewhere, &path).unwrap();
        assert!(Cache::open(parent.path()).is_err());

        fs::remove_file(&path).unwrap();
        fs::write(&path, "").unwrap();
        assert!(Cache::open(parent.path()).is_err());
    }

    #[test]
    fn an_entry_that_is_no_private_file_is_not_used() {
        let parent = tempfile::tempdir().unwrap();
        let cache = Cache::open(parent.path()).unwrap();
        let inside = |name: &str| cache.path().join(name);
        fs::write(parent.path().join("target"), "foreign").unwrap();
        symlink(parent.path().join("target"), inside("link")).unwrap();
        fs::create_dir(inside("folder")).unwrap();
        fs::write(inside("open"), "open to all").unwrap();
        fs::set_permissions(inside("open"), fs::Permissions::from_mode(0o666)).unwrap();
        let pipe = FileType::Fifo;
        rustix::fs::mknodat(&cache.folder, "pipe", pipe, Mode::RUSR | Mode::WUSR, 0).unwrap();
        for name in ["link", "folder", "open", "pipe"] {
            assert!(cache.entry(name).is_err(), "{name}");
        }

        // The link is replaced, and its target left alone.
        assert_eq!(text(cache.store("link", b"own").unwrap()), "own");
        assert_eq!(
            fs::read_to_string(parent.path().join("target")).unwrap(),
            "foreign"
        );
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error() {
        assert!(Cache::open(Path::new("/proc/self")).is_err());
        assert!(Cache::open(Path::new("/nowhere")).is_err());
    }
}
