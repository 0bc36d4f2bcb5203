//! Errors that are the caller's fault: responses with a 4xx status.

use std::{error::Error as StdError, fmt};

use crate::{Error, Head, Response, error::Chain};

/// An error that is the caller's fault, not the handler's.
///
/// When a handler returns one as its error, the response has its status and its text as a JSON
/// document, `{"message":"..."}`. The invocation succeeds, and the log gets a warning. The methods of
/// [`RequestExt`](crate::RequestExt) that parse input return rejections with status 400, and a handler
/// can create its own:
///
/// ```
/// use bootstream::{Error, Event, Rejection, RequestExt as _, Response};
///
/// #[bootstream::handler]
/// fn handle(event: Event, response: Response) -> Result<(), Error> {
///     let request = event.into_request()?;
///     let Some(name) = request.query_value("name") else {
///         return Err(Rejection::new(422, "the query has no `name`").into());
///     };
///     response.start(200)?.write_and_finish(&*name)?;
///     Ok(())
/// }
/// ```
///
/// The texts of errors around it go to the log only. Once the response has started, no other status
/// can be sent, and the invocation fails as with any error. For a response of another form, take the
/// rejection out of an error with [`Rejection::find_in`].
///
/// Return one only for HTTP: a queue treats a successful invocation as a processed batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    status: u16,
    message: String,
    /// A copy, for [`source`](StdError::source).
    cause: Option<Box<Self>>,
}

impl Rejection {
    /// Creates a rejection with a status of 400 to 499 and a text for the caller.
    ///
    /// ```
    /// # use bootstream::Rejection;
    /// let rejection = Rejection::new(404, "no such order");
    /// assert_eq!(rejection.to_string(), "no such order");
    /// ```
    ///
    /// Any other status becomes 400: a rejection is the caller's failure.
    pub fn new(status: u16, message: impl Into<String>) -> Self {
        let status = if (400..=499).contains(&status) {
            status
        } else {
            400
        };
        let inner = Self {
            status,
            message: message.into(),
            cause: None,
        };
        Self {
            cause: Some(Box::new(inner.clone())),
            ..inner
        }
    }

    /// Returns the status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns the text for the caller.
    pub fn message(&self) -> &str {
        &self.message
    }

    fn document(&self) -> String {
        let mut document = r#"{"message":""#.to_owned();
        for character in self.message.chars() {
            push_escaped(&mut document, character);
        }
        document.push_str("\"}");
        document
    }
}

/// Appends a character as it is in a text of JSON. Not `serde_json`, whose code would be in every handler.
fn push_escaped(json: &mut String, character: char) {
    match character {
        '"' | '\\' => json.extend(['\\', character]),
        '\n' => json.push_str("\\n"),
        '\0'..' ' => json.push_str(&format!("\\u{:04x}", u32::from(character))),
        _ => json.push(character),
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Rejection {
    /// Returns a copy of the rejection: `anyhow` and transparent enums hide the error that they wrap
    /// and show only its text and its source.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_ref().map(|cause| &**cause as _)
    }
}

/// Sends the rejection in an error as the response.
///
/// # Errors
///
/// Returns the error unchanged if it is not a rejection or the response has started.
pub(crate) fn respond(error: Error, response: Response) -> Result<(), Error> {
    let Some(rejection) = Rejection::find_in(&*error) else {
        return Err(error);
    };
    let head = Head::new(rejection.status).header("content-type", "application/json");
    let Ok(body) = response.start(head) else {
        return Err(error);
    };
    log::warn!(
        "rejected with status {}: {}",
        rejection.status,
        Chain(&*error)
    );
    Ok(body.write_and_finish(rejection.document())?)
}

#[cfg(test)]
mod tests {
    use super::{Rejection, respond};
    use crate::{
        Error, Response,
        error::{Chain, tests::Attempt},
        stream::Stream,
        testing,
    };

    fn rejection() -> Rejection {
        Rejection::new(400, "no \"such\" order")
    }

    #[test]
    fn a_rejection_is_answered_with_its_status_and_text() {
        let (response, recording) = testing::response();

        respond(rejection().into(), response).unwrap();

        assert_eq!(recording.status(), Some(400));
        assert_eq!(
            recording.header("content-type").as_deref(),
            Some("application/json")
        );
        assert_eq!(recording.text(), r#"{"message":"no \"such\" order"}"#);
        assert!(recording.finished());
    }

    #[test]
    fn what_was_attempted_is_not_for_the_caller() {
        let (response, recording) = testing::response();
        let error = Attempt("reading the order of Ada", rejection().into());

        assert_eq!(
            Chain(&error).to_string(),
            "reading the order of Ada: no \"such\" order"
        );
        respond(error.into(), response).unwrap();

        assert_eq!(recording.text(), r#"{"message":"no \"such\" order"}"#);
    }

    #[test]
    fn another_error_is_no_answer() {
        let (response, recording) = testing::response();

        let error = respond("disk full".into(), response).unwrap_err();

        assert_eq!(error.to_string(), "disk full");
        assert_eq!(recording.status(), None);
    }

    #[test]
    fn a_response_that_has_started_is_not_answered_again() {
        let (response, recording) = testing::response();
        let mut body = response.start(200).unwrap();
        body.write("half").unwrap();
        let again = Response::new(Stream::Recording(recording.clone()));

        let error = respond(rejection().into(), again).unwrap_err();

        assert_eq!(Rejection::find_in(&*error), Some(&rejection()));
        assert_eq!(recording.status(), Some(200));
        assert_eq!(recording.text(), "half");
    }

    #[test]
    fn any_text_is_a_text_of_the_document() {
        let message: String = ('\0'..='\u{ff}').chain(['\u{2028}', '\u{1f600}']).collect();
        let (response, recording) = testing::response();

        respond(Rejection::new(400, &*message).into(), response).unwrap();

        let document: serde_json::Value = serde_json::from_str(&recording.text()).unwrap();
        assert_eq!(document, serde_json::json!({ "message": message }));
    }

    #[test]
    fn any_other_status_is_400() {
        for status in [0, 42, 200, 399, 500, 503, 1000] {
            let (response, recording) = testing::response();

            respond(Rejection::new(status, "odd").into(), response).unwrap();

            assert_eq!(recording.status(), Some(400), "{status}");
        }
        for status in [400, 404, 499] {
            assert_eq!(Rejection::new(status, "").status(), status);
        }
    }

    /// Behaves like a boxed `anyhow::Error` and like `#[error(transparent)]`.
    #[derive(Debug)]
    struct Transparent(Rejection);

    impl std::fmt::Display for Transparent {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            self.0.fmt(f)
        }
    }

    impl std::error::Error for Transparent {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            self.0.source()
        }
    }

    #[test]
    fn a_rejection_is_found_in_an_error_of_another_library() {
        let error = Error::from(Transparent(rejection()));

        assert_eq!(Rejection::find_in(&*error).unwrap().status(), 400);
        assert_eq!(Chain(&*error).to_string(), "no \"such\" order");
    }
}
