//! Finds the files.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::Metadata;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use bootstream_host::config::NamedFile;

use super::patterns::{Choice, Patterns};
use super::{Included, IncludedFile};
use crate::watch::BUILD_FOLDERS;

/// The name of a hypothetical file, to test whether a folder's files would be included.
const ANY_FILE: &str = "_";

pub(super) struct Walk<'a> {
    patterns: &'a Patterns,
    /// The user's path.
    folder: &'a Path,
    /// The canonical path.
    real_folder: PathBuf,
    made: HashSet<PathBuf>,
    /// Canonical paths of the folders above the current one.
    above: Vec<PathBuf>,
    files: BTreeMap<String, IncludedFile>,
    hidden: BTreeSet<String>,
    seen: HashSet<usize>,
    /// Whether anything was included, even build output.
    has_taken: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new<'b>(
        patterns: &'a Patterns,
        folder: &'a Path,
        made: impl Iterator<Item = &'b Path>,
    ) -> Result<Self> {
        let real_folder = folder
            .canonicalize()
            .with_context(|| format!("cannot read `{}`", folder.display()))?;
        Ok(Self {
            patterns,
            folder,
            real_folder,
            // A missing folder cannot be found either.
            made: made.filter_map(|path| path.canonicalize().ok()).collect(),
            above: Vec::new(),
            files: BTreeMap::new(),
            hidden: BTreeSet::new(),
            seen: HashSet::new(),
            has_taken: false,
        })
    }

    /// Finds the files that the patterns match.
    ///
    /// # Errors
    ///
    /// A pattern matches nothing, a match cannot be included, or the folder cannot be read.
    pub(super) fn go(&mut self) -> Result<()> {
        let patterns = self.patterns;
        let starts = patterns.including().map(|(_, pattern)| &pattern.start);
        for start in starts.collect::<BTreeSet<_>>() {
            self.visit(start, start)?;
        }
        for (number, pattern) in patterns.including() {
            if !self.seen.contains(&number) {
                let folder = self.folder.display();
                let hint = if self.hidden.is_empty() {
                    ""
                } else {
                    " (a name that begins with a dot is matched only by a pattern that has it)"
                };
                bail!(
                    "the pattern `{}` matches no file in `{folder}`{hint}",
                    pattern.text
                );
            }
        }
        if !self.has_taken && !patterns.is_empty() {
            bail!(
                "nothing is included: patterns with `!` exclude everything that the others include; a \
                 name that begins with `!` is written `\\!`"
            );
        }
        Ok(())
    }

    fn visit(&mut self, relative: &Path, start: &Path) -> Result<()> {
        let path = self.folder.join(relative);
        let unreadable = || format!("cannot read `{}`", path.display());
        let Ok(metadata) = path.symlink_metadata() else {
            // The start of the pattern does not exist.
            return Ok(());
        };
        if metadata.is_file() && relative != start {
            return self.offer(relative, &path, &metadata);
        }
        let Some(real) = self.inside(&path, relative)? else {
            return Ok(());
        };
        let metadata = path.metadata().with_context(unreadable)?;
        if !metadata.is_dir() {
            return self.offer(relative, &path, &metadata);
        }
        if self.above.contains(&real) {
            if !self.is_wanted(&relative.join(ANY_FILE)) {
                return Ok(());
            }
            bail!(
                "`{}` is a link to a folder above it, which never ends",
                relative.display()
            );
        }
        self.above.push(real);
        let entries = std::fs::read_dir(&path).with_context(unreadable)?;
        for entry in entries {
            let name = entry.with_context(unreadable)?.file_name();
            if !is_skipped(&name, start) {
                self.visit(&relative.join(name), start)?;
            }
        }
        self.above.pop();
        Ok(())
    }

    /// Follows links. Returns `None` if they lead out of the folder and no pattern includes their target.
    fn inside(&self, path: &Path, relative: &Path) -> Result<Option<PathBuf>> {
        let is_wanted = || self.is_wanted(relative) || self.is_wanted(&relative.join(ANY_FILE));
        let name = relative.display();
        match path.canonicalize() {
            Ok(real) if real.starts_with(&self.real_folder) => Ok(Some(real)),
            Ok(real) if is_wanted() => bail!(
                "`{name}` is a link out of the folder of bootstream.toml, to `{}`: only files \
                 in the folder can be included",
                real.display()
            ),
            Err(error) if is_wanted() => {
                Err(error).with_context(|| format!("`{name}` is a link that leads nowhere"))
            }
            Ok(_) | Err(_) => Ok(None),
        }
    }

    fn is_wanted(&self, relative: &Path) -> bool {
        self.patterns.choose(relative, |_| {}) == Choice::Taken
    }

    fn offer(&mut self, relative: &Path, path: &Path, metadata: &Metadata) -> Result<()> {
        let seen = &mut self.seen;
        let choice = self.patterns.choose(relative, |number| {
            seen.insert(number);
        });
        match choice {
            Choice::Taken => self.take(relative, path, metadata),
            Choice::Hidden => {
                self.hidden.insert(relative.display().to_string());
                Ok(())
            }
            Choice::Left => Ok(()),
        }
    }

    fn take(&mut self, relative: &Path, path: &Path, metadata: &Metadata) -> Result<()> {
        self.has_taken = true;
        let shown = relative.display();
        if !metadata.is_file() {
            bail!("`{shown}` is neither a file nor a folder");
        }
        let name = relative
            .to_str()
            .with_context(|| format!("the name of `{shown}` is not UTF-8"))?;
        let real = path
            .canonicalize()
            .with_context(|| format!("cannot read `{shown}`"))?;
        if self.made.contains(&real) {
            return Ok(());
        }
        let file = IncludedFile {
            path: real,
            executable: metadata.permissions().mode() & 0o100 != 0,
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
        };
        self.files.insert(name.to_owned(), file);
        Ok(())
    }

    /// Includes a file that a setting names.
    ///
    /// # Errors
    ///
    /// The file does not exist, or a link leads out of the folder.
    pub(super) fn take_named(&mut self, relative: &Path, named: &NamedFile) -> Result<()> {
        let NamedFile { key, path, origin } = named;
        let file = self.folder.join(relative);
        let folder = self.folder.display();
        let Some(metadata) = file.metadata().ok().filter(Metadata::is_file) else {
            bail!("{origin}: `{key}` names `{path}`, and there is no such file in `{folder}`");
        };
        let real = file.canonicalize()?;
        if !real.starts_with(&self.real_folder) {
            bail!(
                "{origin}: `{key}` names `{path}`, which is a link out of `{folder}`, to `{}`",
                real.display()
            );
        }
        self.take(relative, &file, &metadata)
    }

    pub(super) fn found(self, absolute: Vec<NamedFile>) -> Included {
        Included {
            files: self.files,
            hidden: self.hidden,
            absolute,
        }
    }
}

/// Returns whether a wildcard at the start of a pattern skips a folder of that name. A pattern that begins
/// with a folder searches all of it.
fn is_skipped(name: &std::ffi::OsStr, start: &Path) -> bool {
    start.as_os_str().is_empty() && BUILD_FOLDERS.iter().any(|folder| name == *folder)
}
