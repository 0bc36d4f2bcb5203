//! Finds the executables of the host: `bootstrap` and `bootstream-compile`. There are two builds of `bootstrap`:
//! WASI 0.3 makes one a quarter larger, so only components that need it get that one.

mod files;
pub(crate) mod install;
mod places;
mod release;
mod unpack;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use artifact::{Arch, Concurrency};

pub(crate) use files::COMPILER;
use files::HostFile;
use places::{Base, places};
use release::Judgement;

/// Variable with the default `bootstrap` of all commands.
const VARIABLE: &str = "BOOTSTREAM_BOOTSTRAP";

/// How to get a `bootstrap`.
pub(crate) const HOW: &str = "build it with `scripts/build-bootstrap.sh`";

/// How to get one for a component that needs WASI 0.3.
pub(crate) const HOW_WITH_WASI_P3: &str =
    "take the `bootstrap` that `scripts/build-bootstrap.sh --wasi-p3` makes";

/// What runs handlers on this machine.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Host {
    /// A `bootstrap`, as it is deployed.
    Deployed(PathBuf),
    /// The host inside this command.
    Own(PathBuf),
}

impl Host {
    /// Returns the executable to start.
    pub(crate) fn executable(&self) -> &Path {
        match self {
            Self::Deployed(path) | Self::Own(path) => path,
        }
    }

    /// Returns the arguments to start it with.
    pub(crate) fn arguments(&self) -> &'static [&'static str] {
        match self {
            Self::Deployed(_) => &[],
            Self::Own(_) => &["host", "run"],
        }
    }
}

/// Finds what runs a component that needs `concurrency` on this machine: the given `bootstrap`, else the
/// variable's, else an installed one, else this command.
///
/// # Errors
///
/// The given one is not there, or the first that was found is of another release.
pub(crate) fn find_or_own(named: Option<&Path>, concurrency: Concurrency) -> Result<Host> {
    if let Some(path) = given(named, how(concurrency))? {
        return Ok(Host::Deployed(path));
    }
    let file = HostFile::Bootstrap(concurrency);
    match first(&places(&Base::of_this_process()?, file, Arch::HOST))? {
        Some(path) => Ok(Host::Deployed(path)),
        None => own(),
    }
}

/// Returns the host inside this command.
///
/// # Errors
///
/// The system does not say where this executable is.
pub(crate) fn own() -> Result<Host> {
    Ok(Host::Own(Base::of_this_process()?.executable))
}

/// Finds the `bootstrap` for functions of an architecture, for a component that needs `concurrency`: the given
/// one, else the variable's, if that is for this machine, else an installed one.
///
/// # Errors
///
/// There is none, or the first that was found is of another release. The error names the places and how to get
/// one.
pub(crate) fn find(named: Option<&Path>, arch: Arch, concurrency: Concurrency) -> Result<PathBuf> {
    let is_for_host = arch == Arch::HOST;
    if (named.is_some() || is_for_host)
        && let Some(path) = given(named, how(concurrency))?
    {
        return Ok(path);
    }
    let file = HostFile::Bootstrap(concurrency);
    installed(
        file,
        arch,
        &format!("{}, or pass `--bootstrap`", build(arch, concurrency)),
    )
}

/// Finds the compiler for a layer: the given one, else an installed one.
///
/// # Errors
///
/// There is none, or the first that was found is of another release.
pub(crate) fn find_compiler(named: Option<&Path>, arch: Arch) -> Result<PathBuf> {
    if let Some(path) = named {
        return Ok(path.to_owned());
    }
    let how = format!(
        "build it with `scripts/build-bootstrap.sh --arch {arch} --compiler`, or name one with `--compiler=PATH`"
    );
    installed(HostFile::Compiler, arch, &how)
}

fn installed(file: HostFile, arch: Arch, how: &str) -> Result<PathBuf> {
    let places = places(&Base::of_this_process()?, file, arch);
    if let Some(path) = first(&places)? {
        return Ok(path);
    }
    let tried: Vec<_> = places
        .iter()
        .map(|it| format!("`{}`", it.display()))
        .collect();
    bail!(
        "found no {} for {arch} at {}: `bootstream host install --arch {arch}` installs the one of this release; {how}",
        file.name(),
        tried.join(", ")
    )
}

/// Returns the first of these files that is one of this project.
///
/// # Errors
///
/// It is of another release than this command.
fn first(places: &[PathBuf]) -> Result<Option<PathBuf>> {
    for place in places.iter().filter(|place| place.is_file()) {
        match release::of(place)? {
            Judgement::Own => return Ok(Some(place.clone())),
            Judgement::Other(error) => return Err(error),
            // A program of another project with the same name.
            Judgement::Foreign => {}
        }
    }
    Ok(None)
}

/// Returns the `bootstrap` that the user names, or the variable, if one does. It may be another project's.
///
/// # Errors
///
/// It is not there, which the error says `how` to change, or it is of another release than this command.
pub(crate) fn given(named: Option<&Path>, how: &str) -> Result<Option<PathBuf>> {
    let variable = std::env::var_os(VARIABLE).filter(|value| !value.is_empty());
    let Some(path) = named.or(variable.as_deref().map(Path::new)) else {
        return Ok(None);
    };
    if !path.is_file() {
        bail!("there is no bootstrap at `{}`: {how}", path.display());
    }
    let path = path
        .canonicalize()
        .with_context(|| format!("cannot find `{}`", path.display()))?;
    match release::of(&path)? {
        Judgement::Own | Judgement::Foreign => Ok(Some(path)),
        Judgement::Other(error) => Err(error),
    }
}

/// Returns how to get a `bootstrap` for components that need this.
fn how(concurrency: Concurrency) -> &'static str {
    match concurrency {
        Concurrency::Off => HOW,
        Concurrency::On => {
            "the component needs WASI 0.3; build it with `scripts/build-bootstrap.sh --wasi-p3`"
        }
    }
}

/// Returns how to build a `bootstrap` for an architecture.
fn build(arch: Arch, concurrency: Concurrency) -> &'static str {
    match (arch == Arch::HOST, arch, concurrency) {
        (true, _, _) => how(concurrency),
        (false, Arch::Arm64, Concurrency::Off) => {
            "build it with `scripts/build-bootstrap.sh --arch arm64`"
        }
        (false, Arch::Arm64, Concurrency::On) => {
            "the component needs WASI 0.3; build it with `scripts/build-bootstrap.sh --arch arm64 --wasi-p3`"
        }
        (false, Arch::X86_64, _) => "build it on an x86_64 machine",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with files of this name and content, in this order.
    fn folder(files: &[&str]) -> (tempfile::TempDir, Vec<PathBuf>) {
        let folder = tempfile::tempdir().unwrap();
        let write = |(n, content): (usize, &&str)| {
            let path = folder.path().join(n.to_string());
            std::fs::write(&path, content).unwrap();
            path
        };
        let paths = files.iter().enumerate().map(write).collect();
        (folder, paths)
    }

    #[test]
    fn the_first_of_this_release_is_taken() {
        let own = artifact::release::MARK;
        let (_folder, mut places) = folder(&["#!/bin/sh\n", own, own]);
        places.insert(0, "/nowhere/bootstrap".into());

        assert_eq!(first(&places).unwrap().as_ref(), places.get(2));
        assert_eq!(first(&places[..2]).unwrap(), None);
    }

    #[test]
    fn a_host_of_another_release_is_refused_with_both_named() {
        let (_folder, places) = folder(&["bootstream-release=0.0.9;", artifact::release::MARK]);

        for error in [
            first(&places).unwrap_err(),
            given(Some(&places[0]), HOW).unwrap_err(),
        ] {
            let text = error.to_string();
            let place = places[0].canonicalize().unwrap();
            for part in [
                place.to_str().unwrap(),
                "release 0.0.9",
                artifact::release::VERSION,
                "bootstream host install",
            ] {
                assert!(text.contains(part), "{text}");
            }
        }
    }

    #[test]
    fn a_runtime_of_another_project_may_be_named() {
        let (_folder, places) = folder(&["#!/bin/sh\n"]);
        let found = given(Some(&places[0]), HOW).unwrap();
        assert_eq!(found, places[0].canonicalize().ok());
    }
}
