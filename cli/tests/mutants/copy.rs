//! Copies of examples, with the tools that the tests have installed.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A path in this repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.join(path).canonicalize().unwrap()
}

/// What builds an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Rust,
    /// With the AWS SDK, as `scripts/test.sh` has built it.
    RustWithSdk,
    C,
    Go,
    Javascript,
    Python,
}

impl Kind {
    /// What an example expects of its folder: a name, and what it leads to.
    fn tools(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Rust | Self::RustWithSdk => None,
            Self::C | Self::Go => Some((".venv", "target/guest-tools")),
            Self::Python => Some((".venv", "target/guest-python")),
            Self::Javascript => Some(("node_modules", "test-guests/typescript/node_modules")),
        }
    }

    /// The variables of a build.
    pub(crate) fn variables(self) -> Vec<(&'static str, String)> {
        // With the dependencies that the tests have built: the command adds the folder of handlers.
        let target = || repository("target").display().to_string();
        match self {
            Self::Rust => vec![
                ("CARGO_TARGET_DIR", target()),
                ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3".to_owned()),
                ("CARGO_PROFILE_RELEASE_LTO", "false".to_owned()),
                ("CARGO_PROFILE_RELEASE_STRIP", "debuginfo".to_owned()),
            ],
            Self::RustWithSdk => vec![
                ("CARGO_TARGET_DIR", target()),
                ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0".to_owned()),
            ],
            Self::Go => vec![
                ("CGO_ENABLED", "0".to_owned()),
                ("GOTOOLCHAIN", "local".to_owned()),
            ],
            Self::C | Self::Javascript | Self::Python => Vec::new(),
        }
    }
}

/// A copy of an example, whose files may be changed.
pub(crate) struct Copy(TempDir);

impl Copy {
    pub(crate) fn new(example: &str, kind: Kind) -> Self {
        let copy = Self(tempfile::tempdir().unwrap());
        let source = repository("examples").join(example);
        copy_folder(&source, copy.folder());
        if let Some((name, tools)) = kind.tools() {
            symlink(repository(tools), copy.folder().join(name)).unwrap();
        }
        copy.lead_to_repository();
        if matches!(kind, Kind::Rust | Kind::RustWithSdk) {
            copy.become_a_workspace(example);
        }
        copy
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.folder().join(file)).unwrap()
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        fs::write(self.folder().join(file), text).unwrap();
    }

    /// Replaces a text, and returns what the file was before.
    pub(crate) fn replace(&self, file: &str, from: &str, to: &str) -> String {
        let before = self.read(file);
        self.write(file, &before.replacen(from, to, 1));
        before
    }

    /// Makes the paths to packages of this repository absolute.
    fn lead_to_repository(&self) {
        let root = repository(".").display().to_string();
        for file in ["Cargo.toml", "Makefile", "go.mod"] {
            if self.folder().join(file).is_file() {
                let text = self.read(file).replace("../..", &root);
                self.write(file, &text);
            }
        }
    }

    /// Builds the same dependencies as the repository, and the example itself without optimisation. With a name of
    /// its own, because other tests run the example of this folder of builds.
    fn become_a_workspace(&self, example: &str) {
        let name = format!("mutant-of-{example}");
        let manifest = self.read("Cargo.toml");
        let mut manifest = manifest.replacen(
            &format!("name = \"{example}\""),
            &format!("name = \"{name}\""),
            1,
        );
        assert!(manifest.contains(&name), "the manifest has the name");
        if !manifest.contains("[workspace]") {
            manifest.push_str("\n[workspace]\n");
            fs::copy(repository("Cargo.lock"), self.folder().join("Cargo.lock")).unwrap();
        }
        manifest.push_str(&format!(
            "\n[profile.release.package.{name}]\nopt-level = 0\n"
        ));
        self.write("Cargo.toml", &manifest);
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        let is_made = ["node_modules", ".venv", "target"]
            .iter()
            .any(|it| name == *it);
        let copied = to.join(&name);
        if is_made {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &copied);
        } else {
            fs::copy(entry.path(), copied).unwrap();
        }
    }
}
