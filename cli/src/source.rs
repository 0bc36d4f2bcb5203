//! The code that a local Lambda runs, and how to prepare a new version of it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use artifact::{Arch, Concurrency, PRECOMPILED_EXTENSION};
use local_lambda::{Deployment, EXECUTABLE_NAME};

use crate::bootstrap::{self, Host};
use crate::component;
use crate::deployment::{self, Parts};
use crate::files;
use crate::package::include::Included;
use crate::printer::Printer;

/// The code of a function.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// A component, run by a host of this project.
    Component {
        file: PathBuf,
        host: Host,
        /// The file with the settings of the sandbox, which need not exist.
        project: PathBuf,
    },
    /// A runtime of any kind, in the folder that is deployed.
    Runtime { bootstrap: PathBuf },
}

/// Returns what the component in `file` needs. A file that cannot be read fails later, with its reason.
fn needs(file: &Path) -> Concurrency {
    let bytes = files::read(file).unwrap_or_default();
    component::concurrency_of_file(&bytes)
}

impl Source {
    /// Creates a source from a component, run by `bootstrap` or else by the default one.
    ///
    /// # Errors
    ///
    /// The `bootstrap` is not there or of another release, or this machine is too old for it.
    pub(crate) fn component(
        file: PathBuf,
        bootstrap: Option<&Path>,
        project: PathBuf,
    ) -> Result<Self> {
        // Otherwise the process would die of an illegal instruction, without a message.
        ensure!(
            Arch::host_cpu_is_supported(),
            "this machine's processor is older than {}: neither `bootstrap` nor precompiled components run \
             on it; use a newer one, like those of AWS Lambda",
            Arch::HOST.cpu()
        );
        Ok(Self::Component {
            host: bootstrap::find_or_own(bootstrap, needs(&file))?,
            file,
            project,
        })
    }

    /// Returns the same source, run by the host inside this command.
    ///
    /// # Errors
    ///
    /// The system does not say where this executable is.
    pub(crate) fn in_own_host(&self) -> Result<Self> {
        let mut own = self.clone();
        if let Self::Component { host, .. } = &mut own {
            *host = bootstrap::own()?;
        }
        Ok(own)
    }

    /// Creates a source from another runtime: an executable, or its folder.
    ///
    /// # Errors
    ///
    /// The executable does not exist, or none was given.
    pub(crate) fn runtime(named: Option<&Path>) -> Result<Self> {
        let named = named.context(
            "name a handler to run, or a runtime of your own with `--bootstrap`: \
             see `bootstream dev --help`",
        )?;
        let file = if named.is_dir() {
            named.join(EXECUTABLE_NAME)
        } else {
            named.to_owned()
        };
        let bootstrap = file
            .canonicalize()
            .with_context(|| format!("there is no bootstrap at `{}`", file.display()))?;
        Ok(Self::Runtime { bootstrap })
    }

    /// Returns the file whose changes lead to a new version.
    pub(crate) fn file(&self) -> &Path {
        match self {
            Self::Component { file, .. } => file,
            Self::Runtime { bootstrap } => bootstrap,
        }
    }

    /// Returns the file with the settings of the sandbox, which need not exist. Other runtimes have
    /// none.
    pub(crate) fn settings(&self) -> Option<&Path> {
        match self {
            Self::Component { project, .. } => Some(project),
            Self::Runtime { .. } => None,
        }
    }

    /// Returns the executable to start, and its arguments.
    pub(crate) fn executable(&self) -> (&Path, &'static [&'static str]) {
        match self {
            Self::Component { host, .. } => (host.executable(), host.arguments()),
            Self::Runtime { bootstrap } => (bootstrap, &[]),
        }
    }

    /// Returns a note for the developer if handlers do not run as they are deployed.
    pub(crate) fn note(&self) -> Option<&'static str> {
        let Self::Component {
            host: Host::Own(_), ..
        } = self
        else {
            return None;
        };
        Some(
            "no `bootstrap` is installed: this command runs the handler itself, with a build of the host that is not \
             the deployed one (`bootstream host install` gets that)",
        )
    }

    /// Checks, without compiling it, that the code can be run.
    ///
    /// # Errors
    ///
    /// The component cannot be read or is not a handler.
    pub(crate) fn check(&self) -> Result<()> {
        match self {
            Self::Component { file, .. } => deployment::check(file),
            Self::Runtime { .. } => Ok(()),
        }
    }

    /// Finds the files to include with the component.
    ///
    /// # Errors
    ///
    /// The settings are invalid, or a file they name is missing.
    pub(crate) fn included(&self) -> Result<Included> {
        match self {
            Self::Component { file, project, .. } => {
                let code = file.with_extension(PRECOMPILED_EXTENSION);
                Included::find(project, &[file, &code])
            }
            Self::Runtime { .. } => Ok(Included::default()),
        }
    }

    /// Prepares a version from the current files, which replaces `before`. Blocks until it is
    /// compiled.
    ///
    /// # Errors
    ///
    /// The component cannot be read, is not a handler, or does not compile.
    pub(crate) fn prepare(
        &self,
        included: &Included,
        before: Option<&Deployment>,
        printer: Printer,
    ) -> Result<Deployment> {
        match self {
            Self::Component { file, project, .. } => {
                let parts = Parts {
                    file,
                    project,
                    included,
                    before,
                };
                deployment::prepare(parts, printer)
            }
            Self::Runtime { bootstrap } => {
                let folder = bootstrap.parent().unwrap_or(Path::new("/"));
                Ok(Deployment::permanent(folder.to_owned()))
            }
        }
    }

    /// Returns a name for the function, derived from the file's.
    pub(crate) fn function_name(&self) -> String {
        let stem = match self {
            Self::Component { file, .. } => file.file_stem(),
            Self::Runtime { bootstrap } => bootstrap
                .file_stem()
                .filter(|stem| *stem != EXECUTABLE_NAME)
                .or_else(|| bootstrap.parent()?.file_name()),
        };
        let name = stem.unwrap_or_default().to_string_lossy();
        let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
        name.replace(|letter| !allowed(letter), "-")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_named_after_its_file_or_its_folder() {
        for (bootstrap, expected) in [
            ("/work/their-bootstrap", "their-bootstrap"),
            ("/work/my_function/bootstrap", "my-function"),
            ("/bootstrap", ""),
        ] {
            let source = Source::Runtime {
                bootstrap: bootstrap.into(),
            };
            assert_eq!(source.function_name(), expected, "{bootstrap}");
        }
    }
}
