//! Finds the `bootstrap` binary.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use local_lambda::EXECUTABLE_NAME;

use crate::files::own_executable;

/// Variable with the default `bootstrap` of all commands.
const VARIABLE: &str = "BOOTSTREAM_BOOTSTRAP";

/// How to get a `bootstrap`.
pub(crate) const HOW: &str = "build it with `scripts/build-bootstrap.sh`";

/// Finds the `bootstrap` binary: the given one, else the variable's, else in `../lambda` or beside
/// this executable.
///
/// In that order, because a build of the whole workspace leaves one with another profile than the
/// deployed one beside this executable.
///
/// # Errors
///
/// There is none. The error names the places and the command that builds one.
pub(crate) fn find(named: Option<&Path>) -> Result<PathBuf> {
    let variable = std::env::var_os(VARIABLE).filter(|value| !value.is_empty());
    if let Some(path) = named.or(variable.as_deref().map(Path::new)) {
        if !path.is_file() {
            bail!("there is no bootstrap at `{}`: {HOW}", path.display());
        }
        return path
            .canonicalize()
            .with_context(|| format!("cannot find `{}`", path.display()));
    }
    let executable = own_executable()?;
    let folder = executable.parent().unwrap_or(Path::new("/"));
    let beside = folder.join(EXECUTABLE_NAME);
    let lambda = folder.with_file_name("lambda").join(EXECUTABLE_NAME);
    if let Some(found) = [&lambda, &beside].into_iter().find(|place| place.is_file()) {
        return Ok(found.clone());
    }
    bail!(
        "found no bootstrap at `{}` or `{}`: {HOW}, or pass --bootstrap",
        lambda.display(),
        beside.display()
    )
}

/// Returns where `scripts/build-bootstrap.sh` puts a `bootstrap` for another architecture than this
/// machine's.
///
/// # Errors
///
/// The system does not say where this executable is.
pub(crate) fn cross_built(arch: &str) -> Result<PathBuf> {
    let executable = own_executable()?;
    let folder = executable.parent().unwrap_or(Path::new("/"));
    Ok(folder
        .with_file_name(arch)
        .join("lambda")
        .join(EXECUTABLE_NAME))
}
