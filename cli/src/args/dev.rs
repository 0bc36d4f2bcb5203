//! The arguments of `dev`.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::{Args, FromArgMatches as _};
use lambda_protocol::limits::{MEMORY_MIB, TIMEOUT_SECONDS};
use local_lambda::{Clock, Collector, Cors, FrontEnd, HostName, Limits, Rate, Stage};

use super::values::{
    front_end, limits, number, parse_address, parse_clock, parse_rate, parse_size, parse_variable,
};

/// The environment of a handler, for `dev` and for `invoke HANDLER`.
#[derive(Args, Clone, Debug, Eq, PartialEq)]
pub(crate) struct FunctionArgs {
    /// The `bootstrap` binary [env: BOOTSTREAM_BOOTSTRAP] [default: an installed one, else this command]
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
    /// The collector of OpenTelemetry that gets what the function sends to its own
    #[arg(long, value_name = "URL")]
    pub(crate) otlp: Option<Collector>,
}

/// The arguments of `dev`.
#[derive(Args, Clone, Debug)]
#[command(after_help = DEV_HELP)]
pub(crate) struct DevArgs {
    /// A component (`.wasm`, `.cwasm`), the folder of a handler, or a `bootstream.toml` that
    /// names several [default: this folder, or with --bootstrap none, because that brings its own code]
    pub(crate) handler: Option<PathBuf>,
    /// The value of _HANDLER for a runtime of your own
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
    /// A name that requests may have in `Host`, besides IP addresses and `localhost`; may be repeated
    #[arg(long = "allow-host", value_name = "NAME")]
    pub(crate) allowed_hosts: Vec<HostName>,
    /// How many invocations may run at once; further callers wait
    #[arg(long, value_name = "N", default_value_t = 10,
        value_parser = number("a number", 1..=1000_u16))]
    pub(crate) concurrency: u16,
    /// Rebuild the handler when its sources change
    #[arg(long)]
    pub(crate) watch: bool,
    /// Print JSON objects, one per line: `type` is `invocation`, `log` or `message`
    #[arg(long)]
    pub(crate) json: bool,
    /// Front end served at `/`; each also has a path of its own
    #[arg(long, value_name = "FRONT_END", default_value = "url", value_parser = front_end())]
    pub(crate) front_end: FrontEnd,
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
    /// Enforce Lambda's limits on streams
    #[arg(long, value_name = "WHOSE", default_value = "off", value_parser = limits())]
    pub(crate) limits: Limits,
    /// Run Lambda's clock N times as fast: timeouts, idle limits and Lambda's bandwidth
    #[arg(long, value_name = "N", default_value = "1", value_parser = parse_clock)]
    pub(crate) clock_scale: Clock,
    /// Throttle every stream to this rate
    #[arg(long, value_name = "64KiB/s", value_parser = parse_rate)]
    pub(crate) slow: Option<Rate>,
    /// Cut every caller off after this many bytes; the handler continues
    #[arg(long, value_name = "BYTES", value_parser = parse_size)]
    pub(crate) disconnect_after: Option<usize>,
    /// The port of the console; 0 takes a free one [default: 7001 or the next free one; a free one with
    /// --port 0]
    #[arg(long, value_name = "PORT", value_parser = number("a port", 0..=u16::MAX))]
    console_port: Option<u16>,
    /// Keep each invocation as a file in this folder, for `bootstream replay`
    #[arg(long, value_name = "FOLDER")]
    pub(crate) record: Option<PathBuf>,
    /// Open no port for the console, which then has no invocations to show
    #[arg(long, conflicts_with_all = ["console_port", "console_dir"])]
    pub(crate) no_console: bool,
    /// Serve the console's files from this folder, while you work on them
    #[arg(long, value_name = "FOLDER", hide = true)]
    pub(crate) console_dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) function: FunctionArgs,
}

const DEV_HELP: &str = "\
Examples:
  bootstream dev                                  the project in this folder
  bootstream dev examples/streaming-numbers --watch
  bootstream dev dist/numbers.wasm --port 7100
  curl -N http://127.0.0.1:7000/any/path?q=1
  curl -N http://127.0.0.1:7000/invoke -d '{\"name\":\"world\"}'
  bootstream dev --bootstrap ./their-bootstrap    a runtime in any language
  bootstream event rest > event.json              an event to edit and send

Front ends, all available at once:
  /           a Function URL, or the one in --front-end
  /@url/...   a Function URL: payload format 2.0, streams
  /@rest/...  a REST API: payload format 1.0, streams, requires a prelude
  /@http/...  an HTTP API: payload format 2.0, buffers the response
  /@alb/...   an Application Load Balancer, buffers the response;
              /@alb-multi/... one with multi-value headers enabled
  /@lattice/  VPC Lattice, buffers the response
  /invoke     POST: the body is the event, the response as for its sender
  AWS SDKs    with http://127.0.0.1:7000 as the endpoint: Invoke and
              InvokeWithResponseStream, under any function name
  /@fn/NAME/  in front of any of these: one of several functions
  /@console   leads to the console, which shows invocations while they run

The console has a port of its own, which only this machine reaches. It keeps the last 200 invocations, up to \
64 MiB, in memory.

Requests are served if their Host is an IP address, localhost, a name below it, or one that \
--allow-host names. Web pages of other origins reach the front ends, but neither /invoke nor what SDKs use.

A failure before the first byte gets the response that AWS sends, with 502 or 500, and the terminal says \
why. A later failure cuts the connection, so curl reports error 18; SDKs get it in InvokeComplete.

A bootstream.toml in the folder of the handler, or beside the component, is part of the package: it \
has the settings of the sandbox, and lists the files to include. The same file may name several \
functions for this command, with paths relative to it:
  default = \"hello\"            # at /; else the first by name
  [functions.hello]
  handler = \"examples/hello\"   # or bootstrap, with or without handler-name
  memory = 256                  # and timeout, in seconds
  env = { GREETING = \"hi\" }

Handlers run in the `bootstrap` binary that Lambda starts, one process for each concurrent \
invocation. The server listens at once; callers wait while a component is compiled for the first time, and its \
machine code is cached in ~/.cache/bootstream. When the component file changes, new invocations use \
it and open streams finish on the old one. With --watch, a change of the sources rebuilds the \
component, without link-time optimisation of crates; if that fails, the old one stays.

Environment: LOCAL_LAMBDA_HOST, LOCAL_LAMBDA_PORT, BOOTSTREAM_BOOTSTRAP, XDG_CACHE_HOME, and those of \
`bootstream build`.

Exit codes: 0 stopped with Ctrl-C or SIGTERM, 1 failed to start, 2 wrong usage.";

impl DevArgs {
    /// Returns the arguments of a component that is served at the root, with the defaults for all else.
    pub(crate) fn of_demo(handler: PathBuf, port: u16, bootstrap: Option<PathBuf>) -> Self {
        let defaults = Self::augment_args(clap::Command::new("dev"));
        let matches = defaults.get_matches_from(["dev", "--port", &port.to_string()]);
        let mut args = Self::from_arg_matches(&matches).expect("the defaults are valid");
        args.host = IpAddr::V4(Ipv4Addr::LOCALHOST);
        args.handler = Some(handler);
        args.function.bootstrap = bootstrap;
        args.no_console = true;
        args
    }

    /// Returns the port of the console. `None` is the first free one from the default on.
    pub(crate) fn console_port(&self) -> Option<u16> {
        self.console_port.or((self.port == 0).then_some(0))
    }

    /// Takes the project in the current folder if no code was given.
    pub(crate) fn with_handler(self) -> Self {
        let is_named = self.handler.is_some() || self.function.bootstrap.is_some();
        let here = (!is_named).then(|| PathBuf::from("."));
        Self {
            handler: self.handler.or(here),
            ..self
        }
    }
}
