//! One function behind a local Lambda, for tests.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use artifact::{COMPONENT_EXTENSION, PRECOMPILED_EXTENSION};
use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::credentials::Credentials;
use crate::environment::{Deployment, FunctionConfig, Pool, WhenFull};
use crate::event::Stage;
use crate::failure::Failure;
use crate::frontend::{
    Caller, Cors, FrontEnd, Limits, ServerSettings, json_event, open_for, serve,
};
use crate::functions::{Functions, LiveFunctions};
use crate::invocation::Invocation;
use crate::observer::Observer;
use crate::response::{OpenedResponse, Rate};

/// The name of the handler in the task root, without its extension.
const HANDLER_NAME: &str = "handler";

/// The name of the settings in the task root.
const SETTINGS_NAME: &str = "bootstream.toml";

/// The extensions of files that `bootstrap` loads: components, and their machine code.
const HANDLER_EXTENSIONS: [&str; 2] = [COMPONENT_EXTENSION, PRECOMPILED_EXTENSION];

/// A running local Lambda with one function.
///
/// Dropping it closes the connections and kills the processes; [`stop`](Self::stop) ends them in order.
///
/// # Examples
///
/// A function that streams, read chunk by chunk:
///
/// ```no_run
/// use local_lambda::{FrontEnd, LocalLambda, Options};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let options = Options::new("target/lambda/bootstrap", "handler.cwasm")
///     .front_end(FrontEnd::Rest)
///     .variable("GREETING", "hello");
/// let lambda = LocalLambda::start(options).await?;
///
/// // Over HTTP, at `lambda.url()`, or without it:
/// let mut response = lambda.invoke(r#"{"name":"world"}"#).await?;
/// assert_eq!(response.head.status, 200);
/// while let Some(chunk) = response.chunk().await? {
///     println!("{} bytes", chunk.len());
/// }
/// lambda.stop().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct LocalLambda {
    address: SocketAddr,
    pool: Arc<Pool>,
    server: JoinSet<()>,
}

/// The configuration of a local Lambda. Every setting but the first two has a default.
#[derive(Clone, Debug)]
pub struct Options {
    handler: PathBuf,
    settings: Option<PathBuf>,
    config: FunctionConfig,
    concurrency: u16,
    address: SocketAddr,
    server: ServerSettings,
    observer: Observer,
}

/// Why a local Lambda does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: use another address, or port 0 for a free port")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The handler is neither a component nor machine code.
    #[error("`{}` is not a handler: its name must end in `.wasm` or `.cwasm`", .0.display())]
    NotAHandler(PathBuf),
    /// A file cannot be copied to the task root.
    #[error("cannot copy `{}` to the task root", path.display())]
    Copy {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The function does not start.
    #[error("the function does not start")]
    Function(#[source] Failure),
}

impl Options {
    /// Runs `handler`, a component (`.wasm`) or its machine code (`.cwasm`), in the executable `bootstrap`.
    ///
    /// A component needs a `bootstream-compile` beside `bootstrap`, and is compiled at every start.
    #[must_use]
    pub fn new(bootstrap: impl Into<PathBuf>, handler: impl Into<PathBuf>) -> Self {
        Self {
            handler: handler.into(),
            settings: None,
            config: FunctionConfig {
                bootstrap: bootstrap.into(),
                arguments: &[],
                function_name: "local".to_owned(),
                handler_name: HANDLER_NAME.to_owned(),
                memory_mib: 512,
                timeout: Duration::from_secs(60),
                clock: Clock::default(),
                variables: Vec::new(),
                credentials: Credentials::default(),
                reports_usage: false,
                collector: None,
            },
            concurrency: 10,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            server: ServerSettings::default(),
            observer: Observer::default(),
        }
    }

    /// The `bootstream.toml` of the function. Default: none.
    #[must_use]
    pub fn settings(mut self, file: impl Into<PathBuf>) -> Self {
        self.settings = Some(file.into());
        self
    }

    /// The function's name. Default: `local`.
    #[must_use]
    pub fn function_name(mut self, name: impl Into<String>) -> Self {
        self.config.function_name = name.into();
        self
    }

    /// Adds an environment variable of the function.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.config.variables.push((name.into(), value.into()));
        self
    }

    /// The AWS credentials that the function is given. Default: none.
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.config.credentials = credentials;
        self
    }

    /// The memory size reported to the function, in MiB. Default: 512.
    #[must_use]
    pub fn memory_mib(mut self, memory: u32) -> Self {
        self.config.memory_mib = memory;
        self
    }

    /// How long an invocation may take. Default: 60 seconds.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.config.timeout = timeout;
        self
    }

    /// How many invocations may run at once. Default: 10. Further callers wait, or are throttled if the
    /// [limits](Self::limits) of AWS apply.
    #[must_use]
    pub fn concurrency(mut self, invocations: u16) -> Self {
        self.concurrency = invocations;
        self
    }

    /// Where to listen. Default: 127.0.0.1 and a free port. Port 0 is a free port.
    #[must_use]
    pub fn address(mut self, address: impl Into<SocketAddr>) -> Self {
        self.address = address.into();
        self
    }

    /// The front end at `/`; all others have paths of their own, such as `/@rest/`. Default: a function URL.
    #[must_use]
    pub fn front_end(mut self, front_end: FrontEnd) -> Self {
        self.server.front_end = front_end;
        self
    }

    /// The stage of REST and HTTP APIs. Default: `$default`.
    #[must_use]
    pub fn stage(mut self, stage: Stage) -> Self {
        self.server.stage = stage;
        self
    }

    /// The `Cors` setting of the function URL. Default: none.
    #[must_use]
    pub fn cors(mut self, cors: Cors) -> Self {
        self.server.cors = Some(cors);
        self
    }

    /// The limits on streams. Default: off.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.server.network.limits = limits;
        self
    }

    /// The clock of timeouts and limits. Default: real time.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.config.clock = clock;
        self.server.network.clock = clock;
        self
    }

    /// Throttles every stream to this rate.
    #[must_use]
    pub fn slow(mut self, rate: Rate) -> Self {
        self.server.network.slow = Some(rate);
        self
    }

    /// Cuts every caller off after this many bytes of a stream.
    #[must_use]
    pub fn disconnect_after(mut self, bytes: usize) -> Self {
        self.server.network.cut_after = Some(bytes);
        self
    }

    /// Receives reports, such as the output of the function. Default: ignored.
    #[must_use]
    pub fn observer(mut self, observer: Observer) -> Self {
        self.observer = observer;
        self
    }

    /// Copies handler and settings to a task root of their own.
    fn deployment(&self) -> Result<Deployment, StartError> {
        let handler = &self.handler;
        let extension = handler.extension().and_then(|it| it.to_str());
        let extension = extension
            .filter(|extension| HANDLER_EXTENSIONS.contains(extension))
            .ok_or_else(|| StartError::NotAHandler(handler.clone()))?;
        let folder = tempfile::Builder::new()
            .prefix("local-lambda-")
            .tempdir()
            .map_err(|source| copy_error(handler, source))?;
        let to = folder.path().join(HANDLER_NAME).with_extension(extension);
        copy(handler, &to)?;
        if let Some(settings) = &self.settings {
            copy(settings, &folder.path().join(SETTINGS_NAME))?;
        }
        Ok(Deployment::temporary(folder, to, handler.clone()))
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), StartError> {
    let copied = std::fs::copy(from, to);
    copied.map(drop).map_err(|source| copy_error(from, source))
}

fn copy_error(path: &Path, source: std::io::Error) -> StartError {
    StartError::Copy {
        path: path.to_owned(),
        source,
    }
}

impl LocalLambda {
    /// Starts the function, and listens. Runs in the caller's tokio runtime, which needs its I/O and time
    /// drivers.
    ///
    /// # Errors
    ///
    /// The address cannot be listened on, a file is missing, or the function does not start. The error
    /// names which.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let address = options.address;
        let listen = |source| StartError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let deployment = options.deployment()?;
        let when_full = WhenFull::under(options.server.network.limits.apply());
        let (config, observer) = (options.config, options.observer);
        let pool = Pool::new(config, options.concurrency, when_full, observer.clone());
        let deployed = pool.deploy(deployment).await;
        deployed.map_err(StartError::Function)?;
        let functions = Functions::single(Arc::clone(&pool));
        let functions = Arc::new(LiveFunctions::new(functions));
        let mut server = JoinSet::new();
        server.spawn(serve(listener, functions, options.server, observer));
        Ok(Self {
            address,
            pool,
            server,
        })
    }

    /// Returns the address it listens on, with the port that was chosen for port 0.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the URL of the front end at `/`, which is also the endpoint for AWS SDKs.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Invokes the function as [`invoke`] does.
    ///
    /// # Errors
    ///
    /// As for [`invoke`].
    pub async fn invoke(&self, event: impl Into<Bytes>) -> Result<OpenedResponse, Failure> {
        invoke(&self.pool, event.into()).await
    }

    /// Closes the connections and ends the processes.
    pub async fn stop(mut self) {
        self.server.shutdown().await;
        self.pool.shutdown().await;
    }
}

/// Invokes a function, and opens the response as the sender of such events does. An empty event is `{}`.
///
/// # Errors
///
/// The event is not JSON, the invocation failed before its head, or the sender cannot read the response.
pub async fn invoke(pool: &Arc<Pool>, event: Bytes) -> Result<OpenedResponse, Failure> {
    let event = json_event(event).map_err(|error| Failure::new(error.name, error.message))?;
    let caller = Caller::of(&event);
    let response = pool.invoke_in_turn(Invocation::new(event));
    open_for(caller, response).await
}
