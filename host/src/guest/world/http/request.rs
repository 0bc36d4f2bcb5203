//! The request for an event.

use http::{HeaderName, Request, Response};
use lambda_protocol::error_report::ErrorReport;
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, RequestOptions, WasiBody, WasiHttpHooks,
};

use super::super::super::state::GuestConfig;
use crate::event::{IncomingRequest, incoming};
use crate::invocation::Invocation;

/// Reads the event of an invocation as a request, and logs what of it was left out.
pub(in super::super) fn read(
    config: &GuestConfig,
    invocation: &Invocation,
) -> Result<IncomingRequest, ErrorReport> {
    let incoming = incoming(invocation, &config.events).map_err(|error| error.report())?;
    for invalid in &incoming.invalid_headers {
        tracing::warn!(
            requestId = %invocation.request_id,
            tenantId = invocation.tenant_id.as_deref(),
            "left out of the request: {invalid}"
        );
    }
    Ok(incoming)
}

/// The rules for requests to the guest.
pub(in super::super) struct Incoming;

impl WasiHttpHooks for Incoming {
    fn is_forbidden_header(&mut self, name: &HeaderName) -> bool {
        DEFAULT_FORBIDDEN_HEADERS.contains(name)
    }

    fn send_request(
        &mut self,
        _request: Request<WasiBody>,
        _options: Option<RequestOptions>,
        _processed: Io,
    ) -> Box<dyn Future<Output = Result<(Response<WasiBody>, Io), Error>> + Send> {
        Box::new(async { Err(Error::HttpRequestDenied) })
    }
}

type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;
