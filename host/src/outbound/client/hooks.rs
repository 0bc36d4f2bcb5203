//! The place where a request leaves the guest. Every request passes through here, including those that follow
//! a redirect: the guest follows redirects itself.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_signing::{Ask, Grant};
use http::request::Parts;
use http::{Method, Request, Response};
use http_body_util::BodyExt as _;
use tokio::sync::Semaphore;
use wasmtime::component::ResourceTable;
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks,
};

use super::aws::{Signer, clock_skew};
use super::body::{Unsent, Upload};
use super::connect::Permit;
use super::dispatch::{AsIs, Order, Prepare, dispatch};
use super::exchange::{Io, TimedBody, Timeouts};
use super::failure_log::{ResponseSource, failed, log_failure, unsigned};
use super::filling::{Denied, Filler};
use super::moment::wall_clock;
use super::request_log::{RequestRecord, Watched};
use super::reuse::Repeatable;
use crate::capsule::Tape;
use crate::logging::LogContext;
use crate::observe::{Origin, Watch};
use crate::outbound::policy::{Policy, Reach};
use crate::outbound::target::Destination;

/// Largest chunk of a request's body that is buffered, in bytes. Two chunks may be buffered.
const BODY_CHUNK_BYTES: usize = 64 * 1024;

/// The outbound state of one instance.
pub(crate) struct Outbound {
    context: WasiHttpCtx,
    hooks: Hooks,
}

struct Hooks {
    policy: Arc<Policy>,
    log_context: Arc<LogContext>,
    watch: Option<Arc<Watch>>,
    tape: Option<Arc<Tape>>,
    /// X-Ray's header of the invocation, if requests pass it on.
    trace_id: Option<Arc<str>>,
    /// Whether to log the cost of requests at INFO instead of DEBUG.
    logs_usage: bool,
    open: Arc<Semaphore>,
    unsent: Unsent,
    /// Whether the instance is gone, and with it the writer of any unfinished body.
    gone: Arc<AtomicBool>,
}

/// The invocation to which requests belong.
#[derive(Debug, Default)]
pub(crate) struct Caller {
    pub(crate) log_context: LogContext,
    pub(crate) watch: Option<Arc<Watch>>,
    pub(crate) tape: Option<Arc<Tape>>,
    /// X-Ray's header.
    pub(crate) trace_id: Option<String>,
}

impl Caller {
    fn trace_id(&self, policy: &Policy) -> Option<Arc<str>> {
        let trace_id = self.trace_id.as_deref().filter(|_| !policy.trace.is_off());
        trace_id.map(Arc::from)
    }
}

impl Outbound {
    /// `logs_usage`: whether to log the cost of requests at INFO instead of DEBUG.
    pub(crate) fn new(policy: &Arc<Policy>, caller: Caller, logs_usage: bool) -> Self {
        let mut context = WasiHttpCtx::new();
        context.set_field_size_limit(policy.header_bytes);
        Self {
            context,
            hooks: Hooks {
                policy: Arc::clone(policy),
                trace_id: caller.trace_id(policy),
                log_context: Arc::new(caller.log_context),
                watch: caller.watch,
                tape: caller.tape,
                logs_usage,
                open: Arc::new(Semaphore::new(policy.requests)),
                unsent: Unsent::default(),
                gone: Arc::new(AtomicBool::new(false)),
            },
        }
    }

    /// Attributes requests to this invocation from now on.
    pub(crate) fn begin(&mut self, caller: Caller) {
        let hooks = &mut self.hooks;
        hooks.trace_id = caller.trace_id(&hooks.policy);
        hooks.log_context = Arc::new(caller.log_context);
        hooks.watch = caller.watch;
        hooks.tape = caller.tape;
    }

    pub(crate) fn view<'a>(&'a mut self, table: &'a mut ResourceTable) -> WasiHttpCtxView<'a> {
        WasiHttpCtxView {
            ctx: &mut self.context,
            hooks: &mut self.hooks,
            table,
        }
    }
}

impl Drop for Outbound {
    fn drop(&mut self) {
        self.hooks.gone.store(true, Ordering::Release);
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound")
            .field("policy", &self.hooks.policy)
            .finish_non_exhaustive()
    }
}

pub(super) type Answer = Result<(Response<WasiBody>, Io), Error>;
pub(super) type Sending = Box<dyn Future<Output = Answer> + Send>;

impl Hooks {
    /// Sends a request.
    fn send(&mut self, request: Request<WasiBody>, options: Option<RequestOptions>) -> Sending {
        let (head, body) = request.into_parts();
        let checked = self.check(Request::from_parts(head, ()));
        let policy = Arc::clone(&self.policy);
        let log_context = Arc::clone(&self.log_context);
        let upload = Upload::new(body, Arc::clone(&self.gone), self.unsent.clone());
        let watch = self.watch.clone();
        let trace_id = self.trace_id.clone();
        let logs_usage = self.logs_usage;
        Box::new(async move {
            let Checked {
                request,
                destination,
                permit,
                grant,
            } = checked?;
            let (mut head, ()) = request.into_parts();
            let watched = watch.map(|watch| Watched::new(watch, &destination, &head));
            pass_on(&policy, trace_id.as_deref(), watched.as_ref(), &mut head);
            let timeouts = Timeouts::new(&policy, options);
            let reach = reach(&destination, grant.as_deref());
            let denied = |denied: Denied| {
                log_failure!(log_context, "{}", denied.text);
                denied.error
            };
            let filler = Filler {
                policy: &policy,
                log_context: &log_context,
                destination: &destination,
            };
            filler.fill_head(&mut head).await.map_err(denied)?;
            let (payload, mut signer) = match grant {
                None => {
                    let filled = filler.payload(&mut head, upload, timeouts.idle);
                    (filled.await.map_err(denied)?, None)
                }
                Some(grant) => {
                    let started = Signer::start(&policy, grant, &mut head, upload, timeouts).await;
                    let (payload, signer) =
                        started.map_err(|it| unsigned(&log_context, &destination, it))?;
                    (payload, Some(signer))
                }
            };
            let order = Order {
                record: RequestRecord::start(
                    &log_context,
                    &destination,
                    &head.method,
                    watched,
                    logs_usage,
                ),
                tenant: log_context.tenant_id.clone(),
                repeatable: match &signer {
                    Some(signer) => signer.repeatable(),
                    None => Repeatable::ByMethod,
                },
                destination: destination.clone(),
                reach,
                policy,
                timeouts,
                permit,
            };
            let prepare: &mut dyn Prepare = match &mut signer {
                Some(signer) => signer,
                None => &mut AsIs,
            };
            let sent = dispatch(order, head, payload, prepare).await;
            let (response, io) =
                sent.map_err(|it| failed(&log_context, &destination, reach, it))?;
            let source = ResponseSource::new(Arc::clone(&log_context), destination.clone());
            let timed = |body| TimedBody::new(body, timeouts.idle, source).boxed_unsync();
            let mut response = response.map(timed);
            if let Some(signer) = signer {
                response = answered(&log_context, &destination, signer, response)?;
            }
            Ok((response, io))
        })
    }
}

impl WasiHttpHooks for Hooks {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Sending {
        let Some(tape) = self.tape.clone() else {
            return self.send(request, options);
        };
        #[cfg(feature = "rehearsal")]
        if let Some(player) = tape.player() {
            let answer = player.answer(request.method(), request.uri());
            self.unsent.take(request.into_body());
            return super::played::play(answer);
        }
        let call = tape.request(request.method(), request.uri());
        super::taped::record(self.send(request, options), tape, call)
    }

    /// Replaces the library's conversion, which logs: failures are logged where the response is read.
    fn p2_error_from_hyper(&mut self, _error: &hyper::Error) -> ErrorCode {
        ErrorCode::HttpProtocolError
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        BODY_CHUNK_BYTES
    }

    #[cfg(feature = "wasi-p3")]
    fn p3_error_from_hyper(
        &mut self,
        _error: &hyper::Error,
    ) -> wasmtime_wasi_http::p3::bindings::http::types::ErrorCode {
        wasmtime_wasi_http::p3::bindings::http::types::ErrorCode::HttpProtocolError
    }

    #[cfg(feature = "wasi-p3")]
    fn p3_outgoing_body_chunk_size(&mut self) -> usize {
        BODY_CHUNK_BYTES
    }
}

/// A request that may be sent, without its body.
struct Checked {
    request: Request<()>,
    destination: Destination,
    permit: Permit,
    /// Permission to sign it.
    grant: Option<Box<Grant>>,
}

impl Hooks {
    fn check(&self, request: Request<()>) -> Result<Checked, Error> {
        // CONNECT opens a tunnel, whose content is not checked. TRACE echoes the request, secrets
        // included.
        if matches!(*request.method(), Method::CONNECT | Method::TRACE) {
            return Err(Error::HttpRequestMethodInvalid);
        }
        let destination = Destination::of(request.uri()).ok_or(Error::HttpRequestUriInvalid)?;
        let (head, ()) = request.into_parts();
        let grant = self.grant(&destination, &head)?;
        let request = Request::from_parts(head, ());
        if grant.is_none() && !self.policy.allows(&destination) {
            log_failure!(
                self.log_context,
                "denied a request to `{destination}`: it is not in `outbound.allow`"
            );
            return Err(Error::HttpRequestDenied);
        }
        let permit = Arc::clone(&self.open).try_acquire_owned().map_err(|_| {
            log_failure!(
                self.log_context,
                "denied a request to `{destination}`: {} are open, the limit of \
                 `outbound.requests`",
                self.policy.requests
            );
            Error::ConnectionLimitReached
        })?;
        Ok(Checked {
            request,
            destination,
            permit: permit.into(),
            grant,
        })
    }

    /// Returns the permission to sign a request, if it asks to be signed.
    fn grant(&self, destination: &Destination, head: &Parts) -> Result<Option<Box<Grant>>, Error> {
        match self.policy.aws.ask(head) {
            Ask::NotOurs => Ok(None),
            Ask::Granted(grant) => Ok(Some(grant)),
            Ask::Refused(refusal) => {
                log_failure!(
                    self.log_context,
                    "denied a signed request to `{destination}`: {refusal}"
                );
                Err(Error::HttpRequestDenied)
            }
        }
    }
}

fn reach(destination: &Destination, grant: Option<&Grant>) -> Reach {
    grant.map_or(Reach::Listed, |grant| {
        Reach::of_service(destination, grant.is_custom())
    })
}

/// Adds the headers of the trace. `trace_id`: X-Ray's header of the invocation.
fn pass_on(policy: &Policy, trace_id: Option<&str>, watched: Option<&Watched>, head: &mut Parts) {
    if !policy.trace.is_off() {
        let origin = Origin {
            xray: trace_id,
            recorded: watched.map(Watched::recorded),
        };
        policy.trace.add_to(&mut head.headers, origin);
    }
}

/// Returns the answer to a signed request as the guest may see it.
fn answered(
    log_context: &LogContext,
    destination: &Destination,
    signer: Signer,
    response: Response<WasiBody>,
) -> Result<Response<WasiBody>, Error> {
    if let Some(seconds) = clock_skew(&response, wall_clock()) {
        log_failure!(
            log_context,
            "`{destination}` refused a signed request: the clock of this machine is {seconds} s off"
        );
    }
    signer.answer(response).inspect_err(|_| {
        log_failure!(
            log_context,
            "the response of `{destination}` is an error with a `content-encoding`, which cannot be \
             searched for credentials: send `accept-encoding: identity`"
        );
    })
}
