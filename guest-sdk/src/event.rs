//! The event of an invocation, and the shapes it can be read as.

use serde::Deserialize;

use crate::{Context, Error, Request};

/// The event of one invocation: the document Lambda delivered, and its [`Context`].
///
/// Most handlers that answer HTTP want [`request`](Self::request), which looks the same behind
/// every front end. [`json`](Self::json) reads events of any other kind; for those of AWS's services
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

    /// Returns what is known about the invocation: request id, deadline and so on.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Reads the event as JSON of a given type. The type may borrow from the event.
    ///
    /// # Errors
    ///
    /// When the event is not JSON or not of that type; the text says where.
    pub fn json<'event, T: Deserialize<'event>>(&'event self) -> Result<T, Error> {
        serde_json::from_slice(&self.bytes)
            .map_err(|error| Error::from(error).context("failed to decode the event"))
    }

    /// Reads the event as an HTTP request, whichever front end it came through.
    ///
    /// Knows API Gateway payload formats 1.0 and 2.0, Function URLs, Application Load Balancers and
    /// VPC Lattice.
    ///
    /// # Errors
    ///
    /// When the event has none of these shapes, when its body is not the base64 it claims to be,
    /// or when its method or a header is not valid HTTP.
    pub fn request(&self) -> Result<Request, Error> {
        Request::from_event(&self.bytes)
    }

    /// Turns the event into the HTTP request it is, and lets go of the document, so that a large
    /// body is not held twice.
    ///
    /// # Errors
    ///
    /// As for [`request`](Self::request).
    pub fn into_request(self) -> Result<Request, Error> {
        self.request()
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
