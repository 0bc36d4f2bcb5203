//! HTTP requests, read from the events of Lambda's front ends.

use std::{borrow::Cow, fmt, ops::Range, str::FromStr};

use http::{Request, Uri, header};
use lambda_event::{HttpRequest, decoded_segments, normal_form, parse_cookies, parse_query};
use serde::Deserialize;

use crate::{Error, Rejection, RequestKind};

/// What the front end knows about a request, kept in its extensions.
#[derive(Clone, Debug)]
struct Origin {
    kind: RequestKind,
    stage: Option<String>,
}

/// Reads a document. The request owns its memory.
pub(crate) fn read(event: &[u8]) -> Result<Request<Vec<u8>>, Error> {
    let (head, body) = parts(event)?;
    Ok(head.map(|()| body.into_owned()))
}

/// Reads a document. The body reuses the document's memory if the document has it unescaped.
pub(crate) fn read_owned(mut event: Vec<u8>) -> Result<Request<Vec<u8>>, Error> {
    let (head, body) = parts(&event)?;
    let part = match body {
        Cow::Owned(body) => return Ok(head.map(|()| body)),
        Cow::Borrowed(body) => range_in(&event, body),
    };
    event.truncate(part.end);
    event.drain(..part.start);
    Ok(head.map(|()| event))
}

/// Returns the range of a part of the document; an empty range at the start for an empty part.
fn range_in(document: &[u8], part: &[u8]) -> Range<usize> {
    if part.is_empty() {
        return 0..0;
    }
    let start = part.as_ptr().addr() - document.as_ptr().addr();
    start..start + part.len()
}

/// Reads a document as a request without its body, and the body.
fn parts(event: &[u8]) -> Result<(Request<()>, Cow<'_, [u8]>), Error> {
    let read = lambda_event::Event::parse(event)?.into_request()?;
    for header in &read.invalid_headers {
        log::warn!("left out a header of the event that HTTP does not allow: {header}");
    }
    let HttpRequest {
        kind,
        method,
        target,
        stage,
        headers,
        body,
        ..
    } = read;
    let mut head = Request::new(());
    *head.method_mut() = method;
    *head.uri_mut() = Uri::from(normal_form(&target)?);
    *head.headers_mut() = headers;
    head.extensions_mut().insert(Origin { kind, stage });
    Ok((head, body))
}

/// Accessors for an [`http::Request`]: query, cookies, path segments, JSON, and facts from the front
/// end.
///
/// The methods decode on demand, so they work for any request.
///
/// ```
/// use bootstream::{RequestExt as _, testing};
///
/// let request = testing::get("/events?count=3&tag=a+b").into_request()?;
///
/// let count = request.parse_query_value("count")?.unwrap_or(10);
/// assert_eq!(count, 3);
/// assert_eq!(request.query_value("tag").as_deref(), Some("a b"));
/// # Ok::<(), bootstream::Error>(())
/// ```
pub trait RequestExt {
    /// Returns the shape of the event that the request was read from. `None` for any other request.
    fn kind(&self) -> Option<RequestKind>;

    /// Returns the stage of the API that the request came through. `None` behind load balancers and
    /// VPC Lattice.
    ///
    /// It is `$default` behind a Function URL, and behind an HTTP API whose stage has no name. Links
    /// need any other stage in front of the path, unless the API has a domain of its own.
    fn stage(&self) -> Option<&str>;

    /// Returns the segments of the path, each percent-decoded. `/` has none.
    ///
    /// ```
    /// # use bootstream::{RequestExt as _, testing};
    /// let request = testing::get("/items/caf%C3%A9%2F2").into_request()?;
    ///
    /// let item = match request.path_segments().as_slice() {
    ///     [items, id] if items == "items" => id.to_string(),
    ///     _ => "no such page".to_owned(),
    /// };
    /// assert_eq!(item, "caf\u{e9}/2");
    /// # Ok::<(), bootstream::Error>(())
    /// ```
    ///
    /// A `/` at the end makes an empty last segment. Bytes that are not UTF-8 are replaced.
    fn path_segments(&self) -> Vec<Cow<'_, str>>;

    /// Yields the names and values of the query, decoded, in order. Names may repeat.
    fn query_pairs(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)>;

    /// Returns the first value of a name in the query, decoded.
    fn query_value(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut pairs = self.query_pairs();
        pairs.find_map(|(candidate, value)| (candidate == name).then_some(value))
    }

    /// Parses the first value of a name in the query. `None` when the query does not have the name.
    ///
    /// # Errors
    ///
    /// A [`Rejection`] with status 400 when the value does not parse. Its message names both the
    /// parameter and the value.
    fn parse_query_value<T>(&self, name: &str) -> Result<Option<T>, Rejection>
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

    /// Returns the first value of a header, if it is visible ASCII. Names are case-insensitive.
    fn header(&self, name: &str) -> Option<&str>;

    /// Yields the names and values of the cookies, in order, as they came. A cookie that is not UTF-8
    /// is skipped.
    fn cookies(&self) -> impl Iterator<Item = (&str, &str)>;

    /// Returns the first value of a cookie.
    fn cookie(&self, name: &str) -> Option<&str> {
        let mut cookies = self.cookies();
        cookies.find_map(|(candidate, value)| (candidate == name).then_some(value))
    }

    /// Decodes the body as JSON of a given type. The type may borrow from the request.
    ///
    /// ```
    /// use bootstream::{Error, Event, Rejection, RequestExt as _, Response, testing};
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Order {
    ///     item: String,
    /// }
    ///
    /// #[bootstream::handler]
    /// fn handle(event: Event, response: Response) -> Result<(), Error> {
    ///     let request = event.into_request()?;
    ///     let order: Order = request.json()?; // any other body is answered with status 400
    ///     response.start(201)?.write_and_finish(order.item)?;
    ///     Ok(())
    /// }
    ///
    /// let (response, _) = testing::response();
    /// let error = handle(testing::post("/", "{}"), response).unwrap_err();
    /// assert_eq!(Rejection::find_in(&*error).unwrap().status(), 400);
    /// ```
    ///
    /// # Errors
    ///
    /// A [`Rejection`] with status 400 when the body is not JSON or not of that type. Its message
    /// says where.
    fn json<'request, T: Deserialize<'request>>(&'request self) -> Result<T, Rejection>;
}

impl<B: AsRef<[u8]>> RequestExt for Request<B> {
    fn kind(&self) -> Option<RequestKind> {
        Some(self.extensions().get::<Origin>()?.kind)
    }

    fn stage(&self) -> Option<&str> {
        self.extensions().get::<Origin>()?.stage.as_deref()
    }

    fn path_segments(&self) -> Vec<Cow<'_, str>> {
        decoded_segments(self.uri().path())
    }

    fn query_pairs(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        parse_query(self.uri().query().unwrap_or_default())
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    fn cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = self.headers().get_all(header::COOKIE).into_iter();
        lines
            .filter_map(|line| str::from_utf8(line.as_bytes()).ok())
            .flat_map(parse_cookies)
    }

    fn json<'request, T: Deserialize<'request>>(&'request self) -> Result<T, Rejection> {
        serde_json::from_slice(self.body().as_ref()).map_err(|error| {
            Rejection::new(400, format!("failed to decode the request body: {error}"))
        })
    }
}

#[cfg(test)]
mod tests;
