//! A folder with a handler, and how it becomes a component.
//!
//! Either a crate, which cargo compiles, or anything else, with a `bootstream.toml` that says how:
//! see `manifest.rs`.

mod command;
mod krate;
mod manifest;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::component;
use crate::precompile::write_atomically;
use crate::preinit::preinitialize;
use crate::toolchain::Toolchain;
use command::BuildCommand;
use krate::Crate;
use manifest::BuildTable;
pub(crate) use manifest::PackageTable;

/// A project.
#[derive(Debug)]
pub(crate) struct Project {
    maker: Maker,
    preinit: bool,
}

/// What makes the component.
#[derive(Debug)]
enum Maker {
    Crate(Crate),
    Command(BuildCommand),
}

/// What a caller may ask for besides.
#[derive(Debug, Default)]
pub(crate) struct BuildOptions<'a> {
    /// Where cargo puts what it makes; otherwise where cargo says.
    pub(crate) target_dir: Option<&'a Path>,
    /// Get the compiler's target first if it is missing.
    pub(crate) setup: bool,
    /// Do the start-up work now, even if the project does not ask for it.
    pub(crate) preinit: bool,
}

impl Project {
    /// Finds the project in `folder`.
    ///
    /// # Errors
    ///
    /// There is no such folder, no project in it, or its `bootstream.toml` makes no sense.
    pub(crate) fn find(folder: &Path) -> Result<Self> {
        let name = folder.display();
        if !folder.is_dir() {
            bail!("`{name}` is not a folder: name the folder of a handler");
        }
        let BuildTable {
            command,
            component,
            preinit,
        } = BuildTable::read(folder)?;
        let maker = match (component, Crate::find(folder)?) {
            (Some(component), _) => Maker::Command(BuildCommand {
                folder: folder.to_owned(),
                command,
                component,
            }),
            (None, Some(krate)) => Maker::Crate(krate),
            (None, None) => bail!(
                "`{name}` has neither a Cargo.toml nor a bootstream.toml with a `component` in \
                 `[build]`: name the folder of a handler"
            ),
        };
        Ok(Self { maker, preinit })
    }

    /// Makes the component, checks that it is a handler, and returns where it is.
    ///
    /// # Errors
    ///
    /// The component cannot be made, or is no handler.
    pub(crate) fn build(&self, options: &BuildOptions<'_>) -> Result<PathBuf> {
        let made = match &self.maker {
            Maker::Command(command) => command.run()?,
            Maker::Crate(krate) => {
                krate.compile(&toolchain(krate.folder(), options)?, options.target_dir)?
            }
        };
        let name = made.display();
        let bytes = std::fs::read(&made).with_context(|| format!("cannot read `{name}`"))?;
        component::check_handler(&bytes).with_context(|| format!("`{name}`"))?;
        if !self.preinit && !options.preinit {
            return Ok(made);
        }
        let ready = preinitialize(&bytes).with_context(|| format!("`{name}`"))?;
        // What was made stays as it is: cargo would take a changed file for its own.
        let output = made.with_extension("preinit.wasm");
        write_atomically(&output, &ready)?;
        Ok(output)
    }
}

fn toolchain(folder: &Path, options: &BuildOptions<'_>) -> Result<Toolchain> {
    if options.setup {
        Toolchain::find_or_install(folder)
    } else {
        Toolchain::find(folder)
    }
}
