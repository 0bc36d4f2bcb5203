//! The profile of a handler crate.
//!
//! Cargo's default profile is made for native programs. A component that was built with it has more than twice the
//! size, and its machine code as well, which every cold start loads.
//!
//! Settings that are not the crate's own are a profile with a name of its own, and so have a folder of their own in
//! `target`. In one folder, cargo would compile the crate again after each change of profile, and a command could read the
//! component that another one has just written.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use toml::{Table, Value};

use super::{BuildOptions, Effort};
use crate::files;

/// A setting of a profile and its value in TOML.
type Setting = (&'static str, &'static str);

/// The profile of the projects that `bootstream new` makes.
const SMALL: [Setting; 3] = [
    ("opt-level", "\"s\""),
    ("lto", "true"),
    ("strip", "\"debuginfo\""),
];

/// The same profile, for messages.
const SMALL_SHOWN: &str = "opt-level = \"s\", lto = true, strip = \"debuginfo\"";

/// What keeps files and lines in stack traces.
const LINE_TABLES: [Setting; 2] = [("debug", "\"line-tables-only\""), ("strip", "\"none\"")];

/// Makes rebuilds quick: link-time optimisation is nine tenths of them, because it reads the whole standard library each
/// time.
const QUICK: [Setting; 2] = [("lto", "false"), ("incremental", "true")];

/// Keys of a profile that do not apply to the handler itself.
const OF_OTHERS: [&str; 2] = ["package", "build-override"];

/// The variables of these settings start with this.
const VARIABLES: &str = "CARGO_PROFILE_RELEASE_";

/// The release profile of a build.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Profile {
    /// Whether the crate has no profile of its own.
    is_default: bool,
    line_tables: bool,
    effort: Effort,
}

impl Profile {
    /// Chooses the profile of a crate in `folder` of the workspace in `root`.
    ///
    /// # Errors
    ///
    /// A file with the crate's own settings is not TOML.
    pub(super) fn choose(root: &Path, folder: &Path, options: &BuildOptions<'_>) -> Result<Self> {
        let is_own = is_set_by_variable(std::env::vars_os().map(|(name, _)| name))
            || is_set_in(&root.join("Cargo.toml"))?
            || is_set_in_any(configurations(folder))?;
        Ok(Self {
            is_default: !is_own,
            line_tables: options.line_tables,
            effort: options.effort,
        })
    }

    /// Returns cargo's arguments for the profile.
    pub(super) fn arguments(self) -> Vec<String> {
        let settings = self.settings();
        if settings.is_empty() {
            return vec!["--release".to_owned()];
        }
        let name = self.name();
        let base = ("inherits", "\"release\"");
        let settings = std::iter::once(base).chain(settings);
        let settings =
            settings.map(|(key, value)| format!("--config=profile.{name}.{key}={value}"));
        std::iter::once(format!("--profile={name}"))
            .chain(settings)
            .collect()
    }

    /// Returns the name of a profile with settings of this command, which is also its folder in `target`.
    fn name(self) -> String {
        let name = match self.effort {
            Effort::Full => "bootstream-build",
            Effort::Quick => "bootstream-dev",
        };
        let suffix = if self.line_tables { "-lines" } else { "" };
        format!("{name}{suffix}")
    }

    /// Returns what this command changes in the release profile of the crate, by key.
    fn settings(self) -> BTreeMap<&'static str, &'static str> {
        let mut settings = BTreeMap::new();
        if self.is_default {
            settings.extend(SMALL);
        }
        if self.effort == Effort::Quick {
            settings.extend(QUICK);
        }
        if self.line_tables {
            settings.extend(LINE_TABLES);
        }
        settings
    }

    /// Returns a line that says which settings the crate did not choose, and how to choose others.
    pub(super) fn note(self) -> Option<String> {
        let line_tables = if self.line_tables {
            ", with line tables"
        } else {
            ""
        };
        self.is_default.then(|| {
            format!(
                "small release profile ({SMALL_SHOWN}{line_tables}); a `[profile.release]` of your own replaces it"
            )
        })
    }
}

fn is_set_by_variable(names: impl IntoIterator<Item = impl AsRef<OsStr>>) -> bool {
    names.into_iter().any(|name| {
        let name = name.as_ref().to_str();
        let key = name.and_then(|name| name.strip_prefix(VARIABLES));
        key.is_some_and(|key| {
            let key = key.to_ascii_lowercase().replace('_', "-");
            !OF_OTHERS.iter().any(|other| key.starts_with(other))
        })
    })
}

/// Returns the files from which cargo, run in `folder`, reads its configuration. They need not exist.
fn configurations(folder: &Path) -> Vec<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    folder
        .ancestors()
        .map(|folder| folder.join(".cargo"))
        .chain(home)
        .flat_map(|folder| [folder.join("config.toml"), folder.join("config")])
        .collect()
}

fn is_set_in_any(files: Vec<PathBuf>) -> Result<bool> {
    for file in files {
        if is_set_in(&file)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns whether a manifest or configuration of cargo has a release profile. A missing file has none.
fn is_set_in(file: &Path) -> Result<bool> {
    if !file.is_file() {
        return Ok(false);
    }
    let text = files::read_text(file)?;
    is_set(&text).with_context(|| format!("`{}`", file.display()))
}

fn is_set(text: &str) -> Result<bool> {
    let table: Table = text.parse()?;
    let profile = table.get("profile").and_then(|it| it.get("release"));
    let keys = profile.and_then(Value::as_table).into_iter().flatten();
    let mut keys = keys.map(|(key, _)| key.as_str());
    Ok(keys.any(|key| !OF_OTHERS.contains(&key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_own_if_it_applies_to_the_handler() {
        for (text, own) in [
            ("", false),
            ("[package]\nname = \"x\"\n", false),
            ("[profile.dev]\nopt-level = 3\n", false),
            ("[profile.release]\n", false),
            ("[profile.release.package.x]\ndebug = true\n", false),
            ("[profile.release.build-override]\nopt-level = 3\n", false),
            ("[profile.release]\npanic = \"abort\"\n", true),
            ("profile.release.debug = true\n", true),
        ] {
            assert_eq!(is_set(text).unwrap(), own, "{text}");
        }
        assert!(is_set("profile").is_err());
    }

    #[test]
    fn a_variable_of_cargo_is_a_profile_too() {
        for (name, own) in [
            ("CARGO_PROFILE_RELEASE_LTO", true),
            ("CARGO_PROFILE_RELEASE_OPT_LEVEL", true),
            ("CARGO_PROFILE_RELEASE_PACKAGE_X_DEBUG", false),
            ("CARGO_PROFILE_RELEASE_BUILD_OVERRIDE_DEBUG", false),
            ("CARGO_PROFILE_LAMBDA_LTO", false),
            ("PATH", false),
        ] {
            assert_eq!(is_set_by_variable(["HOME", name]), own, "{name}");
        }
    }

    #[test]
    fn the_files_of_a_crate_and_of_the_folders_around_it_count() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("a/b");
        std::fs::create_dir_all(&folder).unwrap();
        let write = |name: &str, text: &str| {
            let file = outer.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        };
        let is_own = || {
            let root = outer.path().join("a");
            is_set_in(&root.join("Cargo.toml")).unwrap()
                || is_set_in_any(configurations(&folder)[..6].to_vec()).unwrap()
        };
        assert!(!is_own());
        for file in ["a/Cargo.toml", ".cargo/config.toml", "a/b/.cargo/config"] {
            write(file, "[profile.release]\nlto = false\n");
            assert!(is_own(), "{file}");
            write(file, "");
            assert!(!is_own(), "{file}");
        }
    }

    /// The profile of a crate, and its arguments as they are typed.
    fn typed(is_default: bool, line_tables: bool, effort: Effort) -> String {
        let profile = Profile {
            is_default,
            line_tables,
            effort,
        };
        profile.arguments().join(" ")
    }

    #[test]
    fn only_settings_of_the_crate_s_own_share_the_folder_of_cargo() {
        assert_eq!(typed(false, false, Effort::Full), "--release");
        for (is_default, line_tables, effort, name) in [
            (true, false, Effort::Full, "bootstream-build"),
            (true, true, Effort::Full, "bootstream-build-lines"),
            (false, true, Effort::Full, "bootstream-build-lines"),
            (true, false, Effort::Quick, "bootstream-dev"),
            (false, false, Effort::Quick, "bootstream-dev"),
            (true, true, Effort::Quick, "bootstream-dev-lines"),
        ] {
            let arguments = typed(is_default, line_tables, effort);
            let start = format!("--profile={name} --config=profile.{name}.inherits=\"release\" ");
            assert!(arguments.starts_with(&start), "{arguments}");
        }
    }

    #[test]
    fn a_quick_build_is_not_optimised_when_it_is_linked() {
        assert_eq!(
            typed(false, false, Effort::Quick),
            "--profile=bootstream-dev --config=profile.bootstream-dev.inherits=\"release\" \
             --config=profile.bootstream-dev.incremental=true --config=profile.bootstream-dev.lto=false"
        );
    }

    #[test]
    fn a_crate_without_a_profile_gets_one_and_is_told_so() {
        let profile = |is_default, line_tables| Profile {
            is_default,
            line_tables,
            effort: Effort::Full,
        };
        let note = profile(true, false).note().unwrap();
        assert!(note.contains("opt-level = \"s\""), "{note}");
        assert!(note.contains("[profile.release]"), "{note}");
        let note = profile(true, true).note().unwrap();
        assert!(note.contains("line tables"), "{note}");
        assert_eq!(profile(false, true).note(), None);
    }
}
