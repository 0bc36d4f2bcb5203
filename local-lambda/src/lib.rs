//! A local AWS Lambda: callers in front, `bootstrap` processes behind.
//!
//! The processes are those that Lambda starts. Everything around them is emulated: the front ends that turn
//! HTTP requests into events, the Invoke API, the Runtime API, execution environments, and Lambda's limits on
//! streams.
//!
//! [`LocalLambda`] runs one function, for tests. Programs that replace functions while they run use its
//! parts, [`serve`] and [`Pool`]. An [`Observer`] receives reports; the crate itself prints nothing.
//!
//! # Modules
//!
//! Each uses only those after it: `local_lambda` (the façade), `console` (the developer's browser), `frontend`
//! (callers), `functions`, `environment` (processes), `runtime_api`, `observer` and `recorder` (what happens),
//! `response` and `event` (the data in both directions), then the shared modules.

mod body;
mod clock;
mod console;
mod credentials;
mod digest;
mod environment;
mod event;
mod failure;
mod frontend;
mod functions;
mod guard;
mod headers;
mod http_server;
mod invocation;
mod local_lambda;
mod log_tail;
mod observer;
mod recorder;
mod response;
mod runtime_api;
#[cfg(test)]
mod testing;
mod traces;

pub use clock::Clock;
pub use console::{Asset, Console};
pub use credentials::{AwsCredentials, Credentials, CredentialsProvider};
pub use environment::{Deployment, EXECUTABLE_NAME, FunctionConfig, Pool, WhenFull};
pub use event::{Origin, Stage};
pub use failure::{Failure, INVALID_ENTRYPOINT};
pub use frontend::{
    ApiError, AwsService, Caller, Cors, FrontEnd, Limits, NetworkSettings, Rejection,
    ServerSettings, json_event, serve,
};
pub use functions::{Functions, LiveFunctions};
pub use guard::{AllowedHosts, HostName};
pub use headers::{FUNCTION_ERROR, REJECTION};
pub use invocation::{new_request_id, trace};
pub use local_lambda::{LocalLambda, Options, StartError, invoke};
pub use observer::{
    InitPhase, Observer, OutboundRequest, Report, RequestOutcome, RequestReport, SpanEvent,
    SpanKind, TraceSpan, Usage,
};
pub use recorder::Recorder;
#[doc(hidden)]
pub use response::PreludeReader;
pub use response::{
    MissingStatus, MultiValueHeaders, OpenedResponse, Prelude, Rate, Reading, ResponseHead,
    ResponseRules,
};
pub use traces::Collector;
