//! The request for an event.

use http::{HeaderName, Request, Response};
use lambda_event::InvalidHeader;
use lambda_protocol::error_report::ErrorReport;
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, RequestOptions, WasiBody, WasiHttpHooks,
};

use super::super::super::state::GuestConfig;
use crate::event::{IncomingRequest, incoming};
use crate::invocation::Invocation;

/// Headers that a line of the log names: an event can have many thousands.
const NAMED: usize = 3;

/// Reads the event of an invocation as a request, and logs what of it was left out.
pub(in super::super) fn read(
    config: &GuestConfig,
    invocation: &Invocation,
) -> Result<IncomingRequest, ErrorReport> {
    let incoming = incoming(invocation, &config.events).map_err(|error| error.report())?;
    if !incoming.invalid_headers.is_empty() {
        tracing::warn!(
            requestId = %invocation.request_id,
            tenantId = invocation.tenant_id.as_deref(),
            "left out of the request: {}",
            named(&incoming.invalid_headers)
        );
    }
    Ok(incoming)
}

/// Names the first of these headers, and counts the rest.
fn named(headers: &[InvalidHeader]) -> String {
    let mut parts: Vec<_> = headers
        .iter()
        .take(NAMED)
        .map(ToString::to_string)
        .collect();
    match headers.len().saturating_sub(NAMED) {
        0 => {}
        1 => parts.push("and 1 more header".to_owned()),
        more => parts.push(format!("and {more} more headers")),
    }
    parts.join("; ")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_names_a_few_headers_and_counts_the_rest() {
        let of = |count: usize| {
            let headers = (0..count).map(|number| InvalidHeader {
                name: format!("a {number}"),
                reason: "odd",
            });
            named(&headers.collect::<Vec<_>>())
        };
        assert_eq!(of(1), "`a 0`, odd");
        let three = "`a 0`, odd; `a 1`, odd; `a 2`, odd";
        assert_eq!(of(3), three);
        assert_eq!(of(4), format!("{three}; and 1 more header"));
        assert_eq!(of(50_000), format!("{three}; and 49997 more headers"));
    }
}
