//! One view of an HTTP request over the event shapes of Lambda's front ends.

mod fields;

use std::{fmt, str::FromStr};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde::{Deserialize, de::IgnoredAny};

use self::fields::{Fields, parse_cookies, parse_query, percent_decoded};
use crate::Error;

/// What an event that is no HTTP request is refused with.
pub(crate) const UNKNOWN_SHAPE: &str = "the event is not an HTTP request of a known shape (API \
     Gateway 1.0, API Gateway 2.0 or Function URL, Application Load Balancer)";

/// An HTTP request, as it looks behind every front end. See
/// [`Event::request`](crate::Event::request).
#[derive(Clone, Debug)]
pub struct Request {
    kind: RequestKind,
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    cookies: Vec<(String, String)>,
    body: Vec<u8>,
}

/// The shape of the event a [`Request`] was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestKind {
    /// API Gateway, payload format 1.0: REST APIs.
    ApiGatewayV1,
    /// API Gateway, payload format 2.0: HTTP APIs and Function URLs.
    ApiGatewayV2,
    /// An Application Load Balancer.
    Alb,
}

impl fmt::Display for RequestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ApiGatewayV1 => "API Gateway 1.0",
            Self::ApiGatewayV2 => "API Gateway 2.0 or a Function URL",
            Self::Alb => "an Application Load Balancer",
        })
    }
}

impl Request {
    /// Returns the shape of the event this request was read from.
    pub fn kind(&self) -> RequestKind {
        self.kind
    }

    /// Returns the HTTP method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Returns the path as the front end gave it, not percent-decoded and without the query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the names and values of the query, decoded; repeated names are all there.
    ///
    /// The order is that of the event. It is the caller's order behind API Gateway 2.0 and
    /// Function URLs; the other front ends promise none.
    pub fn query(&self) -> &[(String, String)] {
        &self.query
    }

    /// Returns the first value of a name in the query, decoded.
    pub fn query_value(&self, name: &str) -> Option<&str> {
        first(&self.query, name)
    }

    /// Parses the first value of a name in the query. `None` when the query does not have it.
    ///
    /// ```
    /// # use bootstream::testing;
    /// let request = testing::get("/events?count=3").request()?;
    ///
    /// let count = request.parse_query_value("count")?.unwrap_or(10);
    /// assert_eq!(count, 3);
    /// # Ok::<(), bootstream::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the value does not parse; the text has the name and the value.
    pub fn parse_query_value<T>(&self, name: &str) -> Result<Option<T>, Error>
    where
        T: FromStr,
        Error: From<T::Err>,
    {
        let Some(value) = self.query_value(name) else {
            return Ok(None);
        };
        value.parse().map(Some).map_err(|error| {
            Error::from(error).context(format!("query parameter `{name}` is `{value}`"))
        })
    }

    /// Returns the headers. Behind API Gateway 2.0 and Function URLs the values of a repeated
    /// header come joined with commas.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns the first value of a header, if it is visible ASCII. Names are case-insensitive.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the names and values of the cookies, in order, as they came.
    pub fn cookies(&self) -> &[(String, String)] {
        &self.cookies
    }

    /// Returns the first value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        first(&self.cookies, name)
    }

    /// Returns the body, decoded from base64 where the event says so. Empty without a body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns the body, decoded from base64 where the event says so. Empty without a body.
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// Reads the body as JSON of a given type. The type may borrow from the request.
    ///
    /// # Errors
    ///
    /// When the body is not JSON or not of that type; the text says where.
    pub fn json<'request, T: Deserialize<'request>>(&'request self) -> Result<T, Error> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Error::from(error).context("failed to decode the request body"))
    }

    pub(crate) fn from_event(event: &[u8]) -> Result<Self, Error> {
        let raw = RawRequest::parse(event)?;
        let kind = raw.kind().ok_or_else(|| Error::msg(UNKNOWN_SHAPE))?;
        let headers = raw.headers()?;
        Ok(Self {
            kind,
            method: raw.method(kind)?,
            path: raw.path(kind),
            query: raw.query(kind),
            cookies: raw.cookies(&headers),
            headers,
            body: raw.into_body()?,
        })
    }
}

fn first<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(candidate, _)| candidate == name)
        .map(|(_, value)| value.as_str())
}

/// The union of the fields of all known shapes that matter to a [`Request`].
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RawRequest {
    http_method: Option<String>,
    path: Option<String>,
    raw_path: Option<String>,
    raw_query_string: Option<String>,
    cookies: Option<Vec<String>>,
    headers: Fields,
    multi_value_headers: Fields,
    query_string_parameters: Fields,
    multi_value_query_string_parameters: Fields,
    request_context: Option<RawRequestContext>,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RawRequestContext {
    elb: Option<IgnoredAny>,
    http: Option<RawHttp>,
    /// Only WebSocket APIs have connections.
    connection_id: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct RawHttp {
    method: String,
}

impl RawRequest {
    pub(crate) fn parse(event: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(event).map_err(|error| Error::from(error).context(UNKNOWN_SHAPE))
    }

    /// Tells the shapes apart by what only one of them has.
    pub(crate) fn kind(&self) -> Option<RequestKind> {
        let context = self.request_context.as_ref()?;
        if context.connection_id.is_some() {
            None
        } else if context.elb.is_some() {
            self.http_method.as_ref().map(|_| RequestKind::Alb)
        } else if context.http.is_some() {
            Some(RequestKind::ApiGatewayV2)
        } else {
            self.http_method.as_ref().map(|_| RequestKind::ApiGatewayV1)
        }
    }

    fn method(&self, kind: RequestKind) -> Result<Method, Error> {
        let method = match kind {
            RequestKind::ApiGatewayV2 => self
                .request_context
                .as_ref()
                .and_then(|context| context.http.as_ref())
                .map(|http| http.method.as_str()),
            RequestKind::ApiGatewayV1 | RequestKind::Alb => self.http_method.as_deref(),
        };
        let method = method.unwrap_or_default();
        method
            .parse()
            .map_err(|_| Error::msg(format!("`{method}` is not an HTTP method")))
    }

    fn path(&self, kind: RequestKind) -> String {
        let path = match kind {
            RequestKind::ApiGatewayV2 => &self.raw_path,
            RequestKind::ApiGatewayV1 | RequestKind::Alb => &self.path,
        };
        path.clone().unwrap_or_else(|| "/".to_owned())
    }

    fn query(&self, kind: RequestKind) -> Vec<(String, String)> {
        let fields = self
            .multi_value_query_string_parameters
            .or(&self.query_string_parameters)
            .pairs();
        match (kind, &self.raw_query_string) {
            // The decoded form has repeated values joined with commas, which also occur in values.
            (RequestKind::ApiGatewayV2, Some(query)) => parse_query(query),
            (RequestKind::Alb, _) => fields
                .map(|(name, value)| (percent_decoded(name), percent_decoded(value)))
                .collect(),
            (RequestKind::ApiGatewayV1 | RequestKind::ApiGatewayV2, _) => fields
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        }
    }

    fn headers(&self) -> Result<HeaderMap, Error> {
        let mut headers = HeaderMap::new();
        for (name, value) in self.multi_value_headers.or(&self.headers).pairs() {
            let invalid = |reason: &dyn fmt::Display| {
                Error::msg(format!(
                    "the event has an invalid header `{name}`: {reason}"
                ))
            };
            // From bytes, because values may be UTF-8: CloudFront sends the names of cities.
            let value =
                HeaderValue::from_bytes(value.as_bytes()).map_err(|error| invalid(&error))?;
            let key = HeaderName::try_from(name).map_err(|error| invalid(&error))?;
            headers
                .try_append(key, value)
                .map_err(|error| invalid(&error))?;
        }
        Ok(headers)
    }

    /// Cookies come in a list of their own, in the header, or, with Function URLs, in both.
    fn cookies(&self, headers: &HeaderMap) -> Vec<(String, String)> {
        if let Some(cookies) = self.cookies.as_ref().filter(|cookies| !cookies.is_empty()) {
            return cookies
                .iter()
                .flat_map(|cookie| parse_cookies(cookie))
                .collect();
        }
        let lines = headers.get_all(header::COOKIE).into_iter();
        lines
            .flat_map(|line| parse_cookies(&String::from_utf8_lossy(line.as_bytes())))
            .collect()
    }

    fn into_body(self) -> Result<Vec<u8>, Error> {
        let body = self.body.unwrap_or_default();
        if self.is_base64_encoded != Some(true) {
            return Ok(body.into_bytes());
        }
        BASE64_STANDARD
            .decode(body)
            .map_err(|error| Error::from(error).context("failed to decode the body from base64"))
    }
}

#[cfg(test)]
mod tests;
