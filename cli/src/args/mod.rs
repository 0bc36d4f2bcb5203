//! The arguments, as clap types without behaviour. Only `commands` uses them.

mod build;
mod compile;
mod completions;
mod demo;
mod deploy;
mod dev;
mod doctor;
mod event;
mod host;
mod inspect;
mod invoke;
mod new;
mod package;
mod replay;
mod test;
mod values;

pub(crate) use build::BuildArgs;
pub(crate) use compile::{CompileArgs, PrecompileArgs};
pub(crate) use completions::{CompletionsArgs, ManArgs};
pub(crate) use demo::DemoArgs;
pub(crate) use deploy::DeployArgs;
pub(crate) use dev::{DevArgs, FunctionArgs};
pub(crate) use doctor::{DoctorArgs, Subject};
pub(crate) use event::{EventArgs, EventKind};
pub(crate) use host::{HostArgs, HostCommand, InstallArgs};
pub(crate) use inspect::InspectArgs;
pub(crate) use invoke::InvokeArgs;
pub(crate) use new::{NewArgs, Template};
pub(crate) use package::{Format, PackageArgs, Part};
pub(crate) use replay::ReplayArgs;
pub(crate) use test::TestArgs;

use clap::{Parser, Subcommand};

/// Build, run and invoke WebAssembly handlers that stream their responses on AWS Lambda.
#[derive(Debug, Parser)]
#[command(name = "bootstream", version, after_help = CLI_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const CLI_HELP: &str = "\
Examples:
  bootstream demo                see a stream, without a compiler
  bootstream new hello           start a handler of your own
  bootstream build hello         compile a handler to a component
  bootstream dev hello           run it behind a local Lambda, port 7000
  bootstream invoke --timing     invoke it, and show when each chunk arrives
  bootstream package hello       make the zips for Lambda

For a bug report: bootstream --version --verbose

Exit codes: 0 success, 1 failure, 2 wrong usage.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Stream from a component in this command
    Demo(DemoArgs),
    /// Start a project that builds, tests and streams
    New(NewArgs),
    /// Compile a handler to a component
    Build(BuildArgs),
    /// Run a handler behind a local Lambda
    Dev(Box<DevArgs>),
    /// Send one event and print the response as it arrives
    Invoke(InvokeArgs),
    /// Run the cases of a handler, and compare what it streams
    Test(TestArgs),
    /// Run a recorded invocation again, offline, and compare what it writes
    Replay(ReplayArgs),
    /// Precompile a component to machine code
    Compile(PrecompileArgs),
    /// Show what a component, its machine code or a package is
    Inspect(InspectArgs),
    /// Print an event to edit and send
    Event(EventArgs),
    /// Make the zips for Lambda
    Package(PackageArgs),
    /// Find what would fail once deployed
    Doctor(DoctorArgs),
    /// Deploy the zips with a template, or replace the handler of a deployed function
    Deploy(DeployArgs),
    /// Install the `bootstrap` that runs handlers on Lambda
    Host(HostArgs),
    /// Print what a shell needs to complete this command
    Completions(CompletionsArgs),
    /// Write manual pages
    #[command(hide = true)]
    Man(ManArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    /// Width of the narrowest terminal for which help is written.
    const COLUMNS: usize = 80;

    #[test]
    fn the_arguments_make_sense_to_clap() {
        Cli::command().debug_assert();
        CompileArgs::command().debug_assert();
    }

    #[test]
    fn prose_in_help_is_wrapped_by_the_terminal_and_tables_fit_it() {
        let cli = Cli::command();
        let helper = CompileArgs::command();
        for command in cli.get_subcommands().chain([&cli, &helper]) {
            let name = command.get_name();
            let help = command.get_after_help().expect("examples").to_string();
            let mut is_after_prose = false;
            for line in help.lines() {
                let is_table = line.starts_with(' ');
                assert!(!is_table || line.len() <= COLUMNS, "{name}: {line}");
                // A sentence broken by hand would be wrapped a second time.
                let is_prose = !is_table && !line.is_empty();
                assert!(!(is_prose && is_after_prose), "{name}: {line}");
                is_after_prose = is_prose && !line.ends_with(':');
            }
        }
    }

    #[test]
    fn a_number_that_is_wrong_is_told_its_unit_and_its_range() {
        for (option, value, wanted) in [
            (
                "--memory",
                "12GB",
                "write a number of MiB from 128 to 10240, without a unit",
            ),
            ("--memory", "64", "write a number of MiB from 128 to 10240"),
            ("--timeout", "1m", "write a number of seconds from 1 to 900"),
            ("--concurrency", "0", "write a number from 1 to 1000"),
            ("--port", "70000", "write a port from 0 to 65535"),
            ("--host", "localhost", "write an IP address"),
            (
                "--clock-scale",
                "2x",
                "write a whole number from 1 to 10000",
            ),
            ("--slow", "fast", "write it as 65536, 64KiB or 2MB"),
            (
                "--disconnect-after",
                "1 GB",
                "write it as 65536, 64KiB or 2MB",
            ),
        ] {
            let error = Cli::try_parse_from(["bootstream", "dev", "x", option, value]).unwrap_err();
            assert!(error.to_string().contains(wanted), "{error}");
        }
    }

    #[test]
    fn without_code_dev_takes_the_project_here() {
        let handler = |more: &[&str]| {
            let args = [&["bootstream", "dev"], more].concat();
            let Command::Dev(args) = Cli::try_parse_from(args).unwrap().command else {
                panic!("another command");
            };
            args.with_handler().handler
        };
        assert_eq!(handler(&[]), Some(".".into()));
        assert_eq!(handler(&["--watch"]), Some(".".into()));
        assert_eq!(handler(&["x.wasm"]), Some("x.wasm".into()));
        assert_eq!(handler(&["--bootstrap", "x"]), None);
        assert_eq!(
            handler(&["x.wasm", "--bootstrap", "x"]),
            Some("x.wasm".into())
        );
    }
}
