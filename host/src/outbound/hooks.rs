//! The place where a request leaves the guest. Every request comes by here, those that follow a
//! redirect too: following one is the guest's own work.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use http::{Method, Request, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::component::ResourceTable;
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks,
};

use super::connect::NoConnection;
use super::exchange::{self, Timeouts};
use super::policy::Policy;
use super::secret::{Withheld, fill_in};
use super::target::Destination;

/// What one instance needs for its requests.
pub(crate) struct Outbound {
    context: WasiHttpCtx,
    hooks: Hooks,
}

struct Hooks {
    policy: Arc<Policy>,
    request_id: Arc<str>,
    open: Arc<Semaphore>,
}

impl Outbound {
    pub(crate) fn new(policy: &Arc<Policy>, request_id: &str) -> Self {
        let mut context = WasiHttpCtx::new();
        context.set_field_size_limit(policy.header_bytes);
        Self {
            context,
            hooks: Hooks {
                policy: Arc::clone(policy),
                request_id: request_id.into(),
                open: Arc::new(Semaphore::new(policy.requests)),
            },
        }
    }

    /// Requests belong to this invocation from now on.
    pub(crate) fn begin(&mut self, request_id: &str) {
        self.hooks.request_id = request_id.into();
    }

    pub(crate) fn view<'a>(&'a mut self, table: &'a mut ResourceTable) -> WasiHttpCtxView<'a> {
        WasiHttpCtxView {
            ctx: &mut self.context,
            hooks: &mut self.hooks,
            table,
        }
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound")
            .field("policy", &self.hooks.policy)
            .finish_non_exhaustive()
    }
}

type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Answer = Result<(Response<WasiBody>, Io), Error>;

impl WasiHttpHooks for Hooks {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Answer> + Send> {
        let checked = self.check(request);
        let policy = Arc::clone(&self.policy);
        let request_id = Arc::clone(&self.request_id);
        Box::new(async move {
            let Checked {
                request,
                destination,
                permit,
            } = checked?;
            let timeouts = Timeouts::new(&policy, options);
            let sent = exchange::send(&policy, &destination, request, timeouts).await;
            let (response, connection) = sent.map_err(|error| match error {
                NoConnection::Failed(error) => error,
                NoConnection::Prohibited(found) => {
                    log_prohibited(&request_id, &destination, &found);
                    Error::DestinationIpProhibited
                }
            })?;
            let io: Io = Box::new(async move {
                let ended = Pin::from(connection).await;
                drop(permit);
                ended
            });
            Ok((response, io))
        })
    }
}

/// A request that may be sent.
struct Checked {
    request: Request<WasiBody>,
    destination: Destination,
    permit: OwnedSemaphorePermit,
}

impl Hooks {
    fn check(&self, mut request: Request<WasiBody>) -> Result<Checked, Error> {
        let request_id = &self.request_id;
        // It would make a tunnel, and what goes through a tunnel nobody checks.
        if request.method() == Method::CONNECT {
            return Err(Error::HttpRequestMethodInvalid);
        }
        let destination = Destination::of(request.uri()).ok_or(Error::HttpRequestUriInvalid)?;
        if !self.policy.allows(&destination) {
            tracing::warn!(
                requestId = %request_id,
                "denied a request to `{destination}`: it is not in `outbound.allow`"
            );
            return Err(Error::HttpRequestDenied);
        }
        let filled = fill_in(&self.policy.secrets, request.headers_mut(), &destination);
        if let Err(Withheld { name }) = filled {
            tracing::warn!(
                requestId = %request_id,
                "denied a request to `{destination}`: `secrets` does not give it `{name}`"
            );
            return Err(Error::HttpRequestDenied);
        }
        let permit = Arc::clone(&self.open).try_acquire_owned().map_err(|_| {
            tracing::warn!(
                requestId = %request_id,
                "denied a request to `{destination}`: {} are open, the limit of \
                 `outbound.requests`",
                self.policy.requests
            );
            Error::ConnectionLimitReached
        })?;
        Ok(Checked {
            request,
            destination,
            permit,
        })
    }
}

fn log_prohibited(request_id: &str, destination: &Destination, found: &[std::net::SocketAddr]) {
    let found: Vec<String> = found.iter().map(|it| it.ip().to_string()).collect();
    tracing::warn!(
        requestId = %request_id,
        "denied a request to `{destination}`: its address {} is not public and not in \
         `outbound.private-addresses`",
        found.join(", ")
    );
}
