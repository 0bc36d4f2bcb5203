//! `bootstream build`: a handler crate becomes a component.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use bootstream_host::engine::PRECOMPILED_EXTENSION;

use super::compile::size;
use crate::args::BuildArgs;
use crate::component;
use crate::precompile::{Arch, precompile, write_atomically};
use crate::printer::Printer;
use crate::project::Project;
use crate::toolchain::Toolchain;

/// Builds, checks, and prints where the component is.
///
/// # Errors
///
/// The crate does not compile, or what it makes is not a handler.
pub(crate) fn run(args: &BuildArgs, printer: &Printer) -> Result<ExitCode> {
    let project = Project::find(&args.path)?;
    let toolchain = if args.setup {
        Toolchain::find_or_install()?
    } else {
        Toolchain::find()?
    };
    let component = build(&project, &toolchain, args.target_dir.as_deref())?;
    let bytes = read(&component)?;
    let output = args.output.as_ref().unwrap_or(&component);
    if args.output.is_some() {
        write_atomically(output, &bytes)?;
    }
    printer.data_line(&format!("{} ({})", output.display(), size(bytes.len())))?;
    if args.precompile {
        let code = precompile(&bytes, args.arch.unwrap_or(Arch::HOST))
            .with_context(|| format!("cannot compile `{}`", output.display()))?;
        let path = output.with_extension(PRECOMPILED_EXTENSION);
        write_atomically(&path, &code)?;
        printer.data_line(&format!("{} ({})", path.display(), size(code.len())))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the component for what a user named: a component file as it is, a crate folder built.
///
/// # Errors
///
/// There is nothing by that name, or the crate does not build.
pub(crate) fn component_for(handler: &Path) -> Result<PathBuf> {
    if handler.is_dir() {
        build(&Project::find(handler)?, &Toolchain::find()?, None)
    } else {
        Ok(handler.to_owned())
    }
}

fn build(project: &Project, toolchain: &Toolchain, target_dir: Option<&Path>) -> Result<PathBuf> {
    let target_dir = match target_dir {
        Some(folder) => folder.to_owned(),
        None => project.target_dir()?,
    };
    let component = project.compile(toolchain, &target_dir)?;
    let bytes = read(&component)?;
    component::expect_component(&bytes)
        .and_then(|()| component::check_world(&bytes))
        .with_context(|| format!("`{}`", component.display()))?;
    Ok(component)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))
}
