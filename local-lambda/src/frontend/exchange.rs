//! One HTTP request, served as a front end serves it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use http_body_util::{Either, Full};
use lambda_protocol::headers::{CLIENT_CONTEXT, COGNITO_IDENTITY, TENANT_ID, TRACE_ID};
use lambda_protocol::limits::PAYLOAD_LIMIT_BYTES;
use tokio::time::{Instant, timeout};

use super::invoke_api::{ApiError, json_event};
use super::reply::{
    CallerBody, FailureStyle, failed, preflight, reject_body, rejected, respond, whole,
};
use super::{Caller, FrontEnd, Rejection, ServerSettings, open_for};
use crate::body::BodyError;
use crate::environment::Pool;
use crate::event::Origin;
use crate::failure::{Failure, SERVICE_TIMEOUT};
use crate::invocation::{Invocation, new_request_id, trace, trace_headers};
use crate::observer::{Received, RequestRecord};
use crate::response::{
    Framing, NetworkConditions, OpenedBody, OpenedResponse, PacedBody, ResponseHead,
    ResponseReceiver, StreamedBody, open,
};

/// Headers of `POST /invoke` that become part of the handler's context, under the same name.
const CONTEXT_HEADERS: [HeaderName; 4] = [TENANT_ID, CLIENT_CONTEXT, COGNITO_IDENTITY, TRACE_ID];

/// A request for a function behind a front end.
pub(super) struct Exchange<'a> {
    pub(super) settings: &'a ServerSettings,
    pub(super) front_end: FrontEnd,
    pub(super) pool: &'a Arc<Pool>,
    pub(super) request: &'a Parts,
}

impl Exchange<'_> {
    /// Serves the request as the service does.
    pub(super) async fn serve(
        &self,
        body: &Bytes,
        peer: IpAddr,
        mut record: RequestRecord,
    ) -> Response<CallerBody> {
        let Self {
            settings,
            front_end,
            request,
            ..
        } = *self;
        if let Some((rejection, reason)) = self.rejection() {
            record.status(rejection.status);
            record.rejected(&reason);
            return rejected(&rejection);
        }
        let cors = settings.cors.as_ref();
        let cors = cors.filter(|_| front_end == FrontEnd::Url);
        if let Some(headers) = cors.and_then(|cors| cors.preflight(request)) {
            return preflight(headers, record);
        }
        if let Some(limit) = settings.network.body_limit(front_end)
            && body.len() > limit
        {
            return reject_body(&BodyError::TooLarge(body.len()), limit, record);
        }
        let invocation = self.invocation(body, peer);
        record.invocation(&invocation, &self.received(body));
        if let Some(warning) = (front_end.service().body_warning)(body) {
            record.warn(&[warning.to_owned()]);
        }
        if invocation.event.len() > PAYLOAD_LIMIT_BYTES {
            // Base64 and the quotes of JSON make a body larger.
            let reason = BodyError::TooLarge(invocation.event.len());
            return reject_body(&reason, PAYLOAD_LIMIT_BYTES, record);
        }
        let request_id = HeaderValue::try_from(invocation.request_id.as_str());
        let mut response = self.invoke_function(invocation, record).await;
        if let (Some(name), Ok(id)) = (&front_end.service().request_id_header, request_id) {
            response.headers_mut().insert(name, id);
        }
        if let Some(cors) = cors {
            cors.add_to(response.headers_mut(), &request.headers);
        }
        response
    }

    /// Returns the service's own response if it does not call the function, and the reason.
    fn rejection(&self) -> Option<(Rejection, String)> {
        let rejected = self.front_end.rejects(self.request);
        let rejected = rejected.map(|(rejection, reason)| (rejection, reason.to_owned()));
        rejected.or_else(|| {
            let has_limits = self.settings.network.limits.apply();
            let rejected = self.front_end.rejects_head(self.request);
            rejected.filter(|_| has_limits)
        })
    }

    /// Describes the request for the record of its invocation.
    fn received<'a>(&'a self, body: &'a Bytes) -> Received<'a> {
        Received {
            function: self.pool.name(),
            door: self.front_end.name(),
            headers: &self.request.headers,
            body,
            resent_from: None,
        }
    }

    fn invocation(&self, body: &Bytes, peer: IpAddr) -> Invocation {
        let origin = Origin {
            request_id: new_request_id(),
            peer,
            trace: trace(&self.request.headers),
            now: SystemTime::now(),
            stage: self.settings.stage.clone(),
        };
        let event = self.front_end.event(self.request, body, &origin);
        Invocation {
            request_id: origin.request_id,
            event: event.to_string().into(),
            headers: trace_headers(origin.trace),
        }
    }

    /// Invokes the function, and passes the response on as the service does.
    pub(super) async fn invoke_function(
        &self,
        invocation: Invocation,
        record: RequestRecord,
    ) -> Response<CallerBody> {
        let began = Instant::now();
        let opened = match self.pool.invoke(invocation) {
            Ok(response) => self.open(response).await,
            Err(failure) => Err(failure),
        };
        let network = self.settings.network;
        let conditions = network.conditions(Some(self.front_end), began);
        self.pass_on(opened, conditions, FailureStyle::ServicePage, record)
    }

    /// Opens the response, within the service's time limit.
    async fn open(&self, response: ResponseReceiver) -> Result<OpenedResponse, Failure> {
        let network = self.settings.network;
        let limit = network.body_limit(self.front_end);
        let opening = open(response, self.front_end.response_rules(), limit);
        match network.wait_limit(self.front_end) {
            Some(limit) => timeout(network.clock.real(limit), opening)
                .await
                .unwrap_or_else(|_| Err(timed_out(limit))),
            None => opening.await,
        }
    }

    /// Invokes the function with an event as it is, and responds as to the sender of such an event.
    pub(super) async fn invoke(
        &self,
        invocation: Invocation,
        record: RequestRecord,
    ) -> Response<CallerBody> {
        let caller = Caller::of(&invocation.event);
        let opened = match self.pool.invoke(invocation) {
            Ok(response) => open_for(caller, response).await,
            Err(failure) => Err(failure),
        };
        let conditions = self.settings.network.conditions(None, Instant::now());
        self.pass_on(opened, conditions, FailureStyle::ErrorDocument, record)
    }

    fn pass_on(
        &self,
        opened: Result<OpenedResponse, Failure>,
        conditions: NetworkConditions,
        style: FailureStyle,
        record: RequestRecord,
    ) -> Response<CallerBody> {
        let OpenedResponse { head, body } = match opened {
            Ok(opened) => opened,
            Err(failure) => return failed(self.front_end, &failure, style, record),
        };
        match body {
            OpenedBody::Whole(body) => whole(head, body, record),
            OpenedBody::Stream { first, rest } => {
                self.stream(head, PacedBody::new(first, rest, conditions), record)
            }
        }
    }

    fn stream(
        &self,
        mut head: ResponseHead,
        body: PacedBody,
        mut record: RequestRecord,
    ) -> Response<CallerBody> {
        record.head(&head);
        let mut body = StreamedBody::new(body, Framing::None, record);
        let encoding = head.headers.get(CONTENT_ENCODING);
        if self.front_end.response_rules().undoes_gzip && encoding.is_some_and(is_gzip) {
            head.headers.remove(CONTENT_ENCODING);
            body = body.gunzipped();
        }
        let has_no_body = self.request.method == Method::HEAD
            || matches!(
                head.status,
                StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
            );
        let body = if has_no_body {
            self.pool.spawn(body.drain());
            Either::Left(Full::default())
        } else {
            Either::Right(body)
        };
        respond(head, body)
    }
}

fn is_gzip(encoding: &HeaderValue) -> bool {
    encoding.as_bytes().eq_ignore_ascii_case(b"gzip")
}

fn timed_out(limit: Duration) -> Failure {
    let message = format!("the service waits {} seconds at most", limit.as_secs());
    Failure::new(SERVICE_TIMEOUT, message)
}

/// Returns the invocation for a `POST /invoke`.
///
/// # Errors
///
/// The event is not JSON.
pub(super) fn direct_invocation(headers: &HeaderMap, body: Bytes) -> Result<Invocation, ApiError> {
    let mut context = trace_headers(trace(headers));
    for name in CONTEXT_HEADERS {
        if let Some(value) = headers.get(&name) {
            context.insert(name, value.clone());
        }
    }
    Ok(Invocation {
        headers: context,
        ..Invocation::new(json_event(body)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::parts;

    #[test]
    fn an_empty_body_is_an_empty_event() {
        let invocation = direct_invocation(&HeaderMap::new(), Bytes::new()).unwrap();

        assert_eq!(invocation.event, "{}");
    }

    #[test]
    fn the_caller_may_set_the_context() {
        let request = http::Request::post("/invoke")
            .header("x-amzn-trace-id", "Root=1")
            .header("lambda-runtime-aws-tenant-id", "t")
            .header("host", "h");

        let headers = parts(request).headers;
        let invocation = direct_invocation(&headers, Bytes::new()).unwrap();

        assert_eq!(invocation.headers["lambda-runtime-trace-id"], "Root=1");
        assert_eq!(invocation.headers["lambda-runtime-aws-tenant-id"], "t");
        assert_eq!(invocation.headers.len(), 2);
    }
}
