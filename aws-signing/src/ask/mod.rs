//! Whether a request is signed.

use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Method, Uri};

use crate::authorization::Authorization;
use crate::endpoint::destination::Destination;
use crate::endpoint::{Endpoint, Region};
use crate::grant::Grant;
use crate::headers;
use crate::operation::Request;
use crate::payload::Payload;
use crate::placeholder::Placeholder;
use crate::policy::{self, Policy};
use crate::refusal::Refusal;
use crate::uri::{self, Path, Query};

/// The decision about a request.
#[derive(Clone, Debug)]
pub enum Ask {
    /// Does not name the placeholder, and is not to be signed.
    NotOurs,
    /// To be signed.
    Granted(Box<Grant>),
    /// Names the placeholder, and must not be sent.
    Refused(Refusal),
}

/// The parts of a signature in a query, which must not be there beside a header.
const SIGNED_QUERY: [&str; 8] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
    "X-Amz-Expires",
    "AWSAccessKeyId",
];

/// Decides whether a request is signed: whether it names the placeholder in `authorization`, goes to an endpoint
/// that is recognised, is signed for that endpoint, and is covered by the policy.
#[must_use]
pub fn ask(placeholder: &Placeholder, policy: &Policy, head: &Parts) -> Ask {
    if !is_named(placeholder, head) {
        return Ask::NotOurs;
    }
    match decide(placeholder, policy, head) {
        Ok(grant) => Ask::Granted(Box::new(grant)),
        Err(refusal) => Ask::Refused(refusal),
    }
}

/// Whether the placeholder is anywhere in the head, so that the request is ours to decide.
fn is_named(placeholder: &Placeholder, head: &Parts) -> bool {
    let mut values = head.headers.values();
    values.any(|value| placeholder.is_in(value.as_bytes()))
        || in_uri(placeholder, &head.uri).is_some()
}

/// Returns where in the URI the placeholder is, as it stands or decoded.
fn in_uri(placeholder: &Placeholder, uri: &Uri) -> Option<&'static str> {
    let is_in = |text: &str| {
        placeholder.is_in(text.as_bytes())
            || uri::decode(text).is_some_and(|text| placeholder.is_in(&text))
    };
    if is_in(uri.path()) {
        return Some("the path");
    }
    if uri.query().is_some_and(is_in) {
        return Some("the query");
    }
    uri.authority()
        .is_some_and(|authority| is_in(authority.as_str()))
        .then_some("the host")
}

fn decide(placeholder: &Placeholder, policy: &Policy, head: &Parts) -> Result<Grant, Refusal> {
    let query = Query::parse(head.uri.query().unwrap_or_default());
    let asked = asked(placeholder, head, query.as_ref().ok())?;
    let destination = Destination::of(&head.uri).ok_or(Refusal::Uri)?;
    let endpoint = endpoint(policy, &destination, &asked.service)?;
    check_scope(&asked, &endpoint)?;
    if head.method == Method::CONNECT || head.method == Method::TRACE {
        return Err(Refusal::Method(head.method.to_string()));
    }
    let (path, query) = (Path::parse(head.uri.path())?, query?);
    let place = policy::place(&endpoint, &path);
    let request = Request {
        prefix: &endpoint.prefix,
        method: &head.method,
        path: &path,
        query: &query,
        headers: &head.headers,
        place: place.as_ref(),
    };
    policy.check(&endpoint, &asked.region, &request)?;
    let payload = Payload::of(&head.headers, destination.is_https)?;
    let scope = (asked.service.as_str(), asked.region.as_str());
    let grant = Grant::new(&endpoint, scope, &destination, &head.uri, payload)?;
    Ok(grant.signing(asked.named))
}

/// Returns what the handler signed for. Refuses signatures in other places than `authorization`, and heads
/// that have more than one meaning.
fn asked(
    placeholder: &Placeholder,
    head: &Parts,
    query: Option<&Query>,
) -> Result<Authorization, Refusal> {
    let Some(value) = head.headers.get(AUTHORIZATION) else {
        return Err(elsewhere(placeholder, head, query));
    };
    headers::check(&head.headers)?;
    headers::check_misplaced(&head.headers, placeholder)?;
    if !placeholder.is_in(value.as_bytes()) {
        return Err(elsewhere(placeholder, head, query));
    }
    let authorization = Authorization::parse(value, placeholder)?;
    if let Some(name) = query.and_then(signed) {
        return Err(Refusal::HeaderAndQuery(name.to_owned()));
    }
    match in_uri(placeholder, &head.uri) {
        Some(place) => Err(Refusal::Misplaced(place.to_owned())),
        None => Ok(authorization),
    }
}

/// Why the placeholder is refused where it is, if it is not in `authorization`.
fn elsewhere(placeholder: &Placeholder, head: &Parts, query: Option<&Query>) -> Refusal {
    if query.is_some_and(|query| query.has("X-Amz-Credential")) {
        return Refusal::Presigned;
    }
    match headers::check_misplaced(&head.headers, placeholder) {
        Err(refusal) => refusal,
        Ok(()) => Refusal::Misplaced(
            in_uri(placeholder, &head.uri)
                .unwrap_or("the URI")
                .to_owned(),
        ),
    }
}

fn signed(query: &Query) -> Option<&'static str> {
    SIGNED_QUERY.into_iter().find(|name| query.has(name))
}

fn endpoint(
    policy: &Policy,
    destination: &Destination,
    service: &str,
) -> Result<Endpoint, Refusal> {
    let endpoint = policy.endpoint(destination, service);
    let endpoint = endpoint.ok_or(Refusal::NotAnEndpoint)?;
    if endpoint.is_custom {
        return Ok(endpoint);
    }
    if !destination.is_https {
        return Err(Refusal::NotHttps);
    }
    if destination.port != 443 {
        return Err(Refusal::Port);
    }
    Ok(endpoint)
}

/// Refuses a scope other than the endpoint's, as it would be a signature for something else.
fn check_scope(asked: &Authorization, endpoint: &Endpoint) -> Result<(), Refusal> {
    let is_region = match &endpoint.region {
        Region::In(region) | Region::Global(region) => *region == asked.region,
        Region::Unknown => aws_endpoints::partition::Partition::of_region(&asked.region).is_some(),
    };
    if is_region && aws_endpoints::signs_as(&endpoint.prefix, &asked.service) {
        return Ok(());
    }
    Err(Refusal::Scope {
        asked_service: Refusal::shown(asked.service.as_bytes()),
        asked_region: Refusal::shown(asked.region.as_bytes()),
        service: aws_endpoints::signing_name(&endpoint.prefix).to_owned(),
        region: endpoint.region.name().unwrap_or("a region").to_owned(),
    })
}

#[cfg(test)]
mod tests;
