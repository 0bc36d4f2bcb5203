//! The tables `[build]` and `[package]` of `bootstream.toml`: how to build the component, and which
//! files to include. The host ignores them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use bootstream_host::config::FILE_NAME;
use serde::Deserialize;

use crate::files;

/// The table, checked.
#[derive(Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct BuildTable {
    /// The program that builds the component, and its arguments, run in the project's folder. Empty if
    /// something else builds it.
    pub(super) command: Vec<String>,
    /// The component, relative to the folder. Without it, the folder is that of a crate.
    pub(super) component: Option<PathBuf>,
    /// A core module that `command` builds and of which the component is made, relative to the folder.
    pub(super) module: Option<PathBuf>,
    /// A shell command that installs what `command` needs, for the message when it fails. Never run.
    pub(super) install: Option<String>,
    /// Whether to pre-initialise the component.
    pub(super) preinit: bool,
    /// Whether the component of a crate keeps the line tables for stack traces.
    pub(super) line_tables: bool,
}

/// The table `[package]`.
#[derive(Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PackageTable {
    /// Patterns of the files to include, in the syntax of `.gitignore`, relative to the folder.
    pub(crate) include: Vec<String>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    build: BuildTable,
    #[serde(default)]
    package: PackageTable,
}

impl PackageTable {
    /// Parses the table in the text of a file, which may lack it.
    ///
    /// # Errors
    ///
    /// The table has other keys or values than these.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let File { package, .. } = toml::from_str(text)?;
        Ok(package)
    }
}

impl BuildTable {
    /// Reads the table of the project in `folder`, whose file or table may be missing.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or the table has other keys or values than these.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE_NAME);
        if !path.is_file() {
            return Ok(Self::default());
        }
        let name = path.display();
        let text = files::read_text(&path)?;
        Self::parse(&text).with_context(|| format!("`{name}`"))
    }

    fn parse(text: &str) -> Result<Self> {
        let File { build, .. } = toml::from_str(text)?;
        if build.component.is_none() && !build.command.is_empty() {
            bail!("`[build]` has a `command` but does not name the `component` it makes");
        }
        if build.module.is_some() && build.component.is_none() {
            bail!("`[build]` has a `module` but does not name the `component` that is made of it");
        }
        if build.module.is_some() && build.module == build.component {
            bail!("`module` and `component` of `[build]` are the same file: name them differently");
        }
        if build.component.is_some() && build.line_tables {
            bail!(
                "`[build]` has `line-tables`, which is for crates, and names a `component`: set them in the command \
                 that makes it"
            );
        }
        Ok(build)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_settings_says_nothing_on_building() {
        let table = BuildTable::parse("pass-env = [\"NAME\"]\n[limits]\nmemory-mib = 64\n");

        assert_eq!(table.unwrap(), BuildTable::default());
    }

    #[test]
    fn a_command_makes_a_component() {
        let text =
            "[build]\ncommand = [\"npm\", \"run\", \"build\"]\ncomponent = \"handler.wasm\"\n";

        let table = BuildTable::parse(text).unwrap();

        assert_eq!(table.command, ["npm", "run", "build"]);
        assert_eq!(table.component, Some("handler.wasm".into()));
        assert_eq!(table.install, None);
    }

    #[test]
    fn what_goes_along_is_a_list() {
        let text = "[package]\ninclude = [\"web/**\", \"!web/drafts\"]\n";

        assert_eq!(
            PackageTable::parse(text).unwrap().include,
            ["web/**", "!web/drafts"]
        );
        assert_eq!(PackageTable::parse("").unwrap(), PackageTable::default());
        for (text, wanted) in [
            ("[package]\nincludes = []", "unknown field `includes`"),
            ("[package]\ninclude = \"web\"", "expected a sequence"),
        ] {
            let error = PackageTable::parse(text).unwrap_err();

            assert!(format!("{error:#}").contains(wanted), "{error:#}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (text, wanted) in [
            ("[build]\ncommand = [\"make\"]", "not name the `component`"),
            ("[build]\nmodule = \"a.wasm\"", "not name the `component`"),
            (
                "[build]\nmodule = \"a.wasm\"\ncomponent = \"a.wasm\"",
                "name them differently",
            ),
            ("[build]\ncomand = []", "unknown field `comand`"),
            ("[build]\ncommand = \"make\"", "expected a sequence"),
            (
                "[build]\ncomponent = \"x\"\nline-tables = true",
                "`line-tables`, which is for crates",
            ),
            ("[build]\nline-tables = 1", "expected a boolean"),
        ] {
            let error = BuildTable::parse(text).unwrap_err();

            assert!(format!("{error:#}").contains(wanted), "{error:#}");
        }
    }
}
