//! Finds the `bootstrap` binary. There are two builds: WASI 0.3 makes one a quarter larger, so only components
//! that need it get that one.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use artifact::Concurrency;
use local_lambda::EXECUTABLE_NAME;

use crate::files::own_executable;

/// Variable with the default `bootstrap` of all commands.
const VARIABLE: &str = "BOOTSTREAM_BOOTSTRAP";

/// How to get a `bootstrap`.
pub(crate) const HOW: &str = "build it with `scripts/build-bootstrap.sh`";

/// How to get one for a component that needs WASI 0.3.
pub(crate) const HOW_WITH_WASI_P3: &str =
    "take the `bootstrap` that `scripts/build-bootstrap.sh --wasi-p3` makes";

/// The file name of the build with WASI 0.3.
const WITH_WASI_P3: &str = "bootstrap-wasi-p3";

/// Returns how to get a `bootstrap` for components that need this.
pub(crate) fn how(concurrency: Concurrency) -> &'static str {
    match concurrency {
        Concurrency::Off => HOW,
        Concurrency::On => {
            "the component needs WASI 0.3; build it with `scripts/build-bootstrap.sh --wasi-p3`"
        }
    }
}

fn file_name(concurrency: Concurrency) -> &'static str {
    match concurrency {
        Concurrency::Off => EXECUTABLE_NAME,
        Concurrency::On => WITH_WASI_P3,
    }
}

/// Finds the `bootstrap` binary for a component that needs `concurrency`: the given one, else the variable's,
/// else in `../lambda` or beside this executable.
///
/// In that order, because a build of the whole workspace leaves one with another profile than the
/// deployed one beside this executable.
///
/// # Errors
///
/// There is none. The error names the places and the command that builds one.
pub(crate) fn find(named: Option<&Path>, concurrency: Concurrency) -> Result<PathBuf> {
    let how = how(concurrency);
    if let Some(path) = given(named, how)? {
        return Ok(path);
    }
    let executable = own_executable()?;
    let folder = executable.parent().unwrap_or(Path::new("/"));
    let beside = folder.join(file_name(concurrency));
    let lambda = folder.with_file_name("lambda").join(file_name(concurrency));
    if let Some(found) = [&lambda, &beside].into_iter().find(|place| place.is_file()) {
        return Ok(found.clone());
    }
    bail!(
        "found no bootstrap at `{}` or `{}`: {how}, or pass --bootstrap",
        lambda.display(),
        beside.display()
    )
}

/// Returns the `bootstrap` that the user names, or the variable, if one does.
///
/// # Errors
///
/// It is not there. The error says `how` to get one.
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
    Ok(Some(path))
}

/// Returns where `scripts/build-bootstrap.sh` puts a `bootstrap` for another architecture than this
/// machine's.
///
/// # Errors
///
/// The system does not say where this executable is.
pub(crate) fn cross_built(arch: &str, concurrency: Concurrency) -> Result<PathBuf> {
    let executable = own_executable()?;
    let folder = executable.parent().unwrap_or(Path::new("/"));
    Ok(folder
        .with_file_name(arch)
        .join("lambda")
        .join(file_name(concurrency)))
}
