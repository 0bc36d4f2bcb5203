//! The developer's side of Bootstream.
//!
//! `bootstream` builds handlers, runs them behind a local Lambda and invokes them; `bootstream-compile` turns
//! one component into machine code. Everything that needs a compiler, a file watcher or an argument parser is
//! here, to keep it out of `bootstrap`.
//!
//! Order of reading: `args/`, `commands/dev/`, `source.rs` and `deployment.rs` (the code to run), `report.rs`
//! (the output). The local Lambda itself is the crate `local_lambda`.

mod archive_source;
mod args;
mod aws_cli;
mod bootstrap;
mod commands;
mod compile_cache;
mod component;
mod componentize;
mod deploy;
mod deployment;
mod doctor;
mod files;
mod finding;
mod inspect;
mod link;
mod new;
mod package;
mod precompile;
mod preinit;
mod printer;
mod project;
mod report;
mod size_report;
mod source;
mod source_map;
mod toolchain;
mod version;
mod watch;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command, CompileArgs};
use printer::{OutputError, Printer};

/// The exit status that shells report for a program ended by `SIGPIPE`: it wrote to a pipe without a reader.
const ENDED_BY_SIGPIPE: u8 = 128 + 13;

/// Runs the `bootstream` command with the arguments of this process.
#[must_use]
pub fn bootstream() -> ExitCode {
    let printer = Printer::from_terminal();
    if version::is_asked(std::env::args_os().skip(1)) {
        let printed = printer.data_line(&version::verbose());
        return finish(
            printed.map(|()| ExitCode::SUCCESS).map_err(Into::into),
            &printer,
        );
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let result = match cli.command {
        Command::Build(args) => commands::build::run(&args, &printer),
        Command::Demo(args) => commands::demo::run(&args, &printer),
        Command::Dev(args) => commands::dev::run(&args.with_handler(), &printer),
        Command::Invoke(args) => commands::invoke::run(args, &printer),
        Command::Event(args) => commands::event::run(&args, &printer),
        Command::Inspect(args) => commands::inspect::run(&args, &printer),
        Command::Compile(args) => commands::compile::run(&args, &printer),
        Command::Doctor(args) => commands::doctor::run(&args, &printer),
        Command::New(args) => commands::new::run(&args, &printer),
        Command::Completions(args) => commands::completions::run(&args, &printer),
        Command::Man(args) => commands::completions::man(&args),
        Command::Host(args) => commands::host::run(&args, &printer),
        Command::Deploy(args) => commands::deploy::run(&args, &printer),
        Command::Package(args) => commands::package::run(&args, &printer),
        Command::Replay(args) => commands::replay::run(&args, &printer),
        Command::Test(args) => commands::test::run(&args, &printer),
    };
    finish(result, &printer)
}

/// Runs the `bootstream-compile` command with the arguments of this process.
#[must_use]
pub fn bootstream_compile() -> ExitCode {
    // Tools look for this text in the file. A static that nothing uses would be dropped by the linker.
    std::hint::black_box(artifact::release::MARK);
    let args = match CompileArgs::try_parse() {
        Ok(args) => args,
        Err(error) => return usage(&error),
    };
    let printer = Printer::from_terminal();
    finish(commands::compile::run_helper(&args, &printer), &printer)
}

/// Prints help, the version or a usage error.
fn usage(error: &clap::Error) -> ExitCode {
    // Without a terminal the message cannot be shown.
    let _ = error.print();
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

fn finish(result: anyhow::Result<ExitCode>, printer: &Printer) -> ExitCode {
    result.unwrap_or_else(|error| {
        let output = error.downcast_ref::<OutputError>();
        if matches!(output, Some(OutputError::ReaderLeft)) {
            return ExitCode::from(ENDED_BY_SIGPIPE);
        }
        printer.error(&format!("{error:#}"));
        ExitCode::FAILURE
    })
}
