//! The arguments, as clap types. No behaviour; they go no further than `commands`.

use std::fmt::Display;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use artifact::Arch;
use clap::{Args, Parser, Subcommand, ValueEnum};
use lambda_protocol::limits::{MEMORY_MIB, TIMEOUT_SECONDS};

use crate::deploy::args::DeployArgs;
use crate::dev::clock::Clock;
use crate::dev::cors::Cors;
use crate::dev::door::Door;
use crate::dev::event::Stage;
use crate::dev::guard::HostName;
use crate::dev::link::{Limits, Speed, parse_size};
use crate::doctor::args::DoctorArgs;
use crate::new::args::NewArgs;
use crate::package::args::PackageArgs;
use crate::values::{arch, triple};

/// Build, run and invoke WebAssembly handlers that stream their responses on AWS Lambda.
#[derive(Debug, Parser)]
#[command(name = "bootstream", version, after_help = CLI_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const CLI_HELP: &str = "\
Examples:
  bootstream new hello           start a handler of your own
  bootstream build hello         compile a handler to a component
  bootstream dev hello           run it behind a local Lambda, port 7000
  bootstream invoke --timing     invoke it, and show when each piece arrives
  bootstream package hello       make the zips that Lambda takes

Exit codes: 0 success, 1 failure, 2 wrong usage.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a project that builds, tests and streams
    New(NewArgs),
    /// Compile a handler to a component
    Build(BuildArgs),
    /// Run a handler behind a local Lambda
    Dev(DevArgs),
    /// Send one event and print the response as it arrives
    Invoke(InvokeArgs),
    /// Precompile a component to machine code
    Compile(PrecompileArgs),
    /// Print an event to edit and send
    Event(EventArgs),
    /// Make the zips that Lambda takes
    Package(PackageArgs),
    /// Look for what would not work once deployed
    Doctor(DoctorArgs),
    /// Deploy the zips with a template, or swap the handler of a deployed function
    Deploy(DeployArgs),
}

/// The arguments of `event`.
#[derive(Args, Debug)]
#[command(after_help = EVENT_HELP)]
pub(crate) struct EventArgs {
    /// Who sends it
    pub(crate) kind: EventKind,
    /// The path and the query of the request [default: /hello?name=world]
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Option<String>,
    /// What the sender passes on: a body, a message, a record; for some it is JSON
    /// [default: {"name":"world"}]
    #[arg(short, long, value_name = "TEXT")]
    pub(crate) data: Option<String>,
}

/// The senders of events.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum EventKind {
    /// A function URL
    Url,
    /// A REST API
    Rest,
    /// An HTTP API
    Http,
    /// An Application Load Balancer
    Alb,
    /// The same, with multi-value headers switched on
    AlbMulti,
    /// A service of VPC Lattice, event structure 2.0
    Lattice,
    /// A WebSocket API, one message
    Websocket,
    /// A queue, one message
    Sqs,
    /// A topic, one notification
    Sns,
    /// A bucket, one object that was put
    S3,
    /// An event bus; the data is the detail, in JSON
    Eventbridge,
    /// A schedule
    Schedule,
    /// A data stream, one record
    Kinesis,
    /// A table's stream, one change
    Dynamodb,
    /// A topic of Kafka, in Amazon MSK or elsewhere, one record
    Kafka,
    /// A Firehose stream that has its records transformed, one of them
    Firehose,
    /// A user pool, before a user signs up
    Cognito,
    /// A REST API that asks whether a token may pass
    AuthorizerToken,
    /// A REST API that asks whether a request may pass
    AuthorizerRest,
    /// An HTTP API that asks whether a request may pass
    AuthorizerHttp,
    /// A task of a state machine; the data is its input, in JSON
    StepFunctions,
    /// A GraphQL API that has a field resolved; the data is its arguments, in JSON
    Appsync,
    /// A stack that creates a custom resource; the data is its properties, in JSON
    CustomResource,
}

const EVENT_HELP: &str = "\
Examples:
  bootstream event rest
  bootstream event url --path '/items?page=2' -d 'hello'
  bootstream event sqs | bootstream invoke -d @-
  bootstream event eventbridge -d '{\"order\":7}'

Exit codes: 0 printed, 2 wrong usage.";

/// The arguments of `build`.
#[derive(Args, Debug)]
#[command(after_help = BUILD_HELP)]
pub(crate) struct BuildArgs {
    /// The folder of the handler: a crate, or a project whose bootstream.toml says how it is built
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// Copy the component to this file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Where cargo puts what it makes [default: what cargo says, `CARGO_TARGET_DIR` included]
    #[arg(long, value_name = "DIR")]
    pub(crate) target_dir: Option<PathBuf>,
    /// Call the handler's `bootstream::preinit!` function now, and keep the memory as it leaves it;
    /// makes NAME.preinit.wasm
    #[arg(long)]
    pub(crate) preinit: bool,
    /// Also write the machine code, `NAME.cwasm`, beside the component
    #[arg(long)]
    pub(crate) precompile: bool,
    /// The architecture to precompile for [default: this machine's]
    #[arg(long, requires = "precompile", value_parser = arch())]
    pub(crate) arch: Option<Arch>,
    /// Install the wasm32-wasip2 target first if the compiler lacks it
    #[arg(long)]
    pub(crate) setup: bool,
}

const BUILD_HELP: &str = "\
Examples:
  bootstream build                              the crate in this folder
  bootstream build examples/streaming-numbers -o numbers.wasm
  bootstream build --precompile --arch arm64    also NAME.cwasm for Graviton
  bootstream build --preinit -o handler.wasm    with its start-up work done
  bootstream build js-project                   as its bootstream.toml says
  bootstream build --setup                      get the compiler target first

A bootstream.toml in the folder may say how the component is made, for `package`, `dev` and \
`invoke` as well:
  [build]
  command = [\"npm\", \"run\", \"build\"]   # in the folder; none if it is there
  component = \"handler.wasm\"          # without it the folder is that of a crate
  preinit = true                      # as --preinit

Prints the component's path and size. Cargo runs in the folder of the crate. The compiler is the \
rustc in use there if it has the target wasm32-wasip2, else the one that `--setup` installed in \
~/.cache/wasm-guest-toolchain, which uses a target folder of its own (`guests` in the target folder).

Environment: RUSTC, CARGO_TARGET_DIR, WASM_TOOLCHAIN_DIR, BOOTSTREAM_NO_RUSTUP (never call rustup).

Exit codes: 0 built, 1 failed, 2 wrong usage.";

/// What a handler runs in, for `dev` and for `invoke HANDLER`.
#[derive(Args, Clone, Debug, Eq, PartialEq)]
pub(crate) struct FunctionArgs {
    /// The `bootstrap` binary [env: BOOTSTREAM_BOOTSTRAP] [default: in ../lambda, or beside this
    /// executable]
    #[arg(long, value_name = "PATH")]
    pub(crate) bootstrap: Option<PathBuf>,
    /// A variable of the function, may be repeated; BOOTSTREAM_PASS_ENV=NAME,... shows it to the handler
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = parse_variable)]
    pub(crate) variables: Vec<(String, String)>,
    /// The function's memory, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 512,
        value_parser = number("a number of MiB", MEMORY_MIB))]
    pub(crate) memory: u32,
    /// How long an invocation may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60,
        value_parser = number("a number of seconds", TIMEOUT_SECONDS))]
    pub(crate) timeout: u64,
}

/// The arguments of `dev`.
#[derive(Args, Clone, Debug)]
#[command(after_help = DEV_HELP)]
pub(crate) struct DevArgs {
    /// A component (`.wasm`, `.cwasm`), the folder of a handler, or a `bootstream.toml` that
    /// names several [default: this folder, or with --bootstrap none, because that brings its own code]
    pub(crate) handler: Option<PathBuf>,
    /// What a runtime of your own finds in _HANDLER
    #[arg(
        long,
        value_name = "NAME",
        default_value = "handler",
        conflicts_with = "handler"
    )]
    pub(crate) handler_name: String,
    /// The port to listen on; 0 takes a free one
    #[arg(long, env = "LOCAL_LAMBDA_PORT", default_value_t = 7000,
        value_parser = number("a port", 0..=u16::MAX))]
    pub(crate) port: u16,
    /// The address to listen on
    #[arg(long, env = "LOCAL_LAMBDA_HOST", default_value = "127.0.0.1", value_parser = parse_address)]
    pub(crate) host: IpAddr,
    /// A name that requests may have in `Host`, beside IP addresses and `localhost`; may be repeated
    #[arg(long = "allow-host", value_name = "NAME")]
    pub(crate) allowed_hosts: Vec<HostName>,
    /// How many invocations may run at once; further callers wait
    #[arg(long, value_name = "N", default_value_t = 10,
        value_parser = number("a number", 1..=1000_u16))]
    pub(crate) concurrency: u16,
    /// Rebuild the handler when its sources change
    #[arg(long)]
    pub(crate) watch: bool,
    /// Print JSON objects, one a line: `type` is `invocation`, `log` or `message`
    #[arg(long)]
    pub(crate) json: bool,
    /// What stands at `/`; each is at its own path all the same
    #[arg(long, value_name = "DOOR", default_value = "url")]
    pub(crate) front_door: Door,
    /// The stage of the REST API [default: local] and of the HTTP API, which shows it in the path
    #[arg(
        long,
        value_name = "NAME",
        default_value = "$default",
        hide_default_value = true
    )]
    pub(crate) stage: Stage,
    /// The `Cors` of the Function URL, as the AWS CLI takes it: JSON, or
    /// AllowOrigins=http://localhost:5173,AllowMethods=*
    #[arg(long, value_name = "CORS")]
    pub(crate) cors: Option<Cors>,
    /// Whether Lambda's limits on streams hold
    #[arg(long, value_name = "WHOSE", default_value = "off")]
    pub(crate) limits: Limits,
    /// Let Lambda's clock run N times as fast: timeouts, idle limits and Lambda's pace
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) clock_scale: Clock,
    /// Slow every stream down to so many bytes per second
    #[arg(long, value_name = "64KiB/s")]
    pub(crate) slow: Option<Speed>,
    /// Cut every caller off after so many bytes; the handler goes on
    #[arg(long, value_name = "BYTES", value_parser = parse_size)]
    pub(crate) disconnect_after: Option<usize>,
    #[command(flatten)]
    pub(crate) function: FunctionArgs,
}

const DEV_HELP: &str = "\
Examples:
  bootstream dev                                  the project in this folder
  bootstream dev examples/streaming-numbers --watch
  bootstream dev dist/numbers.wasm --port 7001
  curl -N http://127.0.0.1:7000/any/path?q=1
  curl -N http://127.0.0.1:7000/invoke -d '{\"name\":\"world\"}'
  bootstream dev --bootstrap ./their-bootstrap    a runtime in any language
  bootstream event rest > event.json              an event to edit and send

Doors, all of them open at once:
  /           a Function URL, or what --front-door says
  /@url/...   a Function URL: payload format 2.0, streams
  /@rest/...  a REST API: payload format 1.0, streams, wants a prelude
  /@http/...  an HTTP API: payload format 2.0, answers with the whole response
  /@alb/...   an Application Load Balancer, answers with the whole response;
              /@alb-multi/... one with multi-value headers switched on
  /@lattice/  VPC Lattice, answers with the whole response
  /invoke     POST: the body is the event, the answer what its sender would get
  AWS SDKs    with http://127.0.0.1:7000 as the endpoint: Invoke and
              InvokeWithResponseStream, under any function name
  /@fn/NAME/  before any of these: one of several functions

Requests are served if their Host is an IP address, localhost, a name below it, or one that \
--allow-host names. Web pages of other origins reach the doors, but neither /invoke nor what SDKs use.

A failure before the first byte is answered as AWS does, with 502 or 500, and the terminal says \
why. After it the connection is cut, so curl reports error 18; SDKs get it in InvokeComplete.

A bootstream.toml in the folder of the handler, or beside the component, goes into the package: it \
has the settings of the sandbox, and says which files go along. The same file may name several \
functions for this command, with paths relative to it:
  default = \"hello\"            # at /; else the first by name
  [functions.hello]
  handler = \"examples/hello\"   # or bootstrap, with or without handler-name
  memory = 256                  # and timeout, in seconds
  env = { GREETING = \"hi\" }

Handlers run in the `bootstrap` binary that Lambda starts, one process for each invocation at \
work. It listens at once; callers wait while a component is compiled for the first time, and its \
machine code is kept in ~/.cache/bootstream. When the component file changes, new invocations use \
it and open streams finish on the old one. With --watch a change of the sources makes a new \
component; one that does not compile changes nothing.

Environment: LOCAL_LAMBDA_HOST, LOCAL_LAMBDA_PORT, BOOTSTREAM_BOOTSTRAP, XDG_CACHE_HOME, and what \
`bootstream build` reads.

Exit codes: 0 stopped with Ctrl-C or SIGTERM, 1 failed to start, 2 wrong usage.";

/// The arguments of `invoke`.
#[derive(Args, Debug)]
#[command(after_help = INVOKE_HELP)]
pub(crate) struct InvokeArgs {
    /// A component or the folder of a handler to run once; without it the event goes to `--url`
    pub(crate) handler: Option<PathBuf>,
    /// The event: JSON text, `@FILE`, or `@-` for standard input
    #[arg(short, long, value_name = "JSON", default_value = "{}")]
    pub(crate) data: String,
    /// Where to send the event when no handler is given
    #[arg(
        long,
        default_value = "http://127.0.0.1:7000/invoke",
        conflicts_with = "handler"
    )]
    pub(crate) url: String,
    /// Put the seconds since the start before each piece
    #[arg(long)]
    pub(crate) timing: bool,
    /// Print the status and the headers first
    #[arg(short, long)]
    pub(crate) include: bool,
    #[command(flatten)]
    pub(crate) function: FunctionArgs,
}

const INVOKE_HELP: &str = "\
Examples:
  bootstream invoke                           an empty event to `bootstream dev`
  bootstream invoke -d '{\"count\":3}' --timing
  bootstream invoke hello -d @event.json      a handler, without a server

The machine code of a component is kept in ~/.cache/bootstream, or in $XDG_CACHE_HOME/bootstream.

Exit codes: 0 the whole response arrived, 1 the handler failed or the stream was cut, 2 wrong usage.";

/// The arguments of `compile`.
#[derive(Args, Debug)]
#[command(after_help = PRECOMPILE_HELP)]
pub(crate) struct PrecompileArgs {
    /// The component
    #[arg(value_name = "FILE.wasm")]
    pub(crate) input: PathBuf,
    /// The file to write [default: the component's name with `.cwasm`]
    #[arg(short, long, value_name = "FILE.cwasm")]
    pub(crate) output: Option<PathBuf>,
    /// The architecture to compile for [default: this machine's]
    #[arg(long, value_parser = arch())]
    pub(crate) arch: Option<Arch>,
}

const PRECOMPILE_HELP: &str = "\
Examples:
  bootstream compile hello.wasm
  bootstream compile hello.wasm --arch arm64 -o handler.cwasm

Exit codes: 0 compiled, 1 failed, 2 wrong usage.";

/// Precompile a component to machine code that `bootstrap` loads
#[derive(Debug, Parser)]
#[command(name = "bootstream-compile", version, after_help = COMPILE_HELP)]
pub(crate) struct CompileArgs {
    /// The component
    #[arg(value_name = "FILE.wasm")]
    pub(crate) input: PathBuf,
    /// The file to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The machine to compile for: x86_64-unknown-linux-gnu or aarch64-unknown-linux-gnu [default:
    /// this one]
    #[arg(long, value_name = "TRIPLE", value_parser = triple)]
    pub(crate) target: Option<Arch>,
}

const COMPILE_HELP: &str = "\
Examples:
  bootstream-compile handler.wasm > handler.cwasm
  bootstream-compile handler.wasm --target aarch64-unknown-linux-gnu > arm.cwasm

Exit codes: 0 compiled, 1 failed, 2 wrong usage.";

impl DevArgs {
    /// Takes the project in the current folder if no code was named.
    pub(crate) fn with_handler(self) -> Self {
        let is_named = self.handler.is_some() || self.function.bootstrap.is_some();
        let here = (!is_named).then(|| PathBuf::from("."));
        Self {
            handler: self.handler.or(here),
            ..self
        }
    }
}

/// Reads whole numbers in a range.
fn number<T>(
    what: &'static str,
    range: RangeInclusive<T>,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: FromStr + PartialOrd + Display + Clone + Send + Sync + 'static,
{
    move |text| {
        let number = text.parse().ok();
        let number = number.filter(|number| range.contains(number));
        number.ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            format!("write {what} from {least} to {most}, without a unit")
        })
    }
}

fn parse_address(text: &str) -> Result<IpAddr, String> {
    text.parse()
        .map_err(|_| "write an IP address, such as 127.0.0.1, or 0.0.0.0 for all".to_owned())
}

pub(crate) fn parse_variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    /// The narrowest terminal that help is written for.
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
                // The rest of a sentence that was cut by hand would be wrapped once more.
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
