//! Builds a component from a folder with a handler.
//!
//! The folder has a crate, which cargo compiles, or a `bootstream.toml` with a build command: see
//! `manifest.rs`.

mod command;
mod krate;
mod manifest;
mod profile;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use artifact::FileKind;

use crate::component;
use crate::files;
use crate::link::link;
use crate::preinit::preinitialize;
use crate::printer::Printer;
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
    line_tables: bool,
}

/// How to build the component.
#[derive(Debug)]
enum Maker {
    Crate(Crate),
    Command(BuildCommand),
}

/// Options of a build.
#[derive(Clone, Debug, Default)]
pub(crate) struct BuildOptions<'a> {
    /// Cargo's target directory, instead of its default.
    pub(crate) target_dir: Option<&'a Path>,
    /// Whether to install the compiler's target if it is missing.
    pub(crate) setup: bool,
    /// Whether to pre-initialise even if the project's settings do not.
    pub(crate) preinit: bool,
    /// Whether to keep the line tables of a crate even if the project's settings do not.
    pub(crate) line_tables: bool,
    /// How much to optimise a crate.
    pub(crate) effort: Effort,
}

/// How much to optimise a crate.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Effort {
    /// As its release profile says.
    #[default]
    Full,
    /// Without link-time optimisation, for a component that the next change replaces.
    Quick,
}

impl Effort {
    /// Returns the effort for a component that is rebuilt after each change, or is built once.
    pub(crate) fn when_watched(is_watched: bool) -> Self {
        if is_watched { Self::Quick } else { Self::Full }
    }
}

impl Project {
    /// Finds the project in `folder`.
    ///
    /// # Errors
    ///
    /// The folder does not exist, has no project, or its `bootstream.toml` is invalid.
    pub(crate) fn find(folder: &Path) -> Result<Self> {
        let name = folder.display();
        if !folder.is_dir() {
            bail!("`{name}` is not a folder: name the folder of a handler");
        }
        let BuildTable {
            command,
            component,
            module,
            install,
            preinit,
            line_tables,
        } = BuildTable::read(folder)?;
        let maker = match (component, Crate::find(folder)?) {
            (Some(component), _) => Maker::Command(BuildCommand {
                folder: folder.to_owned(),
                command,
                component,
                module,
                install,
            }),
            (None, Some(krate)) => Maker::Crate(krate),
            (None, None) => bail!(
                "`{name}` has neither a Cargo.toml nor a bootstream.toml with a `component` in \
                 `[build]`: name the folder of a handler"
            ),
        };
        Ok(Self {
            maker,
            preinit,
            line_tables,
        })
    }

    /// Builds the component, checks that it is a handler, and returns its path.
    ///
    /// # Errors
    ///
    /// The component cannot be built, or is not a handler.
    pub(crate) fn build(&self, options: &BuildOptions<'_>, printer: Printer) -> Result<PathBuf> {
        let made = match &self.maker {
            Maker::Command(_) if options.line_tables => bail!(
                "line tables are an option of crates, and `[build]` of bootstream.toml names a `component`: set them \
                 in the command that makes it"
            ),
            Maker::Command(command) => command.run()?,
            Maker::Crate(krate) => {
                let options = BuildOptions {
                    line_tables: options.line_tables || self.line_tables,
                    ..options.clone()
                };
                krate.compile(&toolchain(krate.folder(), &options)?, &options, printer)?
            }
        };
        let name = made.display();
        let mut bytes = files::read(&made)?;
        component::check_handler(&bytes).with_context(|| format!("`{name}`"))?;
        if let Some(linked) = self.link(&bytes).with_context(|| format!("`{name}`"))? {
            // In place: the next run of the command makes the file anew.
            files::write_atomically(&made, &linked)?;
            bytes = linked;
        }
        if !self.preinit && !options.preinit {
            return Ok(made);
        }
        let ready = preinitialize(&bytes).with_context(|| format!("`{name}`"))?;
        // Cargo's output stays unchanged: cargo would treat a changed file as up to date.
        let output = made.with_extension("preinit.wasm");
        files::write_atomically(&output, &ready)?;
        Ok(output)
    }

    /// Links the libraries of a component. Returns nothing if there are none, or if the project has no command that
    /// makes the file again.
    fn link(&self, component: &[u8]) -> Result<Option<Vec<u8>>> {
        match &self.maker {
            Maker::Command(command)
                if !command.command.is_empty()
                    && FileKind::of_source(component) == FileKind::Component =>
            {
                link(component)
            }
            _ => Ok(None),
        }
    }
}

fn toolchain(folder: &Path, options: &BuildOptions<'_>) -> Result<Toolchain> {
    if options.setup {
        Toolchain::find_or_install(folder)
    } else {
        Toolchain::find(folder)
    }
}
