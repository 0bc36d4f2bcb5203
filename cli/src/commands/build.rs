//! `bootstream build`: a handler's project becomes a component.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use artifact::{Arch, PRECOMPILED_EXTENSION};

use super::compile::print_file;
use crate::args::BuildArgs;
use crate::compile_cache;
use crate::files;
use crate::precompile::precompile;
use crate::printer::Printer;
use crate::project::{BuildOptions, Effort, Project};
use crate::size_report::size_report;

/// Builds, checks, and prints where the component is.
///
/// # Errors
///
/// The project does not build, or its output is not a handler.
pub(crate) fn run(args: &BuildArgs, printer: &Printer) -> Result<ExitCode> {
    let options = BuildOptions {
        target_dir: args.target_dir.as_deref(),
        setup: args.setup,
        preinit: args.preinit,
        line_tables: args.line_tables,
        effort: Effort::Full,
    };
    let component = Project::find(&args.path)?.build(&options, *printer)?;
    let bytes = files::read(&component)?;
    let output = args.output.as_ref().unwrap_or(&component);
    if args.output.is_some() {
        files::write_atomically(output, &bytes)?;
    }
    print_file(output, bytes.len(), printer)?;
    if args.report {
        for line in size_report(&bytes)? {
            printer.data_line(&line)?;
        }
    }
    if args.precompile {
        let arch = args.arch.unwrap_or(Arch::HOST);
        let code = precompile(&bytes, arch)
            .with_context(|| format!("cannot compile `{}`", output.display()))?;
        compile_cache::record(&bytes, &code, arch, *printer);
        let path = output.with_extension(PRECOMPILED_EXTENSION);
        files::write_atomically(&path, &code)?;
        print_file(&path, code.len(), printer)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the component that the user named, after building it if it is a project.
///
/// # Errors
///
/// The file does not exist, or the project does not build.
pub(crate) fn component_for(handler: &Path, effort: Effort, printer: Printer) -> Result<PathBuf> {
    if handler.is_dir() {
        let options = BuildOptions {
            effort,
            ..BuildOptions::default()
        };
        Project::find(handler)?.build(&options, printer)
    } else {
        Ok(handler.to_owned())
    }
}
