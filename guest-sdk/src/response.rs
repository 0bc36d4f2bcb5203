//! The response to the invocation: head, body, end, in this order.

use std::{fmt, io};

use serde::Serialize;

use crate::{Error, StreamError, stream::Stream};

/// A response that has not started yet. The handler starts it as an HTTP stream, a document or a raw
/// stream.
///
/// | Method | For | Sent |
/// | --- | --- | --- |
/// | [`start`](Self::start) | HTTP: function URLs, API Gateway, load balancers | as it is written, where the front end can stream |
/// | [`send`](Self::send) | HTTP, with the whole body at hand | as a whole |
/// | [`document`](Self::document) | callers that read the payload of `Invoke` | when it is complete |
/// | [`start_raw`](Self::start_raw) | callers of `InvokeWithResponseStream` | as it is written |
///
/// When a handler drops it, the result of the handler decides: `Ok` becomes status 200 with an empty
/// body, `Err` a failed invocation.
#[derive(Debug)]
#[must_use = "start or send it: a dropped response becomes status 200 with an empty body"]
pub struct Response {
    stream: Stream,
}

impl Response {
    pub(crate) fn new(stream: Stream) -> Self {
        Self { stream }
    }

    /// Starts the response. The head does not wait for the first write to the body.
    ///
    /// A head is a [`Head`], or just a status:
    ///
    /// ```
    /// # fn handle(_: bootstream::Event, response: bootstream::Response)
    /// # -> Result<(), bootstream::Error> {
    /// response.start(404)?.write_and_finish("no such page\n")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StreamError::InvalidStatus`], [`StreamError::InvalidHeader`] or [`StreamError::HeadTooLarge`]
    /// when the host refuses the head, [`StreamError::Closed`] when the reader is gone. To respond
    /// with another head instead, take the response out of the error:
    ///
    /// ```
    /// # fn handle(_: bootstream::Event, response: bootstream::Response)
    /// # -> Result<(), bootstream::Error> {
    /// # let from_outside = "a\nb";
    /// let head = bootstream::Head::new(200).header("x-greeting", from_outside);
    /// match response.start(head) {
    ///     Ok(body) => body.write_and_finish("hello\n")?,
    ///     Err(refused) => {
    ///         let response = refused.into_response();
    ///         response.start(400)?.write_and_finish("no such greeting\n")?;
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// # let (response, recording) = bootstream::testing::response();
    /// # handle(bootstream::testing::event("{}"), response).unwrap();
    /// # assert_eq!(recording.status(), Some(400));
    /// ```
    pub fn start(self, head: impl Into<Head>) -> Result<Body, StartError> {
        let started = self.stream.write_headers(head.into());
        self.started(started)
    }

    /// Sends a whole HTTP response: head, body and end.
    ///
    /// ```
    /// use bootstream::{Error, Event, Response, http};
    ///
    /// #[bootstream::handler]
    /// fn handle(_: Event, response: Response) -> Result<(), Error> {
    ///     let page = http::Response::builder()
    ///         .header("content-type", "text/html")
    ///         .body("<p>Hello")?;
    ///     response.send(page)?;
    ///     Ok(())
    /// }
    /// # let (response, recording) = bootstream::testing::response();
    /// # handle(bootstream::testing::event("{}"), response).unwrap();
    /// # assert_eq!(recording.text(), "<p>Hello");
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`start`](Self::start) and [`Body::write`].
    pub fn send(self, response: http::Response<impl AsRef<[u8]>>) -> Result<(), StreamError> {
        let (head, body) = response.into_parts();
        self.start(head)?.write_and_finish(body)
    }

    fn started(self, started: Result<(), StreamError>) -> Result<Body, StartError> {
        match started {
            Ok(()) => Ok(self.into_body()),
            Err(reason) => Err(StartError {
                reason,
                response: self,
            }),
        }
    }

    /// Sends a document, the JSON of `value`.
    ///
    /// Use it for callers that read the payload of `Invoke`: event sources with partial batches,
    /// authorizers, Cognito, Step Functions, AppSync, other functions. It is sent when it is
    /// complete, so a failure before that is a failed invocation.
    ///
    /// ```
    /// # use bootstream::{Error, Event, Response};
    /// # use serde::Serialize;
    /// # use serde_json::Value;
    /// #[derive(Serialize)]
    /// #[serde(rename_all = "camelCase")]
    /// struct Failures {
    ///     batch_item_failures: Vec<Failure>,
    /// }
    ///
    /// #[derive(Serialize)]
    /// #[serde(rename_all = "camelCase")]
    /// struct Failure {
    ///     item_identifier: String,
    /// }
    ///
    /// # fn process(_: &Value) -> Result<(), Error> { Err("no luck".into()) }
    /// fn handle(event: Event, response: Response) -> Result<(), Error> {
    ///     let batch: Value = event.json()?;
    ///     let records = batch["Records"].as_array().into_iter().flatten();
    ///     let failed = records.filter(|record| process(record).is_err());
    ///     let failed = failed.filter_map(|record| record["messageId"].as_str());
    ///     let batch_item_failures = failed
    ///         .map(|id| Failure { item_identifier: id.to_owned() })
    ///         .collect();
    ///     response.document(&Failures { batch_item_failures })
    /// }
    /// # let (response, recording) = bootstream::testing::response();
    /// # let event = bootstream::testing::event(r#"{"Records":[{"messageId":"m-2"}]}"#);
    /// # handle(event, response).unwrap();
    /// # assert_eq!(recording.text(), r#"{"batchItemFailures":[{"itemIdentifier":"m-2"}]}"#);
    /// ```
    ///
    /// # Errors
    ///
    /// When `value` cannot be encoded as JSON; [`StreamError::Other`] when the document is larger than
    /// 6 MB (6,291,556 bytes).
    pub fn document(self, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        Ok(self.document_bytes(serde_json::to_vec(value)?)?)
    }

    /// Sends a document of any bytes, as [`document`](Self::document) does with JSON.
    ///
    /// # Errors
    ///
    /// [`StreamError::Other`] when the document is larger than 6 MB (6,291,556 bytes).
    pub fn document_bytes(self, document: impl AsRef<[u8]>) -> Result<(), StreamError> {
        self.start_document()?.write_and_finish(document)
    }

    /// Starts a document that is written in parts. It is sent with [`finish`](Body::finish), or when
    /// the handler returns `Ok`.
    ///
    /// # Errors
    ///
    /// [`StreamError::Closed`] when the reader is gone. A later write fails with
    /// [`StreamError::Other`] when the document is larger than 6 MB (6,291,556 bytes).
    pub fn start_document(self) -> Result<Body, StartError> {
        let started = self.stream.start_document();
        self.started(started)
    }

    /// Starts a stream of this media type without a head, for callers of `InvokeWithResponseStream`.
    /// They receive exactly the bytes that are written, as they are written.
    ///
    /// ```
    /// # fn handle(response: bootstream::Response) -> Result<(), bootstream::Error> {
    /// let mut body = response.start_raw("application/x-ndjson")?;
    /// for n in 1..=3 {
    ///     writeln!(body, "{{\"number\":{n}}}")?;
    /// }
    /// # body.finish()?;
    /// # Ok(())
    /// # }
    /// # let (response, recording) = bootstream::testing::response();
    /// # handle(response).unwrap();
    /// # assert_eq!(recording.content_type().as_deref(), Some("application/x-ndjson"));
    /// ```
    ///
    /// # Errors
    ///
    /// [`StreamError::InvalidHeader`] when it is not a media type, [`StreamError::Closed`] when the
    /// reader is gone.
    pub fn start_raw(self, content_type: impl AsRef<str>) -> Result<Body, StartError> {
        let started = self.stream.start_raw(content_type.as_ref());
        self.started(started)
    }

    /// Returns the body without starting the response.
    ///
    /// The first write or the end starts it, with status 200 and no headers.
    pub fn into_body(self) -> Body {
        Body {
            stream: self.stream,
        }
    }
}

/// Why a response could not be started. Holds the response.
#[derive(Debug)]
#[must_use = "it has the response that was not started"]
pub struct StartError {
    reason: StreamError,
    response: Response,
}

impl StartError {
    /// Returns the reason.
    pub fn reason(&self) -> &StreamError {
        &self.reason
    }

    /// Returns the response, to start it in another way.
    pub fn into_response(self) -> Response {
        self.response
    }

    pub(crate) fn into_reason(self) -> StreamError {
        self.reason
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.reason, f)
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.reason)
    }
}

/// The head of a response: status, headers, cookies.
///
/// The host checks it when the response starts. An `http::Response` without its body is a head too.
///
/// ```
/// use bootstream::Head;
///
/// let head = Head::new(200)
///     .header("content-type", "text/plain")
///     .header("link", "</a.css>; rel=preload")
///     .header("link", "</b.css>; rel=preload")
///     .cookie("session=1; HttpOnly; Secure");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) cookies: Vec<String>,
}

impl Head {
    /// Creates a head with a status of 100 to 599, no headers and no cookies.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            cookies: Vec::new(),
        }
    }

    /// Adds a header after the existing ones. A name may be added several times.
    ///
    /// The name is a case-insensitive HTTP token, the value text without control characters other
    /// than tab.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets a header, replacing all headers of that name.
    ///
    /// The name and the value are as for [`header`](Self::header).
    #[must_use]
    pub fn set_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.headers
            .retain(|(there, _)| !there.eq_ignore_ascii_case(&name));
        self.header(name, value)
    }

    /// Adds a cookie, in the form of a `Set-Cookie` value: `name=value; attribute; ...`.
    #[must_use]
    pub fn cookie(mut self, value: impl Into<String>) -> Self {
        self.cookies.push(value.into());
        self
    }
}

impl Default for Head {
    /// The head of a response without one: status 200, no headers, no cookies.
    fn default() -> Self {
        Self::new(200)
    }
}

impl From<u16> for Head {
    fn from(status: u16) -> Self {
        Self::new(status)
    }
}

impl From<http::StatusCode> for Head {
    fn from(status: http::StatusCode) -> Self {
        Self::new(status.as_u16())
    }
}

impl From<http::response::Parts> for Head {
    /// Converts status and headers. Bytes of a value that are not UTF-8 become U+FFFD.
    fn from(parts: http::response::Parts) -> Self {
        let headers = parts.headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.as_str().to_owned(), value.into_owned())
        });
        Self {
            status: parts.status.as_u16(),
            headers: headers.collect(),
            cookies: Vec::new(),
        }
    }
}

/// The body of a response, written in parts.
///
/// Every write is sent to the caller at once, or a millisecond later if the handler goes on
/// computing. A write waits while the caller is slower than the handler.
///
/// # `write!` and `writeln!`
///
/// Both format first, then write the whole text at once. They need no `use`.
///
/// ```
/// # fn handle(_: bootstream::Event, response: bootstream::Response)
/// # -> Result<(), bootstream::Error> {
/// let mut body = response.start(200)?;
/// for i in 1..=3 {
///     writeln!(body, "Number: {i}")?;
/// }
/// body.finish()?;
/// # Ok(())
/// # }
/// ```
///
/// # Many small writes
///
/// A host call for every few bytes is slow. A [`BufWriter`](io::BufWriter) collects them. Its `flush`
/// sends the buffer, and [`into_inner`](io::BufWriter::into_inner) returns the body:
///
/// ```
/// use std::io::{BufWriter, Write as _};
///
/// # use bootstream::{Error, testing};
/// # fn handle(response: bootstream::Response) -> Result<(), Error> {
/// let mut lines = BufWriter::new(response.into_body());
/// for i in 0..1000 {
///     writeln!(lines, "{i}")?;
/// }
/// lines.flush()?; // sent now
/// let body = lines.into_inner().map_err(|error| error.into_error())?;
/// body.finish()?;
/// # Ok(())
/// # }
/// # let (response, recording) = testing::response();
/// # handle(response).unwrap();
/// # assert_eq!(recording.chunks().len(), 1);
/// # assert!(recording.finished());
/// ```
///
/// # Without an end
///
/// Dropping a body does not end the response: the host does that when the handler returns. `Ok`
/// ends it cleanly; `Err` and a trap end it so that the caller can tell it is incomplete.
#[derive(Debug)]
#[must_use = "finish the body, or the host ends it when the handler returns"]
pub struct Body {
    stream: Stream,
}

impl Body {
    /// Sends a chunk of the body to the caller. One call is one write of the host.
    ///
    /// Chunks may be of any size. An empty one starts a response that has not started yet, and
    /// sends nothing.
    ///
    /// # Errors
    ///
    /// [`StreamError::Closed`] when the reader is gone, [`StreamError::Other`] when a document is too
    /// large.
    pub fn write(&mut self, chunk: impl AsRef<[u8]>) -> Result<(), StreamError> {
        self.stream.write(chunk.as_ref())
    }

    /// Sends formatted text as one write. This is what [`write!`] and [`writeln!`] call.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write).
    pub fn write_fmt(&mut self, text: fmt::Arguments<'_>) -> Result<(), StreamError> {
        self.write_text(text)
    }

    /// Ends the response.
    ///
    /// The handler may continue to run; the next invocation waits until it returns.
    ///
    /// # Errors
    ///
    /// [`StreamError::Closed`] when the reader is gone, [`StreamError::Other`] when a document is too
    /// large.
    pub fn finish(self) -> Result<(), StreamError> {
        self.stream.finish()
    }

    /// Sends the last part of the body and ends the response.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write). A refused write does not end the response.
    pub fn write_and_finish(mut self, chunk: impl AsRef<[u8]>) -> Result<(), StreamError> {
        self.write(chunk)?;
        self.finish()
    }

    fn write_text(&self, text: fmt::Arguments<'_>) -> Result<(), StreamError> {
        match text.as_str() {
            Some(text) => self.stream.write(text.as_bytes()),
            None => self.stream.write(text.to_string().as_bytes()),
        }
    }
}

impl io::Write for Body {
    /// Sends the whole buffer as one write.
    ///
    /// The I/O errors carry a [`StreamError`]; see [`StreamError::find_in`].
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        self.stream.write(chunk)?;
        Ok(chunk.len())
    }

    /// Does nothing: writes are not buffered.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Formats first, so that there is one host call and the caller never sees half a line.
    fn write_fmt(&mut self, text: fmt::Arguments<'_>) -> io::Result<()> {
        Ok(self.write_text(text)?)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};

    use super::{Head, StartError};
    use crate::{Error, StreamError, testing};

    #[test]
    fn the_head_keeps_repeated_headers_and_their_order() {
        let (response, recording) = testing::response();

        let head = Head::new(201)
            .header("b", "1")
            .header("a", "2")
            .header("b", "3");
        let _body = response.start(head.cookie("x=1").cookie("y=2")).unwrap();

        assert_eq!(recording.status(), Some(201));
        assert_eq!(
            recording.headers(),
            [("b", "1"), ("a", "2"), ("b", "3")].map(|(n, v)| (n.to_owned(), v.to_owned()))
        );
        assert_eq!(recording.cookies(), ["x=1", "y=2"]);
    }

    #[test]
    fn a_header_that_is_set_takes_the_place_of_all_of_its_name() {
        let head = Head::new(200)
            .header("Link", "a")
            .header("b", "1")
            .header("link", "c")
            .set_header("LINK", "d");

        assert_eq!(
            head.headers,
            [("b", "1"), ("LINK", "d")].map(|(n, v)| (n.to_owned(), v.to_owned()))
        );
    }

    #[test]
    fn a_refused_head_gives_the_response_back() {
        let (response, recording) = testing::response();

        let refused = response.start(99).unwrap_err();
        assert_eq!(*refused.reason(), StreamError::InvalidStatus(99));
        let error = Error::from(refused);
        assert_eq!(error.to_string(), "the status `99` is outside 100 to 599");
        assert_eq!(
            StreamError::find_in(&*error),
            Some(&StreamError::InvalidStatus(99))
        );
        let refused = *error.downcast::<StartError>().unwrap();
        let io_error = io::Error::from(refused);
        assert_eq!(io_error.kind(), io::ErrorKind::InvalidInput);
        assert_eq!(recording.status(), None);

        let (response, recording) = testing::response();
        let refused = response.start(99).unwrap_err();
        let _body = refused.into_response().start(400).unwrap();
        assert_eq!(recording.status(), Some(400));
    }

    #[test]
    fn a_refused_head_is_an_io_error_as_well() {
        let (response, _recording) = testing::response();
        let start = || -> io::Result<()> {
            let _body = response.start(99)?;
            Ok(())
        };
        assert_eq!(start().unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn a_status_is_head_enough() {
        let (response, recording) = testing::response();

        let _body = response.start(http::StatusCode::NOT_FOUND).unwrap();

        assert_eq!(recording.status(), Some(404));
        assert!(!recording.finished());
    }

    #[test]
    fn a_whole_response_is_sent_with_its_head_and_ended() {
        let (response, recording) = testing::response();
        let whole = http::Response::builder()
            .status(201)
            .header("b", "1")
            .header("set-cookie", "x=1")
            .header("b", "2")
            .body("created")
            .unwrap();

        response.send(whole).unwrap();

        assert_eq!(recording.status(), Some(201));
        let mut headers = recording.headers();
        headers.sort();
        assert_eq!(
            headers,
            [("b", "1"), ("b", "2"), ("set-cookie", "x=1")]
                .map(|(n, v)| (n.to_owned(), v.to_owned()))
        );
        assert_eq!(recording.chunks(), [b"created"]);
        assert!(recording.finished());
    }

    #[test]
    fn a_whole_response_may_be_empty_or_refused() {
        let (response, recording) = testing::response();
        let empty = http::Response::builder().status(204).body([]).unwrap();
        response.send(empty).unwrap();
        assert_eq!(recording.status(), Some(204));
        assert!(recording.chunks().is_empty());
        assert!(recording.finished());

        let (response, _recording) = testing::response();
        let odd = http::Response::builder().status(600).body("").unwrap();
        assert_eq!(response.send(odd), Err(StreamError::InvalidStatus(600)));
    }

    #[test]
    fn a_body_without_a_head_starts_with_the_first_write() {
        let (response, recording) = testing::response();

        let mut body = response.into_body();
        assert_eq!(recording.status(), None);
        body.write("hello").unwrap();

        assert_eq!(recording.status(), Some(200));
    }

    #[test]
    fn a_formatted_line_is_one_write() {
        let (response, recording) = testing::response();

        let mut body = response.into_body();
        writeln!(body, "Number: {} of {}", 1, 2).unwrap();
        Write::write_fmt(&mut body, format_args!("{}-{}", 3, 4)).unwrap();
        write!(body, "plain").unwrap();

        assert_eq!(
            recording.chunks(),
            [&b"Number: 1 of 2\n"[..], b"3-4", b"plain"]
        );
    }

    #[test]
    fn the_writer_of_the_standard_library_sends_whole_buffers() {
        let (response, recording) = testing::response();

        let mut body = response.into_body();
        io::copy(&mut &b"abc"[..], &mut body).unwrap();
        body.flush().unwrap();
        body.write_and_finish("d").unwrap();

        assert_eq!(recording.chunks(), [&b"abc"[..], b"d"]);
        assert!(recording.finished());
    }

    #[test]
    fn a_reader_that_left_is_a_broken_pipe() {
        let (response, recording) = testing::response();
        recording.close_after_writes(1);

        let mut body = response.into_body();
        body.write("heard").unwrap();
        let refused = body.write("unheard").unwrap_err();
        let refused_io = Write::write(&mut body, b"unheard").unwrap_err();

        assert_eq!(refused, StreamError::Closed);
        assert_eq!(refused_io.kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(recording.chunks(), [b"heard"]);
    }
}
