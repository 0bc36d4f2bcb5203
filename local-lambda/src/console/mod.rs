//! The console: a page that shows invocations while they run, and the API behind it.
//!
//! It has a port of its own. What functions serve on the port of the front ends is another origin, and must
//! not read other invocations.

mod api;
mod assets;
mod events;
mod guard;
mod reply;

pub use assets::Asset;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use http::{Request, Response};
use hyper::body::Incoming;
use tokio::net::TcpListener;

use crate::frontend::ServerSettings;
use crate::functions::LiveFunctions;
use crate::http_server::{self, Handler};
use crate::observer::Observer;
use crate::recorder::Recorder;
use assets::Assets;
use reply::ConsoleBody;

/// The console of a local Lambda.
#[derive(Debug)]
pub struct Console {
    assets: Assets,
    functions: Arc<LiveFunctions>,
    settings: Arc<ServerSettings>,
    observer: Observer,
    recorder: Recorder,
    /// The address of the front ends.
    address: SocketAddr,
}

impl Console {
    /// A console that shows what `recorder` keeps, and sends events again to `functions` as a server with
    /// these settings does. `observer` receives the reports about them. `address` is that of the server.
    #[must_use]
    pub fn new(
        recorder: Recorder,
        observer: Observer,
        functions: Arc<LiveFunctions>,
        settings: ServerSettings,
        address: SocketAddr,
    ) -> Self {
        Self {
            assets: Assets::new(&[], None),
            functions,
            settings: Arc::new(settings),
            observer: observer.recorded_by(recorder.clone()),
            recorder,
            address,
        }
    }

    /// Serves these files, and no others. Their contents come from files of the same names in `folder`, if
    /// there is one.
    #[must_use]
    pub fn assets(self, files: &'static [Asset], folder: Option<PathBuf>) -> Self {
        Self {
            assets: Assets::new(files, folder),
            ..self
        }
    }

    /// Serves on listeners of one port, until dropped.
    pub async fn serve(self, listeners: Vec<TcpListener>) {
        let console = Arc::new(self);
        let mut servers = tokio::task::JoinSet::new();
        for listener in listeners {
            // A listener has an address for as long as it is open.
            let port = listener.local_addr().map_or(0, |address| address.port());
            let console = Arc::clone(&console);
            servers.spawn(http_server::serve(listener, Server { console, port }));
        }
        servers.join_all().await;
    }
}

#[derive(Clone, Debug)]
struct Server {
    console: Arc<Console>,
    port: u16,
}

impl Handler for Server {
    type Body = ConsoleBody;

    async fn handle(self, request: Request<Incoming>, _peer: IpAddr) -> Response<ConsoleBody> {
        let (parts, body) = request.into_parts();
        match guard::check(&parts, self.port) {
            Ok(()) => self.console.route(&parts, body).await,
            Err(denial) => reply::error(denial.status, &denial.message),
        }
    }
}
