//! `bootstream dev`: a local Lambda around one handler, which may be replaced while it runs.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::spawn_blocking;

use super::build::component_for;
use crate::args::{DevArgs, FunctionArgs, Limits};
use crate::dev::bootstrap::Launch;
use crate::dev::door::Door;
use crate::dev::front::Front;
use crate::dev::http_server;
use crate::dev::link::Conditions;
use crate::dev::pool::Pool;
use crate::dev::source::Source;
use crate::dev::watch::Watch;
use crate::printer::{Printer, Tone};

/// Serves until Ctrl-C or SIGTERM.
///
/// # Errors
///
/// The handler, the `bootstrap` binary or the port cannot be used.
pub(crate) fn run(args: DevArgs, printer: &Printer) -> Result<ExitCode> {
    let printer = &if args.json {
        printer.in_json()
    } else {
        *printer
    };
    let named = args.function.bootstrap.as_deref();
    let source = match &args.handler {
        Some(handler) => Source::component(component_for(handler)?, named)?,
        None => Source::runtime(named)?,
    };
    let deployment = source.prepare()?;
    let sources = match args.handler {
        Some(folder) if args.watch && folder.is_dir() => Some(folder),
        Some(file) if args.watch => bail!(
            "`{}` is not the folder of a crate: a component is watched without --watch",
            file.display()
        ),
        _ => None,
    };
    let address = SocketAddr::from((args.host, args.port));
    let concurrency = args.concurrency;
    let door = args.front_door;
    let conditions = Conditions {
        limited: args.limits == Limits::Aws,
        slow: args.slow,
        cut_after: args.disconnect_after,
    };
    let launch = launch(args.function, &source, args.handler_name, *printer);
    runtime()?.block_on(async {
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("cannot listen on {address}: choose another --port, or 0 for a free one")
        })?;
        let server = Server {
            source,
            sources,
            pool: Pool::new(launch, deployment, concurrency),
            door,
            conditions,
            printer,
        };
        server.run(listener).await
    })
}

/// A runtime of one thread: the work is done by the processes.
///
/// # Errors
///
/// The system refuses.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.context("cannot start the event loop")
}

/// How to start the handler's environments.
pub(super) fn launch(
    args: FunctionArgs,
    source: &Source,
    handler_name: String,
    printer: Printer,
) -> Launch {
    Launch {
        bootstrap: source.bootstrap().to_owned(),
        function_name: source.function_name(),
        handler_name,
        memory_mib: args.memory,
        timeout: Duration::from_secs(args.timeout),
        variables: args.variables,
        printer,
    }
}

struct Server<'a> {
    source: Source,
    /// The folder of the crate that makes the component, if it is watched.
    sources: Option<PathBuf>,
    pool: Arc<Pool>,
    door: Door,
    conditions: Conditions,
    printer: &'a Printer,
}

impl Server<'_> {
    async fn run(&self, listener: TcpListener) -> Result<ExitCode> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let watch = Watch::file(self.source.file())?;
        let address = listener.local_addr()?;
        let front = Front {
            pool: Arc::clone(&self.pool),
            printer: *self.printer,
            door: self.door,
            conditions: self.conditions,
        };
        tokio::select! {
            () = self.warm_up_and_serve(listener, front, address) => {}
            () = self.swap_on_change(&watch) => {}
            result = self.rebuild_on_change() => result?,
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        self.printer.message(Tone::Faint, "stopping");
        self.pool.shutdown().await;
        Ok(ExitCode::SUCCESS)
    }

    async fn warm_up_and_serve(&self, listener: TcpListener, front: Front, address: SocketAddr) {
        // Whoever calls gets the same failure, and a fixed component is taken when it appears.
        if let Err(failure) = self.pool.warm_up().await {
            self.printer
                .message(Tone::Bad, &format!("the handler does not start: {failure}"));
        }
        self.banner(address);
        http_server::serve(listener, front).await;
    }

    fn banner(&self, address: SocketAddr) {
        let component = self.source.file().display();
        self.printer
            .message(Tone::Plain, &format!("{component} at http://{address}"));
        let example = format!("try: curl -N http://{address}/invoke -d '{{}}'");
        self.printer.message(Tone::Faint, &example);
    }

    /// Rebuilds the crate. That changes the component file, which is watched too.
    async fn rebuild_on_change(&self) -> Result<()> {
        let Some(folder) = &self.sources else {
            return std::future::pending().await;
        };
        let watch = Watch::sources(folder)?;
        loop {
            watch.changed().await;
            self.printer.message(Tone::Faint, "the sources changed");
            let crate_folder = folder.clone();
            let built = spawn_blocking(move || component_for(&crate_folder)).await;
            if let Err(error) = built.context("building was interrupted")? {
                let text = format!("kept the old version: {error:#}");
                self.printer.message(Tone::Bad, &text);
            }
        }
    }

    async fn swap_on_change(&self, watch: &Watch) {
        loop {
            watch.changed().await;
            if !self.source.file().exists() {
                // It is about to be replaced.
                continue;
            }
            match self.swap().await {
                Ok(()) => {
                    let text = format!("swapped to the new `{}`", self.source.file().display());
                    self.printer.message(Tone::Good, &text);
                }
                Err(error) => {
                    let text = format!("kept the old version: {error:#}");
                    self.printer.message(Tone::Bad, &text);
                }
            }
        }
    }

    async fn swap(&self) -> Result<()> {
        let source = self.source.clone();
        let prepared = spawn_blocking(move || source.prepare()).await;
        let deployment = prepared.context("compiling was interrupted")??;
        let name = self.source.file().display();
        self.pool
            .deploy(deployment)
            .await
            .with_context(|| format!("`{name}` does not start"))
    }
}
