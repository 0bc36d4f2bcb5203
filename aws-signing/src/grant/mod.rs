//! A request that may be signed.

use std::time::SystemTime;

use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Uri};

use crate::credentials::Credentials;
use crate::date::Stamp;
use crate::endpoint::Endpoint;
use crate::endpoint::destination::Destination;
use crate::headers;
use crate::payload::{self, Payload, PayloadHash};
use crate::refusal::Refusal;
use crate::sign::{self, Canonical, Scope};
use crate::uri::{Encoding, Path, Query};

/// Services that read the path as it is sent.
const ONCE: [&str; 4] = ["s3", "s3-object-lambda", "s3-outposts", "s3express"];

/// Services that need `x-amz-content-sha256`, even if the handler did not send it.
const HASHED: [&str; 7] = [
    "s3",
    "s3-object-lambda",
    "s3-outposts",
    "s3express",
    "aoss",
    "es",
    "glacier",
];

/// A request that may be signed.
#[derive(Clone, Debug)]
pub struct Grant {
    service: String,
    region: String,
    payload: Payload,
    is_custom: bool,
    uri: Uri,
    host: HeaderValue,
    canonical_path: String,
    canonical_query: String,
    /// The headers that the handler signed.
    named: Vec<HeaderName>,
}

/// A request could not be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The date does not have a year of four digits.
    #[error("the clock of this machine is before 1970 or after 9999")]
    Clock,
}

impl Grant {
    /// Creates a grant for a service and region.
    pub(crate) fn new(
        endpoint: &Endpoint,
        (service, region): (&str, &str),
        destination: &Destination,
        uri: &Uri,
        payload: Payload,
    ) -> Result<Self, Refusal> {
        let path = Path::parse(uri.path())?;
        let query = Query::parse(uri.query().unwrap_or_default())?;
        let encoding = if ONCE.contains(&service) {
            Encoding::Once
        } else {
            Encoding::Twice
        };
        let mut sent = path.as_str().to_owned();
        if !query.is_empty() {
            sent.push('?');
            sent.push_str(&query.sent());
        }
        let host = destination.authority();
        let uri = Uri::builder()
            .scheme(destination.scheme())
            .authority(host.as_str())
            .path_and_query(sent)
            .build()
            .map_err(|_| Refusal::Uri)?;
        Ok(Self {
            service: service.to_owned(),
            region: region.to_owned(),
            payload,
            is_custom: endpoint.is_custom,
            uri,
            host: HeaderValue::from_str(&host).map_err(|_| Refusal::Uri)?,
            canonical_path: path.canonical(encoding),
            canonical_query: query.canonical(),
            named: Vec::new(),
        })
    }

    /// Signs these headers as well.
    pub(crate) fn signing(self, named: Vec<HeaderName>) -> Self {
        Self { named, ..self }
    }

    /// Returns the signing name, such as `bedrock`.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// Returns the region that is signed for.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Returns how the body enters the signature.
    #[must_use]
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// Whether the endpoint is of `aws.endpoints`. Then it can be http, but only to loopback and private
    /// addresses, which the caller checks.
    #[must_use]
    pub fn is_custom(&self) -> bool {
        self.is_custom
    }

    /// Returns the URI that is sent.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Drops the handler's signature, and gives URI and `host` the form that is signed. Once, before
    /// [`Grant::sign`].
    pub fn prepare(&self, head: &mut Parts) {
        headers::drop_signature(&mut head.headers);
        head.headers.insert(HOST, self.host.clone());
        head.uri = self.uri.clone();
    }

    /// Signs the headers as they are now. Can be called again for a retry: it replaces the signature.
    ///
    /// `payload` is [`Payload::hash`], or [`PayloadHash::of`] the held body.
    ///
    /// # Errors
    ///
    /// When `now` is before 1970 or after 9999.
    pub fn sign(
        &self,
        head: &mut Parts,
        payload: &PayloadHash,
        credentials: &Credentials,
        now: SystemTime,
    ) -> Result<(), SignError> {
        let stamp = Stamp::of(now).ok_or(SignError::Clock)?;
        let headers = &mut head.headers;
        headers.insert(headers::DATE, value(stamp.as_str()));
        match credentials.token_value() {
            Some(token) => drop(headers.insert(headers::TOKEN, token)),
            None => drop(headers.remove(headers::TOKEN)),
        }
        // A held body is one whose hash the handler did not send.
        if self.payload != Payload::Held || HASHED.contains(&self.service.as_str()) {
            headers.insert(payload::HEADER, value(payload.as_str()));
        }
        let canonical = Canonical {
            method: &head.method,
            path: &self.canonical_path,
            query: &self.canonical_query,
            payload: payload.as_str(),
        };
        let scope = Scope {
            region: &self.region,
            service: &self.service,
        };
        let mut signed = value(&sign::authorization(
            &canonical,
            headers,
            &self.named,
            scope,
            (credentials, &stamp),
        ));
        signed.set_sensitive(true);
        headers.insert(AUTHORIZATION, signed);
        Ok(())
    }
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("visible characters")
}

#[cfg(test)]
mod tests;
