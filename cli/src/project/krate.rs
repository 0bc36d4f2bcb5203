//! A handler crate, and what cargo makes of it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::toolchain::{TARGET, Toolchain};

/// A handler crate.
#[derive(Debug)]
pub(super) struct Crate {
    manifest: PathBuf,
}

impl Crate {
    /// Finds the crate in `folder`, if there is one.
    ///
    /// # Errors
    ///
    /// The manifest cannot be read.
    pub(super) fn find(folder: &Path) -> Result<Option<Self>> {
        let manifest = folder.join("Cargo.toml");
        if !manifest.is_file() {
            return Ok(None);
        }
        let manifest = manifest
            .canonicalize()
            .with_context(|| format!("cannot read `{}`", manifest.display()))?;
        Ok(Some(Self { manifest }))
    }

    /// Asks cargo where it puts what it makes for this crate.
    ///
    /// # Errors
    ///
    /// Cargo cannot be run or does not understand the manifest.
    fn target_dir(&self) -> Result<PathBuf> {
        #[derive(Deserialize)]
        struct Metadata {
            target_directory: PathBuf,
        }

        let output = Command::new("cargo")
            .args([
                "metadata",
                "--no-deps",
                "--format-version",
                "1",
                "--manifest-path",
            ])
            .arg(&self.manifest)
            .stderr(Stdio::inherit())
            .output()
            .context("cannot run `cargo`")?;
        if !output.status.success() {
            bail!("cargo does not understand `{}`", self.manifest.display());
        }
        let metadata: Metadata =
            serde_json::from_slice(&output.stdout).context("cannot read `cargo metadata`")?;
        Ok(metadata.target_directory)
    }

    /// Compiles the crate and returns the path of its component.
    ///
    /// # Errors
    ///
    /// The crate does not compile, or makes no component.
    pub(super) fn compile(
        &self,
        toolchain: &Toolchain,
        target_dir: Option<&Path>,
    ) -> Result<PathBuf> {
        let target_dir = match target_dir {
            Some(folder) => folder.to_owned(),
            None => self.target_dir()?,
        };
        let mut cargo = Command::new("cargo");
        cargo
            .args(["build", "--release", "--target", TARGET])
            .args([
                "--message-format",
                "json-render-diagnostics",
                "--manifest-path",
            ])
            .arg(&self.manifest)
            .arg("--target-dir")
            .arg(toolchain.target_dir(&target_dir))
            .stderr(Stdio::inherit());
        toolchain.configure(&mut cargo);
        let output = cargo.output().context("cannot run `cargo`")?;
        if !output.status.success() {
            bail!("`{}` does not compile, see above", self.manifest.display());
        }
        self.own_component(&output.stdout)
    }

    /// Finds the crate's own library among everything cargo reports.
    fn own_component(&self, messages: &[u8]) -> Result<PathBuf> {
        let found = messages
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice::<Artifact>(line).ok())
            .filter(|artifact| artifact.manifest_path == self.manifest)
            .filter(|artifact| {
                artifact
                    .target
                    .crate_types
                    .iter()
                    .any(|kind| kind == "cdylib")
            })
            .flat_map(|artifact| artifact.filenames)
            .find(|file| {
                file.extension()
                    .is_some_and(|extension| extension == "wasm")
            });
        found.with_context(|| {
            format!(
                "`{}` makes no component: add `[lib]` with `crate-type = [\"cdylib\"]`",
                self.manifest.display()
            )
        })
    }
}

/// The part of cargo's `compiler-artifact` message that is of use; other messages lack it.
#[derive(Deserialize)]
struct Artifact {
    manifest_path: PathBuf,
    target: ArtifactTarget,
    filenames: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct ArtifactTarget {
    crate_types: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_crate_s_own_cdylib_is_the_component() {
        let project = Crate {
            manifest: "/work/hello/Cargo.toml".into(),
        };
        let messages = br#"
{"reason":"compiler-artifact","manifest_path":"/deps/other/Cargo.toml","target":{"crate_types":["cdylib"]},"filenames":["/t/other.wasm"]}
{"reason":"compiler-artifact","manifest_path":"/work/hello/Cargo.toml","target":{"crate_types":["bin"]},"filenames":["/t/build.wasm"]}
{"reason":"build-script-executed","package_id":"x"}
{"reason":"compiler-artifact","manifest_path":"/work/hello/Cargo.toml","target":{"crate_types":["rlib","cdylib"]},"filenames":["/t/libhello.rlib","/t/hello.wasm"]}
{"reason":"build-finished","success":true}
"#;

        assert_eq!(
            project.own_component(messages).unwrap(),
            Path::new("/t/hello.wasm")
        );
    }

    #[test]
    fn a_crate_without_a_cdylib_is_told_what_to_add() {
        let project = Crate {
            manifest: "/work/hello/Cargo.toml".into(),
        };

        let error = project
            .own_component(b"{\"reason\":\"build-finished\"}")
            .unwrap_err();

        assert_eq!(
            error.to_string(),
            "`/work/hello/Cargo.toml` makes no component: \
             add `[lib]` with `crate-type = [\"cdylib\"]`"
        );
    }
}
