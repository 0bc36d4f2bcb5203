//! The content of each zip.
//!
//! Lambda unpacks the function's zip to `/var/task` and a layer's to `/opt`, and starts
//! `/var/task/bootstrap` if there is one, else `/opt/bootstrap`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use artifact::{Arch, COMPONENT_EXTENSION, Concurrency, PRECOMPILED_EXTENSION};

use super::archive::{Content, DATA, PROGRAM};
use super::include::Included;
use super::inspect::UNPACKED_LIMIT;
use crate::bootstrap::{self, HOW_WITH_WASI_P3};
use crate::files;

pub(crate) use crate::bootstrap::COMPILER;

/// The executable that Lambda starts.
pub(crate) const BOOTSTRAP: &str = "bootstrap";

/// The settings of host and handler.
pub(crate) const SETTINGS: &str = "bootstream.toml";

/// The files of the host.
#[derive(Debug)]
pub(crate) struct HostFiles {
    pub(crate) bootstrap: PathBuf,
    /// What `bootstrap` supports, as far as the component needs it.
    pub(crate) concurrency: Concurrency,
    pub(crate) compiler: Option<PathBuf>,
}

impl HostFiles {
    /// Adds the files to a zip.
    ///
    /// # Errors
    ///
    /// A file cannot be read.
    pub(crate) fn add_to(&self, content: &mut Content) -> Result<()> {
        content.add(BOOTSTRAP, PROGRAM, read(&self.bootstrap)?);
        if let Some(compiler) = &self.compiler {
            content.add(COMPILER, PROGRAM, read(compiler)?);
        }
        Ok(())
    }
}

/// The files of a function.
#[derive(Debug)]
pub(crate) struct FunctionFiles {
    /// The handler's name, without an extension.
    pub(crate) name: String,
    pub(crate) component: Option<Vec<u8>>,
    pub(crate) machine_code: Option<Vec<u8>>,
    pub(crate) settings: Option<PathBuf>,
    /// The included files.
    pub(crate) included: Included,
}

impl FunctionFiles {
    /// Adds the files to a zip.
    ///
    /// # Errors
    ///
    /// A file cannot be read.
    pub(crate) fn add_to(&self, content: &mut Content) -> Result<()> {
        if let Some(component) = &self.component {
            content.add(
                &format!("{}.{COMPONENT_EXTENSION}", self.name),
                DATA,
                component.clone(),
            );
        }
        if let Some(code) = &self.machine_code {
            content.add(
                &format!("{}.{PRECOMPILED_EXTENSION}", self.name),
                DATA,
                code.clone(),
            );
        }
        if let Some(settings) = &self.settings {
            content.add(SETTINGS, DATA, read(settings)?);
        }
        for (name, file) in &self.included.files {
            let mode = if file.executable { PROGRAM } else { DATA };
            content.add(name, mode, read(&file.path)?);
        }
        Ok(())
    }

    /// Returns the function's `Handler`, by which the host finds either form.
    pub(crate) fn handler(&self) -> &str {
        &self.name
    }
}

/// Finds the `bootstrap` for an architecture and a component that needs `concurrency`.
///
/// # Errors
///
/// There is none, or it lacks what the component needs. The error names the places and the command that builds
/// one.
pub(crate) fn find_bootstrap(
    named: Option<&Path>,
    arch: Arch,
    concurrency: Concurrency,
) -> Result<PathBuf> {
    let found = bootstrap::find(named, arch, concurrency)?;
    if concurrency == Concurrency::On && Concurrency::of_host(&read(&found)?) == Concurrency::Off {
        bail!(
            "`{}` was built without WASI 0.3, which the component needs: {HOW_WITH_WASI_P3}",
            found.display()
        );
    }
    Ok(found)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let name = path.display();
    let size = std::fs::metadata(path)
        .with_context(|| format!("cannot read `{name}`"))?
        .len();
    if size > UNPACKED_LIMIT {
        bail!("`{name}` has {size} bytes; Lambda takes {UNPACKED_LIMIT} (250 MB) unpacked");
    }
    files::read(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_bootstrap_has_to_have_what_the_component_needs() {
        let folder = tempfile::tempdir().unwrap();
        let [with, without] = ["with", "without"].map(|name| folder.path().join(name));
        std::fs::write(&with, format!("\x7fELF{}", Concurrency::HOST_MARK)).unwrap();
        std::fs::write(&without, "\x7fELF").unwrap();
        let find = |named: &Path, concurrency| find_bootstrap(Some(named), Arch::HOST, concurrency);

        let error = find(&without, Concurrency::On).unwrap_err().to_string();

        assert!(
            error.contains("without` was built without WASI 0.3"),
            "{error}"
        );
        assert!(
            error.contains("`scripts/build-bootstrap.sh --wasi-p3`"),
            "{error}"
        );
        for (named, concurrency) in [
            (&without, Concurrency::Off),
            (&with, Concurrency::Off),
            (&with, Concurrency::On),
        ] {
            let found = find(named, concurrency).unwrap();
            assert_eq!(found.file_name(), named.file_name());
        }
    }
}
