//! A version of the handler, ready to be run: the folder that becomes the task root.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use bootstream_host::config::FILE_NAME;
use bootstream_host::engine::PRECOMPILED_EXTENSION;
use tempfile::TempDir;

use crate::component::{self, FileKind};
use crate::precompile::{Arch, precompile};

/// The name of the handler in the task root, without its extension.
pub(crate) const HANDLER_NAME: &str = "handler";

/// A prepared version of the handler.
#[derive(Debug)]
pub(crate) struct Deployment {
    folder: Folder,
}

#[derive(Debug)]
enum Folder {
    /// Removed when the last environment is gone.
    Own(TempDir),
    /// Somebody else's, with a runtime in it.
    Foreign(PathBuf),
}

impl Deployment {
    /// Checks and precompiles the component in `file`, and puts the file of the project beside it if
    /// there is one, as a package has it. Takes as long as compiling takes.
    ///
    /// # Errors
    ///
    /// The file is missing, not a handler, or does not compile. The error names the file.
    pub(crate) fn prepare(file: &Path, project: &Path) -> Result<Self> {
        let name = file.display();
        let bytes = std::fs::read(file).with_context(|| format!("cannot read `{name}`"))?;
        let code = machine_code(bytes).with_context(|| format!("`{name}`"))?;
        let folder = tempfile::Builder::new()
            .prefix("bootstream-")
            .tempdir()
            .context("cannot make a temporary folder")?;
        let target = folder
            .path()
            .join(HANDLER_NAME)
            .with_extension(PRECOMPILED_EXTENSION);
        std::fs::write(&target, code)
            .with_context(|| format!("cannot write `{}`", target.display()))?;
        if project.is_file() {
            std::fs::copy(project, folder.path().join(FILE_NAME))
                .with_context(|| format!("cannot copy `{}`", project.display()))?;
        }
        Ok(Self {
            folder: Folder::Own(folder),
        })
    }

    /// A folder that holds a runtime as it is deployed.
    pub(crate) fn folder(folder: PathBuf) -> Self {
        Self {
            folder: Folder::Foreign(folder),
        }
    }

    pub(crate) fn task_root(&self) -> &Path {
        match &self.folder {
            Folder::Own(folder) => folder.path(),
            Folder::Foreign(folder) => folder,
        }
    }
}

/// Where the `bootstream.toml` of a handler is, if it has one: in its folder, or beside a component.
pub(crate) fn project_file(handler: &Path) -> PathBuf {
    if handler.is_dir() {
        handler.join(FILE_NAME)
    } else {
        handler.with_file_name(FILE_NAME)
    }
}

fn machine_code(bytes: Vec<u8>) -> Result<Vec<u8>> {
    match FileKind::of(&bytes) {
        // Whether it fits this host is checked by the host.
        FileKind::Precompiled => Ok(bytes),
        FileKind::Component => {
            component::check_world(&bytes)?;
            precompile(&bytes, Arch::HOST).context("does not compile")
        }
        FileKind::Text | FileKind::CoreModule | FileKind::Unknown => {
            component::expect_component(&bytes)?;
            precompile(&bytes, Arch::HOST).context("does not compile")
        }
    }
}
