//! The answer to the invocation: head, body, end, in this order.

use std::{fmt, io};

use serde::Serialize;

use crate::{Error, StreamError, stream::Stream};

/// A response that has not started yet: an HTTP stream, a document or a raw stream, as the handler
/// starts it.
///
/// | Start | For | Leaves |
/// | --- | --- | --- |
/// | [`write_headers`](Self::write_headers) | HTTP: function URLs, API Gateway, load balancers | as it is written, where the front end can stream |
/// | [`document`](Self::document) | everything that reads the payload of `Invoke` | at its end |
/// | [`raw`](Self::raw) | callers of `InvokeWithResponseStream` | as it is written |
///
/// Dropping it leaves the answer to the way the handler returns: `Ok` becomes status 200 with an
/// empty body, `Err` a failed invocation.
#[derive(Debug)]
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
    /// response.write_headers(404)?.write_and_finish("no such page\n")
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StreamError::InvalidStatus`], [`StreamError::InvalidHeader`] or
    /// [`StreamError::HeadTooLarge`] when the host refuses the head, [`StreamError::Closed`] when
    /// nobody receives the response any more. `?` makes an [`Error`] of it; to answer with another head
    /// instead, take the response out of it:
    ///
    /// ```
    /// # fn handle(_: bootstream::Event, response: bootstream::Response)
    /// # -> Result<(), bootstream::Error> {
    /// # let from_outside = "a\nb";
    /// let head = bootstream::Head::new(200).header("x-greeting", from_outside);
    /// match response.write_headers(head) {
    ///     Ok(body) => body.write_and_finish("hello\n"),
    ///     Err(refused) => {
    ///         let response = refused.into_response();
    ///         response.write_headers(400)?.write_and_finish("no such greeting\n")
    ///     }
    /// }
    /// # }
    /// # let (response, recording) = bootstream::testing::response();
    /// # handle(bootstream::testing::event("{}"), response).unwrap();
    /// # assert_eq!(recording.status(), Some(400));
    /// ```
    pub fn write_headers(self, head: impl Into<Head>) -> Result<Body, HeadRefused> {
        let started = self.stream.write_headers(head.into());
        self.started(started)
    }

    fn started(self, started: Result<(), StreamError>) -> Result<Body, HeadRefused> {
        match started {
            Ok(()) => Ok(self.into_body()),
            Err(reason) => Err(HeadRefused {
                reason,
                response: self,
            }),
        }
    }

    /// Answers with a document: the JSON of `value`, and nothing else.
    ///
    /// That is the answer for callers that read the payload of `Invoke`: event sources with partial batches,
    /// authorizers, Cognito, Step Functions, AppSync, other functions. It leaves as a whole when it is
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
    /// # fn process(_: &Value) -> Result<(), Error> { Err(Error::msg("no luck")) }
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
    /// When `value` has no form in JSON, or one of more than 6 MB (6,291,556 bytes), as
    /// [`StreamError::Other`].
    pub fn document(self, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        self.document_bytes(serde_json::to_vec(value)?)
    }

    /// Answers with a document of any bytes, as [`document`](Self::document) does with JSON.
    ///
    /// # Errors
    ///
    /// [`StreamError::Other`] when they are more than 6 MB (6,291,556 bytes).
    pub fn document_bytes(self, document: impl AsRef<[u8]>) -> Result<(), Error> {
        self.start_document()?.write_and_finish(document)
    }

    /// Starts a document that is written piece by piece. All of it leaves with
    /// [`finish`](Body::finish), or when the handler returns `Ok`.
    ///
    /// # Errors
    ///
    /// [`StreamError::Closed`] when nobody receives the response any more. A later write fails with
    /// [`StreamError::Other`] when the document has more than 6 MB (6,291,556 bytes).
    pub fn start_document(self) -> Result<Body, HeadRefused> {
        let started = self.stream.start_document();
        self.started(started)
    }

    /// Starts a stream without a head, of this media type, for callers of
    /// `InvokeWithResponseStream`: they get exactly what is written, while it is written.
    ///
    /// ```
    /// # fn handle(response: bootstream::Response) -> Result<(), bootstream::Error> {
    /// let mut body = response.raw("application/x-ndjson")?;
    /// for n in 1..=3 {
    ///     writeln!(body, "{{\"number\":{n}}}")?;
    /// }
    /// body.finish()
    /// # }
    /// # let (response, recording) = bootstream::testing::response();
    /// # handle(response).unwrap();
    /// # assert_eq!(recording.content_type().as_deref(), Some("application/x-ndjson"));
    /// ```
    ///
    /// # Errors
    ///
    /// [`StreamError::InvalidHeader`] when it is not a media type, [`StreamError::Closed`] when nobody
    /// receives the response any more.
    pub fn raw(self, content_type: impl AsRef<str>) -> Result<Body, HeadRefused> {
        let started = self.stream.start_raw(content_type.as_ref());
        self.started(started)
    }

    /// Goes on to the body without a head: status 200 and no headers.
    ///
    /// Nothing leaves yet. The response starts with the first write, or with the end.
    pub fn into_body(self) -> Body {
        Body {
            stream: self.stream,
        }
    }
}

/// A start that was refused. The response has not started.
#[derive(Debug)]
pub struct HeadRefused {
    reason: StreamError,
    response: Response,
}

impl HeadRefused {
    /// Returns why.
    pub fn reason(&self) -> &StreamError {
        &self.reason
    }

    /// Gives the response back, to start it in another way.
    pub fn into_response(self) -> Response {
        self.response
    }

    pub(crate) fn into_reason(self) -> StreamError {
        self.reason
    }
}

impl fmt::Display for HeadRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.reason, f)
    }
}

impl std::error::Error for HeadRefused {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.reason)
    }
}

/// The head of a response: status, headers, cookies.
///
/// It is checked when it is written, not while it is put together.
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

    /// Adds a header behind those already there. A name may be added several times.
    ///
    /// The name is a case-insensitive HTTP token, the value text without control characters other
    /// than tab.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets a header in the place of those of that name, which are removed.
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

/// The body of a response, written piece by piece.
///
/// Every write is on its way to the caller at once, or a millisecond later if the handler goes on
/// computing. It waits while the caller is slower than the handler.
///
/// # `write!` and `writeln!`
///
/// Both format first and then make one write of the whole text. They need no `use`.
///
/// ```
/// # fn handle(_: bootstream::Event, response: bootstream::Response)
/// # -> Result<(), bootstream::Error> {
/// let mut body = response.write_headers(200)?;
/// for i in 1..=3 {
///     writeln!(body, "Number: {i}")?;
/// }
/// body.finish()
/// # }
/// ```
///
/// # Many small pieces
///
/// A call of the host for every few bytes is slow. A [`BufWriter`](io::BufWriter) collects them;
/// what it holds becomes visible with its `flush`, and [`into_inner`](io::BufWriter::into_inner)
/// gives the body back:
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
/// lines.flush()?; // visible now
/// let body = lines.into_inner().map_err(|error| error.into_error())?;
/// body.finish()
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
pub struct Body {
    stream: Stream,
}

impl Body {
    /// Sends a part of the body to the caller. One call is one write of the host.
    ///
    /// Chunks may be of any size. An empty one starts a response that has not started yet, and
    /// sends nothing.
    ///
    /// # Errors
    ///
    /// [`StreamError::Closed`] when nobody receives the response any more, [`StreamError::Other`] when
    /// a document has become too large.
    pub fn write(&mut self, chunk: impl AsRef<[u8]>) -> Result<(), Error> {
        Ok(self.stream.write(chunk.as_ref())?)
    }

    /// Sends formatted text as one write. This is what [`write!`] and [`writeln!`] call.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write).
    pub fn write_fmt(&mut self, text: fmt::Arguments<'_>) -> Result<(), Error> {
        Ok(self.write_text(text)?)
    }

    /// Ends the response. The caller has all of it now.
    ///
    /// The handler may go on working after this: the next invocation waits for it to return.
    ///
    /// # Errors
    ///
    /// [`StreamError::Closed`] when nobody receives the response any more, [`StreamError::Other`] when
    /// a document is too large.
    pub fn finish(self) -> Result<(), Error> {
        Ok(self.stream.finish()?)
    }

    /// Sends the last part of the body and ends the response.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write). After a refused write the response is not ended.
    pub fn write_and_finish(mut self, chunk: impl AsRef<[u8]>) -> Result<(), Error> {
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
    /// Refusals come as I/O errors that carry the [`StreamError`]; see [`Error::stream_error`].
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        self.stream.write(chunk)?;
        Ok(chunk.len())
    }

    /// Does nothing: no write is held back until then.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Formats first, so that the caller never sees half a line and the host is called once.
    fn write_fmt(&mut self, text: fmt::Arguments<'_>) -> io::Result<()> {
        Ok(self.write_text(text)?)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};

    use super::Head;
    use crate::{Error, StreamError, testing};

    #[test]
    fn the_head_keeps_repeated_headers_and_their_order() {
        let (response, recording) = testing::response();

        let head = Head::new(201)
            .header("b", "1")
            .header("a", "2")
            .header("b", "3");
        response
            .write_headers(head.cookie("x=1").cookie("y=2"))
            .unwrap();

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

        let refused = response.write_headers(99).unwrap_err();
        assert_eq!(*refused.reason(), StreamError::InvalidStatus(99));
        let error = Error::from(refused);
        assert_eq!(error.to_string(), "the status `99` is outside 100 to 599");
        assert_eq!(error.stream_error(), Some(&StreamError::InvalidStatus(99)));
        let io_error = io::Error::from(error);
        assert_eq!(io_error.kind(), io::ErrorKind::InvalidInput);
        assert_eq!(recording.status(), None);

        let (response, recording) = testing::response();
        let refused = response.write_headers(99).unwrap_err();
        refused.into_response().write_headers(400).unwrap();
        assert_eq!(recording.status(), Some(400));
    }

    #[test]
    fn a_refused_head_is_an_io_error_as_well() {
        let (response, _recording) = testing::response();
        let start = || -> io::Result<()> {
            response.write_headers(99)?;
            Ok(())
        };
        assert_eq!(start().unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn a_status_is_head_enough() {
        let (response, recording) = testing::response();

        response.write_headers(http::StatusCode::NOT_FOUND).unwrap();

        assert_eq!(recording.status(), Some(404));
        assert!(!recording.finished());
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

        assert_eq!(refused.stream_error(), Some(&StreamError::Closed));
        assert_eq!(refused_io.kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(recording.chunks(), [b"heard"]);
    }
}
