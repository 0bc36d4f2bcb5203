//! Builds a handler crate with cargo.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use artifact::COMPONENT_EXTENSION;
use serde::Deserialize;

use super::BuildOptions;
use super::profile::Profile;
use crate::printer::{Printer, Tone};
use crate::toolchain::{TARGET, Toolchain};

/// Variables of cargo with a path, which is relative to cargo's working directory.
const PATH_VARIABLES: [&str; 3] = ["CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"];

/// Variables of cargo with a program: a path if it contains a `/`.
const PROGRAM_VARIABLES: [&str; 5] = [
    "RUSTC",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "CARGO_BUILD_RUSTC",
    "CARGO_BUILD_RUSTC_WRAPPER",
];

/// A handler crate.
#[derive(Debug)]
pub(super) struct Crate {
    /// An absolute path.
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

    /// Returns the working directory for cargo, so that it reads the crate's own `.cargo/config.toml` and
    /// `rust-toolchain.toml`.
    pub(super) fn folder(&self) -> &Path {
        self.manifest.parent().unwrap_or(Path::new("/"))
    }

    /// Returns a cargo command in the folder of the crate. Paths in the user's variables stay relative to
    /// the user's own folder.
    fn cargo(&self) -> Result<Command> {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(self.folder()).stderr(Stdio::inherit());
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let paths = PATH_VARIABLES.map(|name| (name, set(name)));
        let programs = PROGRAM_VARIABLES.map(|name| (name, set(name)));
        let is_path = |program: &OsString| program.as_encoded_bytes().contains(&b'/');
        let programs = programs.map(|(name, program)| (name, program.filter(is_path)));
        for (name, value) in paths.into_iter().chain(programs) {
            if let Some(value) = value {
                cargo.env(name, std::path::absolute(value)?);
            }
        }
        Ok(cargo)
    }

    /// Asks cargo for the folders of this crate.
    ///
    /// # Errors
    ///
    /// Cargo cannot be run or does not understand the manifest.
    fn metadata(&self) -> Result<Metadata> {
        let output = self
            .cargo()?
            .args([
                "metadata",
                "--no-deps",
                "--format-version",
                "1",
                "--manifest-path",
            ])
            .arg(&self.manifest)
            .output()
            .context("cannot run `cargo`")?;
        if !output.status.success() {
            bail!("cargo does not understand `{}`", self.manifest.display());
        }
        serde_json::from_slice(&output.stdout).context("cannot read `cargo metadata`")
    }

    /// Compiles the crate and returns the path of its component. Prints the profile if the crate has none.
    ///
    /// # Errors
    ///
    /// The crate does not compile, or its output is not a component.
    pub(super) fn compile(
        &self,
        toolchain: &Toolchain,
        options: &BuildOptions<'_>,
        printer: Printer,
    ) -> Result<PathBuf> {
        let metadata = self.metadata()?;
        let target_dir = match options.target_dir {
            Some(folder) => std::path::absolute(folder)?,
            None => metadata.target_directory,
        };
        let profile = Profile::choose(&metadata.workspace_root, self.folder(), options)?;
        if let Some(note) = profile.note() {
            printer.message(Tone::Faint, &note);
        }
        let mut cargo = self.cargo()?;
        cargo
            .args(["build", "--target", TARGET])
            .args([
                "--message-format",
                "json-render-diagnostics",
                "--manifest-path",
            ])
            .arg(&self.manifest)
            .arg("--target-dir")
            .arg(toolchain.target_dir(&target_dir))
            .args(profile.arguments());
        toolchain.configure(&mut cargo);
        let output = cargo.output().context("cannot run `cargo`")?;
        if !output.status.success() {
            bail!("`{}` does not compile, see above", self.manifest.display());
        }
        self.own_component(&output.stdout)
    }

    /// Finds the component in cargo's messages: the crate's own library, or else its only program, which is
    /// how frameworks for `wasi:http` build theirs.
    fn own_component(&self, messages: &[u8]) -> Result<PathBuf> {
        let own: Vec<Artifact> = messages
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice::<Artifact>(line).ok())
            .filter(|artifact| artifact.manifest_path == self.manifest)
            .collect();
        if let Some(library) = components(&own, "cdylib").into_iter().next() {
            return Ok(library);
        }
        let mut programs = components(&own, "bin");
        let manifest = self.manifest.display();
        match programs.len() {
            0 => bail!(
                "`{manifest}` makes no component: add `[lib]` with `crate-type = [\"cdylib\"]`, or a program \
                 that serves `wasi:http`"
            ),
            1 => Ok(programs.remove(0)),
            _ => {
                let names: Vec<_> = programs
                    .iter()
                    .filter_map(|path| path.file_stem()?.to_str())
                    .collect();
                bail!(
                    "`{manifest}` makes several programs, {}: keep the handler alone in the crate, or make it \
                     the library, with `crate-type = [\"cdylib\"]`",
                    names.join(" and ")
                )
            }
        }
    }
}

/// The relevant part of what `cargo metadata` prints.
#[derive(Deserialize)]
struct Metadata {
    target_directory: PathBuf,
    workspace_root: PathBuf,
}

/// The relevant part of cargo's `compiler-artifact` message; other messages lack it.
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

/// Returns the components among the files of a crate type.
fn components(artifacts: &[Artifact], crate_type: &str) -> Vec<PathBuf> {
    let of_type = |artifact: &&Artifact| {
        artifact
            .target
            .crate_types
            .iter()
            .any(|it| it == crate_type)
    };
    let files = artifacts
        .iter()
        .filter(of_type)
        .flat_map(|artifact| &artifact.filenames);
    files
        .filter(|file| file.extension().is_some_and(|it| it == COMPONENT_EXTENSION))
        .cloned()
        .collect()
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

    const PROGRAM: &str = r#"{"reason":"compiler-artifact","manifest_path":"/work/hello/Cargo.toml","target":{"crate_types":["bin"]},"filenames":["/t/NAME.wasm"]}"#;

    #[test]
    fn without_a_library_the_only_program_is_the_component() {
        let project = Crate {
            manifest: "/work/hello/Cargo.toml".into(),
        };
        let one = PROGRAM.replace("NAME", "one");
        let other = PROGRAM.replace("NAME", "other");

        assert_eq!(
            project.own_component(one.as_bytes()).unwrap(),
            Path::new("/t/one.wasm")
        );
        let two = format!("{one}\n{other}");
        let error = project.own_component(two.as_bytes()).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("`/work/hello/Cargo.toml` makes several programs, one and other: "),
            "{error}"
        );
    }

    #[test]
    fn a_crate_without_a_component_is_told_what_to_add() {
        let project = Crate {
            manifest: "/work/hello/Cargo.toml".into(),
        };

        let error = project
            .own_component(b"{\"reason\":\"build-finished\"}")
            .unwrap_err();

        assert_eq!(
            error.to_string(),
            "`/work/hello/Cargo.toml` makes no component: add `[lib]` with `crate-type = [\"cdylib\"]`, or \
             a program that serves `wasi:http`"
        );
    }
}
