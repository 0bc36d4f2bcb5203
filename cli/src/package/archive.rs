//! Zip files: reproducible when written, checked when read.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Cursor, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use artifact::hex;
use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipArchive, ZipWriter};

use crate::files;

/// The mode of an executable. Lambda runs packages as a user who does not own them.
pub(crate) const PROGRAM: u32 = 0o755;

/// The mode of everything else.
pub(crate) const DATA: u32 = 0o644;

/// Slow and small: a package is built once, and fetched at each cold start.
const LEVEL: i64 = 9;

/// The content of a zip, by name.
#[derive(Debug, Default)]
pub(crate) struct Content {
    /// Sorted, so that the order in which files are added does not matter.
    files: BTreeMap<String, (u32, Vec<u8>)>,
}

/// A written zip.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) path: PathBuf,
    /// In lower-case hexadecimal.
    pub(crate) sha256: String,
    /// The size of the zip.
    pub(crate) bytes: u64,
}

impl Content {
    pub(crate) fn add(&mut self, name: &str, mode: u32, bytes: Vec<u8>) {
        self.files.insert(name.to_owned(), (mode, bytes));
    }

    /// Yields names, modes and sizes, in order.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, u32, u64)> {
        self.files
            .iter()
            .map(|(name, (mode, bytes))| (name.as_str(), *mode, bytes.len() as u64))
    }

    /// Returns the size on Lambda's disk, in bytes.
    pub(crate) fn unpacked(&self) -> u64 {
        self.files().map(|(_, _, size)| size).sum()
    }

    /// Writes the zip.
    ///
    /// The bytes depend only on names, modes and contents: not on the clock, the time zone, the
    /// umask, or the files' origin.
    ///
    /// # Errors
    ///
    /// The file cannot be written. The error names it.
    pub(crate) fn write(&self, path: &Path) -> Result<Written> {
        let bytes = self.zipped()?;
        files::write_atomically(path, &bytes)?;
        Ok(Written {
            path: path.to_owned(),
            sha256: hex(&Sha256::digest(&bytes)),
            bytes: bytes.len() as u64,
        })
    }

    fn zipped(&self) -> Result<Vec<u8>> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, (mode, bytes)) in &self.files {
            let options = SimpleFileOptions::default()
                .compression_method(CompressionMethod::Deflated)
                .compression_level(Some(LEVEL))
                .last_modified_time(DateTime::DEFAULT)
                .system(System::Unix)
                .unix_permissions(*mode);
            zip.start_file(name, options)?;
            zip.write_all(bytes)?;
        }
        Ok(zip.finish()?.into_inner())
    }
}

/// A zip on disk, or a folder that will become one.
#[derive(Debug)]
pub(crate) struct Archive {
    pub(crate) path: PathBuf,
    /// The size of the zip. Zero for a folder.
    pub(crate) bytes: u64,
    pub(crate) entries: Vec<Entry>,
    /// `None` for a folder.
    zip: Option<ZipArchive<File>>,
}

/// A file in a zip.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    /// `None` if the zip was not made on Unix, or has none.
    pub(crate) mode: Option<u32>,
    /// The unpacked size, according to the zip.
    pub(crate) size: u64,
    pub(crate) folder: bool,
}

impl Archive {
    /// Reads the list of files.
    ///
    /// # Errors
    ///
    /// The file cannot be read or is not a zip. The error does not name it.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        let mut zip = ZipArchive::new(file).context("is not a zip")?;
        let mut entries = Vec::with_capacity(zip.len());
        for index in 0..zip.len() {
            let file = zip.by_index_raw(index)?;
            let unix = file.system() == System::Unix;
            entries.push(Entry {
                name: file.name()?.into_owned(),
                mode: file.unix_mode().filter(|_| unix).map(|mode| mode & 0o777),
                size: file.size(),
                folder: file.is_dir(),
            });
        }
        Ok(Self {
            path: path.to_owned(),
            bytes,
            entries,
            zip: Some(zip),
        })
    }

    /// Reads the list of files of a folder that a tool of AWS zips, which makes them
    /// world-readable.
    ///
    /// # Errors
    ///
    /// It cannot be read, or has more than 100,000 files.
    pub(crate) fn folder(path: &Path) -> Result<Self> {
        let mut entries = Vec::new();
        add_folder(path, "", &mut entries)?;
        entries.sort_by(|one: &Entry, other| one.name.cmp(&other.name));
        Ok(Self {
            path: path.to_owned(),
            bytes: 0,
            entries,
            zip: None,
        })
    }

    pub(crate) fn is_folder(&self) -> bool {
        self.zip.is_none()
    }

    pub(crate) fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// Returns whether there is a file of this name.
    pub(crate) fn has_file(&self, name: &str) -> bool {
        self.entry(name).is_some_and(|entry| !entry.folder)
    }

    /// Returns the size on Lambda's disk, in bytes.
    pub(crate) fn unpacked(&self) -> u64 {
        self.entries
            .iter()
            .fold(0, |sum, entry| sum.saturating_add(entry.size))
    }

    /// Unpacks a file, of at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// The file does not exist, is damaged, or is larger.
    pub(crate) fn read(&mut self, name: &str, limit: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = match &mut self.zip {
            Some(zip) => zip.by_name(name)?.take(limit + 1).read_to_end(&mut bytes),
            None => File::open(self.path.join(name))?
                .take(limit + 1)
                .read_to_end(&mut bytes),
        };
        read.with_context(|| format!("`{name}` is damaged"))?;
        if bytes.len() as u64 > limit {
            bail!("`{name}` is larger than {limit} bytes");
        }
        Ok(bytes)
    }
}

/// More files than any package has.
const MOST_FILES: usize = 100_000;

fn add_folder(folder: &Path, prefix: &str, entries: &mut Vec<Entry>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if metadata.is_dir() {
            add_folder(&entry.path(), &format!("{name}/"), entries)?;
        } else {
            entries.push(Entry {
                name,
                mode: Some(metadata.permissions().mode() & 0o777 | 0o444),
                size: metadata.len(),
                folder: false,
            });
        }
        if entries.len() > MOST_FILES {
            bail!("has more than {MOST_FILES} files");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> Content {
        let mut content = Content::default();
        content.add("b.wasm", DATA, b"second".to_vec());
        content.add("a", PROGRAM, vec![7; 100_000]);
        content
    }

    #[test]
    fn the_order_of_adding_leaves_no_trace() {
        let mut other = Content::default();
        other.add("a", PROGRAM, vec![7; 100_000]);
        other.add("b.wasm", DATA, b"second".to_vec());

        assert_eq!(content().zipped().unwrap(), other.zipped().unwrap());
    }

    #[test]
    fn what_was_written_is_read_back_with_modes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.zip");

        let written = content().write(&path).unwrap();
        let mut archive = Archive::open(&path).unwrap();

        assert_eq!(written.bytes, archive.bytes);
        assert_eq!(archive.unpacked(), 100_006);
        let names: Vec<_> = archive
            .entries
            .iter()
            .map(|entry| (entry.name.as_str(), entry.mode))
            .collect();
        assert_eq!(names, [("a", Some(0o755)), ("b.wasm", Some(0o644))]);
        assert_eq!(archive.read("b.wasm", 6).unwrap(), b"second");
        assert_eq!(
            archive.read("b.wasm", 5).unwrap_err().to_string(),
            "`b.wasm` is larger than 5 bytes"
        );
        assert!(archive.read("c", 5).is_err());
    }

    #[test]
    fn what_is_no_zip_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.zip");
        std::fs::write(&path, "hello").unwrap();

        let error = Archive::open(&path).unwrap_err();

        assert_eq!(error.to_string(), "is not a zip");
    }
}
