//! New projects.
//!
//! The handlers are the examples of this repository, which are built and tested here. A project in another language
//! than Rust has a copy of the package `bootstream`.

// The macros of this module come first.
#[macro_use]
mod files;
mod compiled;
mod npm;
mod sdk;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::args::Template;
use crate::files::own_executable;
use files::{DEPLOYMENT, of};
use sdk::Sdk;

/// The contents of a new project.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) folder: PathBuf,
    name: String,
    template: Template,
    /// Where the crate `bootstream` is. Only the template in Rust needs it.
    sdk: Option<Sdk>,
}

impl Plan {
    /// Validates everything before anything is written.
    ///
    /// # Errors
    ///
    /// The name is invalid, the folder is in use, or the SDK is not in the named folder.
    pub(crate) fn new(folder: &Path, template: Template, sdk: Option<&Path>) -> Result<Self> {
        let name = folder
            .file_name()
            .and_then(|name| name.to_str())
            .context("name the project: `bootstream new NAME`")?;
        check_name(name)?;
        if folder.exists() {
            bail!(
                "`{}` is there already: choose another name, or remove it",
                folder.display()
            );
        }
        let sdk = match template {
            Template::Rust => Some(Sdk::find(sdk, &own_executable()?)?),
            _ => None,
        };
        Ok(Self {
            folder: folder.to_owned(),
            name: name.to_owned(),
            template,
            sdk,
        })
    }

    /// Writes the project.
    ///
    /// # Errors
    ///
    /// A file cannot be written. The error names it.
    pub(crate) fn write(&self) -> Result<()> {
        for (path, text) in of(self.template).iter().chain(DEPLOYMENT) {
            let path = self.folder.join(path);
            let name = path.display();
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)
                    .with_context(|| format!("cannot make the folder of `{name}`"))?;
            }
            std::fs::write(&path, self.fill(text))
                .with_context(|| format!("cannot write `{name}`"))?;
        }
        Ok(())
    }

    fn fill(&self, text: &str) -> String {
        let sdk = self.sdk.as_ref().map(Sdk::dependency).unwrap_or_default();
        text.replace("{{name}}", &self.name)
            .replace("{{crate}}", &self.name.replace('-', "_"))
            .replace("{{sdk}}", &sdk)
    }
}

/// Checks that a name is valid for a crate, an npm package, and a CloudFormation stack.
fn check_name(name: &str) -> Result<()> {
    const LONGEST: usize = 64;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let starts_well = name.starts_with(|c: char| c.is_ascii_lowercase());
    if !starts_well || name.ends_with('-') || name.len() > LONGEST || !name.chars().all(plain) {
        bail!(
            "`{name}` is not a valid project name: use at most {LONGEST} lower-case letters, digits and \
             `-`, a letter first"
        );
    }
    // Cargo rejects these as names of libraries.
    if ["std", "core", "alloc", "test", "proc-macro", "bootstream"].contains(&name) {
        bail!("`{name}` is the name of another crate: choose another one");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use bootstream_host::config::{self, FILE_NAME};
    use clap::ValueEnum as _;

    use super::*;

    /// Uncomments the settings that are commented out.
    fn uncommented(text: &str) -> String {
        let is_setting = |line: &str| line.starts_with('[') || line.contains(" = ");
        text.lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(setting) if is_setting(setting) => format!("{setting}\n"),
                _ => format!("{line}\n"),
            })
            .collect()
    }

    #[test]
    fn the_settings_of_a_project_are_ones_also_when_they_are_taken_out_of_their_comments() {
        for template in Template::value_variants() {
            let mut all = of(*template).iter();
            let (_, text) = all.find(|(path, _)| *path == FILE_NAME).unwrap();
            config::check_file(text, FILE_NAME).unwrap();
            let all = uncommented(text);
            assert!(all.contains("\n[limits]\nmemory-mib = 128\n"), "{all}");
            config::check_file(&all, FILE_NAME).unwrap();
        }
    }

    #[test]
    fn a_project_that_is_built_by_another_tool_says_how_to_install_it() {
        for template in Template::value_variants() {
            let mut all = of(*template).iter();
            let (_, text) = all.find(|(path, _)| *path == FILE_NAME).unwrap();
            let settings: toml::Table = text.parse().unwrap();
            let build = settings.get("build").and_then(toml::Value::as_table);
            if let Some(build) = build.filter(|build| build.contains_key("command")) {
                let install = build["install"].as_str().unwrap();
                let tool = build["command"][0].as_str().unwrap();
                let wanted = if tool == "npm" {
                    "npm install"
                } else {
                    "pip install"
                };
                assert!(install.contains(wanted), "{template:?}: {install}");
            }
        }
    }

    /// Every file of a folder, with its path from there.
    fn walk(folder: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut waiting = vec![folder.to_owned()];
        while let Some(next) = waiting.pop() {
            for entry in std::fs::read_dir(next).unwrap() {
                let path = entry.unwrap().path();
                if path.ends_with("__pycache__") {
                    continue;
                } else if path.is_dir() {
                    waiting.push(path);
                } else {
                    found.push(path.strip_prefix(folder).unwrap().to_owned());
                }
            }
        }
        found
    }

    /// Checks that a template has every file of a folder of a package, at the same path below `to`.
    fn assert_has_package(template: Template, package: &str, to: &str) {
        let package = Path::new(env!("CARGO_MANIFEST_DIR")).join(package);
        let found = walk(&package);
        assert!(!found.is_empty());
        // The tests of the package stay behind.
        let found = found.iter().filter(|path| {
            let name = path.to_string_lossy();
            !name.ends_with("_test.go") && !name.starts_with("tests/")
        });
        for path in found {
            let wanted = Path::new(to).join(path);
            let found = of(template)
                .iter()
                .find(|(path, _)| Path::new(path) == wanted);
            let original = std::fs::read_to_string(package.join(path));
            assert_eq!(
                found.map(|(_, text)| *text),
                Some(&*original.unwrap()),
                "{wanted:?}"
            );
        }
    }

    #[test]
    fn a_project_in_python_has_the_whole_package() {
        let to = "vendor/bootstream/src/bootstream";
        assert_has_package(Template::Python, "../guest-python/src/bootstream", to);
    }

    #[test]
    fn a_project_in_javascript_or_typescript_has_the_whole_package() {
        for template in [Template::Javascript, Template::Typescript] {
            for folder in ["src", "wit"] {
                let package = format!("../guest-js/{folder}");
                assert_has_package(template, &package, &format!("vendor/bootstream/{folder}"));
            }
        }
    }

    #[test]
    fn a_project_in_go_or_c_has_the_whole_package() {
        assert_has_package(Template::Go, "../guest-go", "bootstream");
        assert_has_package(Template::C, "../guest-c", "vendor/bootstream");
    }

    #[test]
    fn a_project_in_c_is_built_as_the_example_is() {
        for (name, example) in [
            (
                "Makefile",
                include_str!("../../../examples/streaming-c/Makefile"),
            ),
            (
                "CMakeLists.txt",
                include_str!("../../../examples/streaming-c/CMakeLists.txt"),
            ),
        ] {
            let mut all = of(Template::C).iter();
            let (_, text) = all.find(|(path, _)| *path == name).unwrap();
            assert_eq!(
                *text,
                example.replace("../../guest-c", "vendor/bootstream"),
                "{name}"
            );
        }
    }

    #[test]
    fn names_are_names_everywhere() {
        for name in ["hello", "a", "hello-2-you"] {
            check_name(name).unwrap();
        }
        for name in [
            "",
            "2hello",
            "Hello",
            "hello_you",
            "hello-",
            "a b",
            "test",
            "ö",
        ] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
