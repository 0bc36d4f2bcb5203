//! The files that a project includes with its handler: those in `[package]` of `bootstream.toml`, and those
//! that a setting names.
//!
//! Paths are relative to the folder of that `bootstream.toml`, and files outside it are rejected.

mod patterns;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use artifact::{COMPONENT_EXTENSION, PRECOMPILED_EXTENSION};
use bootstream_host::config::{self, NamedFile};

use super::inspect::UNPACKED_LIMIT;
use crate::files;
use crate::project::PackageTable;
use crate::watch::Watch;
use patterns::Patterns;
use walk::Walk;

/// The folder of a package on Lambda.
const TASK_ROOT: &str = "/var/task/";

/// Folders of files on Lambda that are not in a function's package: those of layers and of the system.
const ELSEWHERE: [&str; 4] = ["/opt/", "/etc/", "/usr/", "/mnt/"];

/// The included files.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Included {
    /// The files by their paths in the package, with `/` between names.
    pub(crate) files: BTreeMap<String, IncludedFile>,
    /// Files that a wildcard would match if their names did not begin with a dot.
    pub(crate) hidden: BTreeSet<String>,
    /// Files that settings name by an absolute path.
    absolute: Vec<NamedFile>,
}

/// An included file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct IncludedFile {
    /// Its canonical path.
    pub(crate) path: PathBuf,
    pub(crate) executable: bool,
    pub(crate) bytes: u64,
    pub(crate) modified: Option<SystemTime>,
}

impl Included {
    /// Finds the files for the settings in `settings`, which need not exist. Files in `made` are build
    /// output and never included.
    ///
    /// # Errors
    ///
    /// The settings or a pattern are invalid, a pattern matches nothing, a file that a setting names is
    /// missing, or something is outside the folder. The error names it.
    pub(crate) fn find(settings: &Path, made: &[&Path]) -> Result<Self> {
        if !settings.is_file() {
            return Ok(Self::default());
        }
        let name = settings.display();
        let text = files::read_text(settings)?;
        let named = config::named_files(&text, &name.to_string())?;
        let table = PackageTable::parse(&text).with_context(|| format!("`{name}`"))?;
        let patterns = Patterns::parse(&table.include)
            .with_context(|| format!("`{name}`: `include` of `[package]`"))?;
        let made = made.iter().copied().chain([settings]);
        let mut walk = Walk::new(&patterns, folder_of(settings), made)?;
        walk.go().with_context(|| format!("`{name}`: `include`"))?;
        let mut absolute = Vec::new();
        for file in named {
            match relative(&file)? {
                Some(path) => walk.take_named(&path, &file)?,
                None => absolute.push(file),
            }
        }
        Ok(walk.found(absolute))
    }

    /// Checks that the files fit in one package with a handler called `name`.
    ///
    /// # Errors
    ///
    /// A file has the name of another one in the package, the files are too large, or a setting names a file
    /// that Lambda does not have.
    pub(crate) fn check(&self, name: &str) -> Result<()> {
        let taken = [
            "bootstrap".to_owned(),
            "bootstream-compile".to_owned(),
            config::FILE_NAME.to_owned(),
            format!("{name}.{COMPONENT_EXTENSION}"),
            format!("{name}.{PRECOMPILED_EXTENSION}"),
        ];
        for file in self.files.keys() {
            let first = file.split('/').next().unwrap_or_default();
            // Without an extension, Lambda would find it instead of the handler.
            if taken.iter().any(|taken| taken == first) || file == name {
                bail!(
                    "`{file}` cannot be included: the package has a `{first}` of its own, or Lambda looks \
                     for one; rename it, or exclude it with `!{file}`"
                );
            }
        }
        let bytes: u64 = self.files.values().map(|file| file.bytes).sum();
        if bytes > UNPACKED_LIMIT {
            let largest = self.files.iter().max_by_key(|(_, file)| file.bytes);
            let (largest, size) = largest.map_or(("", 0), |(name, file)| (name, file.bytes));
            bail!(
                "the included files have {bytes} bytes; Lambda takes {UNPACKED_LIMIT} (250 MB) \
                 unpacked: exclude some with `!`; the largest is `{largest}` with {size} bytes"
            );
        }
        for NamedFile { key, path, origin } in &self.absolute {
            if !ELSEWHERE.iter().any(|folder| path.starts_with(folder)) {
                bail!(
                    "{origin}: `{key}` names `{path}`, which Lambda does not have: put the file beside \
                     bootstream.toml, and name it relative to that"
                );
            }
        }
        Ok(())
    }

    /// Returns the first file, by name, that differs from `before`. `None` if files are only missing, or
    /// only the hidden ones have changed.
    pub(crate) fn first_change(&self, before: &Self) -> Option<PathBuf> {
        let mut files = self.files.iter();
        let changed = files.find(|(name, file)| before.files.get(*name) != Some(file));
        changed.map(|(_, file)| file.path.clone())
    }

    /// Returns a message about the files that a wildcard has skipped because their names begin with a dot.
    pub(crate) fn left_out(&self) -> Option<String> {
        const SHOWN: usize = 3;
        let shown: Vec<_> = self.hidden.iter().take(SHOWN).cloned().collect();
        let more = match self.hidden.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        (!shown.is_empty()).then(|| {
            format!(
                "left out `{}`{more}: a wildcard does not match a name that begins with a dot",
                shown.join("`, `")
            )
        })
    }
}

/// Watches everything that may be included: nothing if the settings are invalid.
///
/// # Errors
///
/// The system cannot watch.
pub(crate) fn watch(settings: &Path) -> Result<Watch> {
    Watch::folders(&folders(settings), folder_of(settings))
}

/// Returns the folders that contain the files.
fn folders(settings: &Path) -> BTreeSet<PathBuf> {
    let folder = folder_of(settings);
    let Ok(text) = std::fs::read_to_string(settings) else {
        return BTreeSet::new();
    };
    let patterns = PackageTable::parse(&text).and_then(|table| Patterns::parse(&table.include));
    let starts = patterns.iter().flat_map(|patterns| {
        let all = patterns.including();
        all.map(|(_, pattern)| pattern.start.clone())
    });
    let name = settings.display().to_string();
    let named = config::named_files(&text, &name).unwrap_or_default();
    let named = named
        .iter()
        .filter_map(|file| relative(file).ok().flatten());
    let paths = starts.chain(named).map(|path| folder.join(path));
    paths
        .filter_map(|path| path.ancestors().find(|it| it.is_dir()).map(Path::to_owned))
        .filter(|path| path.starts_with(folder))
        .collect()
}

fn folder_of(settings: &Path) -> &Path {
    match settings.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Returns the path in the package of a file that a setting names; `None` if it is outside the package.
fn relative(file: &NamedFile) -> Result<Option<PathBuf>> {
    let NamedFile { key, path, origin } = file;
    let path_in_package = path.strip_prefix(TASK_ROOT).unwrap_or(path);
    if path_in_package.starts_with('/') {
        return Ok(None);
    }
    let (mut relative, mut turns) = (PathBuf::new(), false);
    for part in Path::new(path_in_package).components() {
        match part {
            Component::Normal(name) => relative.push(name),
            Component::CurDir => {}
            // Even inside the package: the folder before `..` may not be included, and then the path does
            // not exist on Lambda.
            Component::ParentDir if relative.pop() => turns = true,
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                bail!("{origin}: `{key}` is `{path}`, which leads out of the package")
            }
        }
    }
    if turns {
        let plain = relative.display();
        bail!("{origin}: `{key}` is `{path}`: write it without `..`, as `{plain}`");
    }
    Ok(Some(relative))
}
