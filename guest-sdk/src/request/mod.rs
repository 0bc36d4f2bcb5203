//! One view of an HTTP request over the event shapes of Lambda's front ends.

use std::{fmt, str::FromStr, sync::OnceLock};

use http::{HeaderMap, Method, header};
use serde::Deserialize;

use crate::{
    Error, Rejection, RequestKind,
    http_event::{HttpEvent, decoded_segments, parse_cookies, parse_query},
};

/// An HTTP request, as it looks behind every front end. See
/// [`Event::request`](crate::Event::request).
#[derive(Clone, Debug)]
pub struct Request {
    event: HttpEvent,
    query: Vec<(String, String)>,
    cookies: Vec<(String, String)>,
    /// Decoded when they are asked for.
    segments: OnceLock<Vec<String>>,
}

impl Request {
    /// Returns the shape of the event this request was read from.
    pub fn kind(&self) -> RequestKind {
        self.event.kind
    }

    /// Returns the HTTP method.
    pub fn method(&self) -> &Method {
        &self.event.method
    }

    /// Returns the path, percent-encoded, in one form behind every front end: `/a%20b/%CE%BB`.
    ///
    /// That is the normal form of RFC 3986: it begins with `/`, hex digits are in upper case, and
    /// only what cannot stand in a path is encoded. Front ends differ in what they decode, and this
    /// evens it out; but an HTTP API also decodes `%2F`, which its functions see as a `/`.
    ///
    /// The stage of an API is not part of it; see [`stage`](Self::stage). The base path that maps a
    /// custom domain to a REST API is, since only the mapping knows it. A router takes this path;
    /// to match by hand, see [`path_segments`](Self::path_segments).
    pub fn path(&self) -> &str {
        &self.event.path
    }

    /// Returns the segments of the path, each percent-decoded. `/` has none.
    ///
    /// ```
    /// # use bootstream::testing;
    /// let request = testing::get("/items/caf%C3%A9%2F2").request()?;
    ///
    /// let item = match request.path_segments().as_slice() {
    ///     ["items", id] => *id,
    ///     _ => "no such page",
    /// };
    /// assert_eq!(item, "caf\u{e9}/2");
    /// # Ok::<(), bootstream::Error>(())
    /// ```
    ///
    /// A `/` at the end makes an empty last segment. What is not UTF-8 is replaced.
    pub fn path_segments(&self) -> Vec<&str> {
        let segments = self
            .segments
            .get_or_init(|| decoded_segments(&self.event.path));
        segments.iter().map(String::as_str).collect()
    }

    /// Returns the stage of the API that the request came through. `None` behind load balancers
    /// and VPC Lattice.
    ///
    /// It is `$default` behind a Function URL, and an HTTP API whose stage has no name. Links need
    /// another one in front of the [`path`](Self::path), unless the API has a domain of its own.
    pub fn stage(&self) -> Option<&str> {
        self.event.stage.as_deref()
    }

    /// Returns the query, percent-encoded and without the `?`. Empty without a query.
    ///
    /// It is as the caller sent it behind HTTP APIs and Function URLs. The other front ends take it
    /// apart, and it is put together again.
    pub fn query_string(&self) -> &str {
        &self.event.query
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
    /// A [`Rejection`] with status 400 when the value does not parse; the text has the name and the
    /// value.
    pub fn parse_query_value<T>(&self, name: &str) -> Result<Option<T>, Rejection>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        let Some(value) = self.query_value(name) else {
            return Ok(None);
        };
        value.parse().map(Some).map_err(|error| {
            Rejection::new(
                400,
                format!("query parameter `{name}` is `{value}`: {error}"),
            )
        })
    }

    /// Returns the headers. Behind HTTP APIs, Function URLs and version 1.0 of VPC Lattice the values
    /// of a repeated header come joined with commas.
    pub fn headers(&self) -> &HeaderMap {
        &self.event.headers
    }

    /// Returns the first value of a header, if it is visible ASCII. Names are case-insensitive.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.event.headers.get(name)?.to_str().ok()
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
        &self.event.body
    }

    /// Returns the body, decoded from base64 where the event says so. Empty without a body.
    pub fn into_body(self) -> Vec<u8> {
        self.event.body
    }

    /// Reads the body as JSON of a given type. The type may borrow from the request.
    ///
    /// ```
    /// use bootstream::{Error, Event, Response, testing};
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Order {
    ///     item: String,
    /// }
    ///
    /// fn handle(event: Event, response: Response) -> Result<(), Error> {
    ///     let request = event.into_request()?;
    ///     let order: Order = request.json()?; // the caller of `handler!` gets a 400 if it is none
    ///     response.write_headers(201)?.write_and_finish(order.item)
    /// }
    ///
    /// let (response, _) = testing::response();
    /// let error = handle(testing::post("/", "{}"), response).unwrap_err();
    /// assert_eq!(error.rejection().unwrap().status(), 400);
    /// ```
    ///
    /// # Errors
    ///
    /// A [`Rejection`] with status 400 when the body is not JSON or not of that type; the text says
    /// where.
    pub fn json<'request, T: Deserialize<'request>>(&'request self) -> Result<T, Rejection> {
        serde_json::from_slice(&self.event.body).map_err(|error| {
            Rejection::new(400, format!("failed to decode the request body: {error}"))
        })
    }

    pub(crate) fn from_event(event: &[u8]) -> Result<Self, Error> {
        let event = HttpEvent::read(event)?;
        let lines = event.headers.get_all(header::COOKIE).into_iter();
        Ok(Self {
            query: parse_query(&event.query),
            cookies: lines
                .flat_map(|line| parse_cookies(&String::from_utf8_lossy(line.as_bytes())))
                .collect(),
            segments: OnceLock::new(),
            event,
        })
    }
}

fn first<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(candidate, _)| candidate == name)
        .map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests;
