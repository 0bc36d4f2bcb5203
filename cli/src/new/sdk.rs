//! Where a project in Rust takes the crate `bootstream` from.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// The source of the crate `bootstream`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Sdk {
    /// The registry, which has the release of this command.
    Registry,
    /// A folder.
    Folder(PathBuf),
}

impl Sdk {
    /// Takes the named folder, else the one in the checkout around `executable`, else the registry.
    ///
    /// # Errors
    ///
    /// The crate is not in the named folder.
    pub(super) fn find(named: Option<&Path>, executable: &Path) -> Result<Self> {
        if let Some(folder) = named {
            if !folder.join("Cargo.toml").is_file() {
                bail!(
                    "the crate `bootstream` is not at `{}`: name the folder `guest-sdk` of a checkout with \
                     `--sdk`, or leave the option out to take the crate from crates.io",
                    folder.display()
                );
            }
            let folder = folder
                .canonicalize()
                .with_context(|| format!("cannot find `{}`", folder.display()))?;
            return Ok(Self::Folder(folder));
        }
        let mut around = executable.ancestors().skip(1);
        let checkout = around.find(|folder| is_checkout(folder));
        Ok(checkout.map_or(Self::Registry, |it| Self::Folder(it.join("guest-sdk"))))
    }

    /// Returns the value of the dependency in `Cargo.toml`.
    pub(super) fn dependency(&self) -> String {
        match self {
            Self::Registry => format!("\"{}\"", compatible(env!("CARGO_PKG_VERSION"))),
            Self::Folder(folder) => {
                // TOML has the escapes of JSON.
                let path = serde_json::Value::from(folder.display().to_string());
                format!("{{ path = {path} }}")
            }
        }
    }
}

/// Returns whether a folder is a checkout of this project.
fn is_checkout(folder: &Path) -> bool {
    folder.join("guest-sdk/Cargo.toml").is_file() && folder.join(".git").exists()
}

/// Returns the requirement that a release and its compatible successors meet: `0.1` for `0.1.0`. A
/// pre-release meets no other than its own.
fn compatible(version: &str) -> &str {
    if version.contains('-') {
        return version;
    }
    version
        .rsplit_once('.')
        .map_or(version, |(major_minor, _)| major_minor)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder like a checkout, and the path of an executable in it.
    fn checkout(files: &[&str]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let executable = folder.path().join("target/release/bootstream");
        (folder, executable)
    }

    #[test]
    fn a_command_in_a_checkout_takes_the_crate_of_it() {
        let (folder, executable) = checkout(&["guest-sdk/Cargo.toml", ".git/HEAD"]);
        let wanted = Sdk::Folder(folder.path().join("guest-sdk"));
        assert_eq!(Sdk::find(None, &executable).unwrap(), wanted);

        // A worktree has a file there.
        let (folder, executable) = checkout(&["guest-sdk/Cargo.toml", ".git"]);
        let wanted = Sdk::Folder(folder.path().join("guest-sdk"));
        assert_eq!(Sdk::find(None, &executable).unwrap(), wanted);
    }

    #[test]
    fn a_command_elsewhere_takes_the_registry_s() {
        for files in [&["guest-sdk/Cargo.toml"][..], &[".git/HEAD"], &[]] {
            let (_folder, executable) = checkout(files);
            assert_eq!(Sdk::find(None, &executable).unwrap(), Sdk::Registry);
        }
    }

    #[test]
    fn a_named_folder_comes_first() {
        let (folder, executable) = checkout(&["guest-sdk/Cargo.toml", ".git", "other/Cargo.toml"]);
        let other = folder.path().join("other");
        let found = Sdk::find(Some(&other), &executable).unwrap();
        assert_eq!(found, Sdk::Folder(other.canonicalize().unwrap()));

        let error = Sdk::find(Some(Path::new("/nowhere")), &executable).unwrap_err();
        assert!(error.to_string().contains("not at `/nowhere`"), "{error}");
    }

    #[test]
    fn the_dependency_is_a_version_or_a_path() {
        assert_eq!(compatible("0.1.0"), "0.1");
        assert_eq!(compatible("1.20.3"), "1.20");
        assert_eq!(compatible("1.0.0-rc.1"), "1.0.0-rc.1");
        for sdk in [Sdk::Registry, Sdk::Folder("/a \"b\"\\c".into())] {
            let text = format!("bootstream = {}", sdk.dependency());
            let table: toml::Table = text.parse().unwrap();
            let path = table["bootstream"]
                .get("path")
                .and_then(toml::Value::as_str);
            match sdk {
                Sdk::Registry => assert!(table["bootstream"].is_str()),
                Sdk::Folder(folder) => assert_eq!(path, folder.to_str()),
            }
        }
    }
}
