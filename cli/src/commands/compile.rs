//! `bootstream compile`, for people, and `bootstream-compile`, for build scripts.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use artifact::{Arch, PRECOMPILED_EXTENSION};

use crate::args::{CompileArgs, PrecompileArgs};
use crate::compile_cache;
use crate::component;
use crate::files;
use crate::precompile::precompile_file;
use crate::printer::Printer;

/// Writes the machine code beside the component, or to the given file.
///
/// # Errors
///
/// The component is not a handler, cannot be compiled, or the result cannot be written.
pub(crate) fn run(args: &PrecompileArgs, printer: &Printer) -> Result<ExitCode> {
    let arch = args.arch.unwrap_or(Arch::HOST);
    let (component, code) = precompile_file(&args.input, arch, |bytes| {
        component::check_handler(bytes).map(drop)
    })?;
    compile_cache::record(&component, &code, arch, *printer);
    let output = match &args.output {
        Some(output) => output.clone(),
        None => args.input.with_extension(PRECOMPILED_EXTENSION),
    };
    files::write_atomically(&output, &code)?;
    print_file(&output, code.len(), printer)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the machine code to stdout or to a file, without messages.
///
/// # Errors
///
/// The component cannot be compiled or the result cannot be written.
pub(crate) fn run_helper(args: &CompileArgs, printer: &Printer) -> Result<ExitCode> {
    // Does not check whether a host can run it: the calling host does so.
    let (_, code) = precompile_file(
        &args.input,
        args.target.unwrap_or(Arch::HOST),
        component::expect_component,
    )?;
    match &args.output {
        Some(output) => files::write_atomically(output, &code)?,
        None => printer.data(&code)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the path and the size of a file.
pub(super) fn print_file(path: &Path, bytes: usize, printer: &Printer) -> Result<()> {
    let line = format!("{} ({})", path.display(), size(bytes));
    Ok(printer.data_line(&line)?)
}

/// Formats a size for people.
pub(crate) fn size(bytes: usize) -> String {
    const KIB: usize = 1024;
    const MIB: usize = 1024 * KIB;
    if bytes < 10 * KIB {
        format!("{bytes} bytes")
    } else if bytes < 10 * MIB {
        format!("{} KiB", bytes.div_ceil(KIB))
    } else {
        format!("{} MiB", bytes.div_ceil(MIB))
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn a_size_has_few_digits() {
        assert_eq!(size(10_239), "10239 bytes");
        assert_eq!(size(10_241), "11 KiB");
        assert_eq!(size(27 * 1024 * 1024), "27 MiB");
    }
}
