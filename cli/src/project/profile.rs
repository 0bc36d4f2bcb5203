//! The release profile of handler crates that have none of their own.
//!
//! Cargo's default profile is made for native programs. A component that was built with it has more than twice the
//! size, and its machine code as well, which every cold start loads.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use toml::{Table, Value};

use super::{BuildOptions, Effort};
use crate::files;

/// The profile of the projects that `bootstream new` makes, as cargo's variables.
const SMALL: [(&str, &str); 3] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "s"),
    ("CARGO_PROFILE_RELEASE_LTO", "true"),
    ("CARGO_PROFILE_RELEASE_STRIP", "debuginfo"),
];

/// The same profile, for messages.
const SMALL_SHOWN: &str = "opt-level = \"s\", lto = true, strip = \"debuginfo\"";

/// What keeps files and lines in stack traces. Overrides every profile.
const LINE_TABLES: [(&str, &str); 2] = [
    ("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only"),
    ("CARGO_PROFILE_RELEASE_STRIP", "none"),
];

/// Arguments of cargo for a component that is packaged.
const FULL: &[&str] = &["--release"];

/// Arguments of cargo for one that the next change replaces. Link-time optimisation is nine tenths of a rebuild: it reads
/// the whole standard library each time. A profile of its own has a folder of its own, because cargo does not notice
/// that another profile has overwritten a component.
const QUICK: &[&str] = &[
    "--profile=bootstream-dev",
    "--config=profile.bootstream-dev.inherits=\"release\"",
    "--config=profile.bootstream-dev.lto=false",
    "--config=profile.bootstream-dev.incremental=true",
];

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

    /// Makes cargo use the profile.
    pub(super) fn configure(self, cargo: &mut Command) {
        cargo.args(match self.effort {
            Effort::Full => FULL,
            Effort::Quick => QUICK,
        });
        if self.is_default {
            cargo.envs(SMALL);
        }
        if self.line_tables {
            cargo.envs(LINE_TABLES);
        }
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

    #[test]
    fn a_quick_build_leaves_the_packaged_component_alone() {
        let arguments = |effort| {
            let mut cargo = Command::new("cargo");
            let profile = Profile {
                is_default: true,
                line_tables: false,
                effort,
            };
            profile.configure(&mut cargo);
            let given = cargo.get_args().filter_map(OsStr::to_str);
            given.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(arguments(Effort::Full), "--release");
        let quick = arguments(Effort::Quick);
        assert!(quick.starts_with("--profile=bootstream-dev "), "{quick}");
        assert!(quick.contains("bootstream-dev.lto=false"), "{quick}");
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

        let variables = |profile: Profile| {
            let mut cargo = Command::new("cargo");
            profile.configure(&mut cargo);
            let set = cargo.get_envs().filter_map(|(name, value)| {
                let name = name.to_str()?.strip_prefix(VARIABLES)?;
                Some(format!("{name}={}", value?.to_str()?))
            });
            set.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(variables(profile(false, false)), "");
        assert_eq!(
            variables(profile(true, false)),
            "LTO=true OPT_LEVEL=s STRIP=debuginfo"
        );
        assert_eq!(
            variables(profile(true, true)),
            "DEBUG=line-tables-only LTO=true OPT_LEVEL=s STRIP=none"
        );
        assert_eq!(
            variables(profile(false, true)),
            "DEBUG=line-tables-only STRIP=none"
        );
    }
}
