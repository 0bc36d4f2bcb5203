//! The event of an invocation, and its conversions.

use serde::Deserialize;

use crate::{Context, Error, error::JsonError, request};

/// The event of one invocation: the document Lambda delivered, and its [`Context`].
///
/// Most HTTP handlers want [`request`](Self::request), which looks the same behind every front end.
/// [`json`](Self::json) reads events of any other kind; for those of AWS's services
/// [`aws_lambda_events`](crate::aws_lambda_events) has the types, one feature of this crate for each
/// service. The named methods give the whole document of one front end, with authorizers and stage
/// variables.
#[derive(Clone, Debug)]
pub struct Event {
    bytes: Vec<u8>,
    context: Context,
}

impl Event {
    pub(crate) fn new(bytes: Vec<u8>, context: Context) -> Self {
        Self { bytes, context }
    }

    /// Returns the event as Lambda delivered it, usually UTF-8 JSON.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the event as Lambda delivered it, usually UTF-8 JSON.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Returns facts about the invocation, such as the request id and the deadline.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Reads the event as JSON of a given type. The type may borrow from the event.
    ///
    /// # Errors
    ///
    /// When the event is not JSON or not of that type; the error says where.
    pub fn json<'event, T: Deserialize<'event>>(&'event self) -> Result<T, Error> {
        serde_json::from_slice(&self.bytes).map_err(|source| {
            let attempted = "failed to decode the event";
            JsonError { attempted, source }.into()
        })
    }

    /// Reads the event as an HTTP request, whichever front end it came through.
    ///
    /// Knows API Gateway payload formats 1.0 and 2.0, Function URLs, Application Load Balancers and
    /// VPC Lattice. The URI is path and query; [`RequestExt`](crate::RequestExt) decodes both, and
    /// the cookies.
    ///
    /// # Path
    ///
    /// The path has one form behind every front end: `/a%20b/%CE%BB`. That is the normal form of RFC
    /// 3986: it begins with `/`, hex digits are in upper case, and only characters that a path cannot
    /// have are encoded. It hides the differences in what front ends decode, except one: an HTTP API
    /// also decodes `%2F`, which its functions see as a `/`.
    ///
    /// The stage of an API is not part of the path; see [`RequestExt::stage`](crate::RequestExt::stage).
    /// The base path that maps a custom domain to a REST API is, since only the mapping knows it.
    ///
    /// # Query
    ///
    /// The query is as the caller sent it behind HTTP APIs and Function URLs. Other front ends split
    /// it, and it is joined again; they promise no order.
    ///
    /// # Headers
    ///
    /// HTTP APIs, Function URLs and version 1.0 of VPC Lattice join the values of a repeated header
    /// with commas. All cookies are in one header `cookie`. `content-length` is the size of the body.
    ///
    /// A header that HTTP does not allow is left out, and the log says which: one with an invalid name, or with a
    /// control character in its value.
    ///
    /// # Body
    ///
    /// The body is decoded from base64 where the event says so. It is empty without a body.
    ///
    /// # Errors
    ///
    /// When the event has none of these shapes, when its body is marked as base64 but is not, when its method
    /// is `CONNECT`, or when its method, or path and query, are not valid HTTP.
    pub fn request(&self) -> Result<http::Request<Vec<u8>>, Error> {
        request::read(&self.bytes)
    }

    /// Converts the event to an HTTP request as [`request`](Self::request) does, and drops the document.
    ///
    /// A body that the document has as plain text, without escapes of JSON, stays in the memory of the
    /// document, so that it is never held twice. Any other body is decoded into memory of its own.
    ///
    /// # Errors
    ///
    /// As for [`request`](Self::request).
    pub fn into_request(self) -> Result<http::Request<Vec<u8>>, Error> {
        request::read_owned(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use crate::testing;

    #[test]
    fn json_may_borrow_from_the_event() {
        #[derive(Deserialize)]
        struct Order<'a> {
            id: &'a str,
        }
        let event = testing::event(r#"{"id":"o-1"}"#);

        let order: Order<'_> = event.json().unwrap();

        assert_eq!(order.id, "o-1");
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        let error = testing::event("{\"id\":")
            .json::<serde_json::Value>()
            .unwrap_err();

        assert!(
            error
                .to_string()
                .starts_with("failed to decode the event: "),
            "{error}"
        );
        assert!(error.to_string().contains("line 1 column 6"), "{error}");
    }
}
