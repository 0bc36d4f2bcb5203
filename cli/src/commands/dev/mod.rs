//! `bootstream dev`: a local Lambda with handlers that can be replaced while it runs.

mod console;
mod function;
mod running;
mod settings;

use std::future::pending;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use local_lambda::{
    AllowedHosts, Console, LiveFunctions, NetworkSettings, Observer, Recorder, ServerSettings,
    serve,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::execution::runtime;
use crate::args::DevArgs;
use crate::printer::{Printer, Tone};
use crate::report;
use running::{Member, Running};

/// Serves until Ctrl-C or SIGTERM.
///
/// # Errors
///
/// A handler, the `bootstrap` binary or the port cannot be used.
pub(crate) fn run(args: &DevArgs, printer: &Printer) -> Result<ExitCode> {
    serve_while(args, printer, Greeting::Banner, async |_| pending().await)
}

/// What is said when the server listens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Greeting {
    /// What is served, and where.
    Banner,
    Nothing,
}

/// Serves until Ctrl-C or SIGTERM, or until `visit` ends, which is given the address of the server.
///
/// # Errors
///
/// Those of [`run`], and those of `visit`.
pub(crate) fn serve_while(
    args: &DevArgs,
    printer: &Printer,
    greeting: Greeting,
    visit: impl AsyncFnOnce(SocketAddr) -> Result<()>,
) -> Result<ExitCode> {
    let printer = if args.json {
        printer.in_json()
    } else {
        *printer
    };
    raise_file_limit();
    let address = SocketAddr::from((args.host, args.port));
    let runtime = runtime()?;
    // Callers that connect during the build wait in the listener's backlog.
    let listener = runtime.block_on(TcpListener::bind(address));
    let listener = listener.with_context(|| {
        format!("cannot listen on {address}: choose another --port, or 0 for a free one")
    })?;
    let cors = settings::cors(args)?;
    let recorder = (!args.no_console).then(Recorder::default);
    let observer = report::observer(printer);
    let observer = match &recorder {
        Some(recorder) => observer.recorded_by(recorder.clone()),
        None => observer,
    };
    let console = match recorder {
        Some(recorder) => {
            let listeners = runtime.block_on(console::listen(args.console_port()))?;
            Some(ConsoleServer {
                recorder,
                listeners,
                folder: args.console_dir.clone(),
            })
        }
        None => None,
    };
    let running = Running::build(args, printer, observer.clone())?;
    let result = runtime.block_on(async {
        let settings = ServerSettings {
            front_end: args.front_end,
            network: NetworkSettings {
                limits: args.limits,
                clock: args.clock_scale,
                slow: args.slow,
                cut_after: args.disconnect_after,
            },
            allowed_hosts: AllowedHosts {
                names: args.allowed_hosts.clone(),
                advice: "start `bootstream dev` with `--allow-host NAME` to add a name",
            },
            stage: args.stage.clone(),
            cors,
            console: console.as_ref().and_then(ConsoleServer::address),
        };
        let dev = Dev {
            settings,
            greeting,
            printer,
            observer,
        };
        dev.run(running, listener, console, visit).await
    });
    // Dropping the runtime would wait for a running compilation.
    runtime.shutdown_background();
    result
}

/// Raises the limit of open files to the system's maximum: each environment needs five. If that
/// fails, fewer invocations can run at once, and the first one over the limit reports why.
fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    let _ = setrlimit(Resource::Nofile, raised);
}

struct Dev {
    settings: ServerSettings,
    greeting: Greeting,
    printer: Printer,
    observer: Observer,
}

/// The console before it serves.
struct ConsoleServer {
    recorder: Recorder,
    listeners: Vec<TcpListener>,
    folder: Option<PathBuf>,
}

impl ConsoleServer {
    fn address(&self) -> Option<SocketAddr> {
        self.listeners.first()?.local_addr().ok()
    }
}

impl Dev {
    async fn run(
        self,
        mut running: Running,
        listener: TcpListener,
        console: Option<ConsoleServer>,
        visit: impl AsyncFnOnce(SocketAddr) -> Result<()>,
    ) -> Result<ExitCode> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let (members, live) = (running.members().to_vec(), running.live());
        let address = listener.local_addr()?;
        tokio::select! {
            () = self.serve_console(console, Arc::clone(&live), address) => {}
            result = self.serve(members, live, listener) => result?,
            result = running.follow() => result?,
            result = visit(address) => result?,
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        if self.greeting == Greeting::Banner {
            self.printer.message(Tone::Faint, "stopping");
        }
        running.shutdown().await;
        Ok(ExitCode::SUCCESS)
    }

    /// Serves the console, if there is one. Never ends.
    async fn serve_console(
        &self,
        console: Option<ConsoleServer>,
        functions: Arc<LiveFunctions>,
        address: SocketAddr,
    ) {
        if let Some(ConsoleServer {
            recorder,
            listeners,
            folder,
        }) = console
        {
            let settings = self.settings.clone();
            let observer = self.observer.clone();
            let console = Console::new(recorder, observer, functions, settings, address);
            console
                .assets(&console::ASSETS, folder)
                .serve(listeners)
                .await;
        }
        pending().await
    }

    /// Serves from the start: early callers wait for the first version.
    async fn serve(
        &self,
        members: Vec<Member>,
        functions: Arc<LiveFunctions>,
        listener: TcpListener,
    ) -> Result<()> {
        if self.greeting == Greeting::Banner {
            self.banner(&members, listener.local_addr()?);
        }
        drop(members);
        let observer = self.observer.clone();
        serve(listener, functions, self.settings.clone(), observer).await;
        Ok(())
    }

    fn banner(&self, members: &[Member], address: SocketAddr) {
        let plain = |text: &str| self.printer.message(Tone::Plain, text);
        for (position, member) in members.iter().enumerate() {
            let code = member.function.source.file().display();
            match member.name() {
                None => plain(&format!("{code} at http://{address}")),
                Some(name) => {
                    if position == 0 {
                        plain(&format!("{name} at http://{address}"));
                    }
                    plain(&format!("{name} ({code}) at /@fn/{name}"));
                }
            }
        }
        let front_ends = "front ends: /@url /@rest /@http /@alb /@alb-multi /@lattice, and /invoke for any event";
        self.printer.message(Tone::Faint, front_ends);
        if let Some(console) = self.settings.console {
            self.printer
                .message(Tone::Faint, &format!("console: http://{console}/"));
        }
        let sdks = format!("AWS SDKs: --endpoint-url http://{address}");
        self.printer.message(Tone::Faint, &sdks);
        let example = format!("try: curl -N http://{address}/");
        self.printer.message(Tone::Faint, &example);
    }
}
