//! Requests through `wasi:http`, with the bare bindings.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use guest_steps::outcome::Failure;
use serde::Deserialize;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    Fields, FutureIncomingResponse, IncomingResponse, Method, OutgoingBody, OutgoingRequest,
    RequestOptions, Scheme,
};
use wasip2::io::streams::{InputStream, StreamError};

/// Longest part of a response body that is reported, in bytes.
const SHOWN_BYTES: usize = 2000;

/// Most bytes that one call writes.
const WRITTEN_BYTES: usize = 4096;

/// One request. Redirects are followed as a client library would, with another request. In the URL, the headers and
/// the body, `${NAME}` stands for a variable.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fetch {
    url: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    /// A variable whose value goes into the header `x-from-env`.
    env_header: Option<String>,
    /// User and password of `Basic` authentication, with a colon in between.
    basic: Option<String>,
    #[serde(default)]
    body: String,
    /// Appends this many bytes to the body.
    #[serde(default)]
    body_bytes: usize,
    /// Trailers of the body.
    #[serde(default)]
    trailers: Vec<(String, String)>,
    /// Drops the body before it is finished.
    #[serde(default)]
    unfinished: bool,
    /// Keeps the body without finishing it.
    #[serde(default)]
    stalled: bool,
    /// Headers of the response that are reported before its body.
    #[serde(default)]
    show: Vec<String>,
    /// Number of redirects to follow.
    #[serde(default)]
    redirects: u32,
    /// The guest's own timeouts, in milliseconds.
    timeout_ms: Option<u64>,
    /// Default: GET, or POST with a body.
    method: Option<String>,
}

fn described(error: impl std::fmt::Debug) -> String {
    format!("{error:?}")
}

impl Fetch {
    pub(crate) fn run(&self) -> Result<String, String> {
        let (mut url, mut redirects) = (self.url.clone(), self.redirects);
        loop {
            let response = answer(&self.send(&url)?)?;
            if (300..400).contains(&response.status()) && redirects > 0 {
                redirects -= 1;
                url = location(&response)?;
                continue;
            }
            let headers = shown_headers(&response, &self.show);
            let (shown, length) = read(&response)?;
            return Ok(format!("{} {headers}{length} {shown}", response.status()));
        }
    }

    /// Passes each part of the body to `write`, as it comes.
    pub(crate) fn pass_on(
        &self,
        mut write: impl FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let response = self.send(&self.url).and_then(|pending| answer(&pending));
        let response = response.map_err(Failure::Returned)?;
        let body = response.consume().map_err(described);
        let body = body.map_err(Failure::Returned)?;
        let stream = body.stream().map_err(described);
        let stream = stream.map_err(Failure::Returned)?;
        while let Some(part) = next(&stream).map_err(Failure::Returned)? {
            write(&part)?;
        }
        Ok(())
    }

    pub(crate) fn run_at_once(&self, count: u32) -> Result<String, String> {
        let sent: Vec<_> = (0..count).map(|_| self.send(&self.url)).collect();
        let mut outcomes = Vec::new();
        for pending in sent {
            let outcome = pending.and_then(|pending| answer(&pending));
            outcomes.push(match outcome {
                Ok(response) => response.status().to_string(),
                Err(error) => error,
            });
        }
        Ok(outcomes.join(", "))
    }

    fn send(&self, url: &str) -> Result<FutureIncomingResponse, String> {
        let url = expanded(url)?;
        let body = expanded(&self.body)? + &"x".repeat(self.body_bytes);
        let (scheme, rest) = url.split_once("://").ok_or("no URL")?;
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, "/"),
        };
        let headers = Fields::new();
        for (name, value) in &self.headers {
            let value = expanded(value)?;
            headers.append(name, value.as_bytes()).map_err(described)?;
        }
        if let Some(login) = &self.basic {
            let value = format!("Basic {}", STANDARD.encode(expanded(login)?));
            headers
                .append("authorization", value.as_bytes())
                .map_err(described)?;
        }
        if let Some(name) = &self.env_header {
            let value = std::env::var(name).map_err(described)?;
            headers
                .append("x-from-env", value.as_bytes())
                .map_err(described)?;
        }
        let request = OutgoingRequest::new(headers);
        let refused = |what| move |()| format!("the {what} was refused");
        let scheme = match scheme {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            other => Scheme::Other(other.to_owned()),
        };
        request
            .set_scheme(Some(&scheme))
            .map_err(refused("scheme"))?;
        request
            .set_authority(Some(authority))
            .map_err(refused("authority"))?;
        request
            .set_path_with_query(Some(path))
            .map_err(refused("path"))?;
        let method = match self.method.as_deref() {
            Some("CONNECT") => Method::Connect,
            Some("TRACE") => Method::Trace,
            Some(other) => Method::Other(other.to_owned()),
            None if body.is_empty() => Method::Get,
            None => Method::Post,
        };
        request.set_method(&method).map_err(refused("method"))?;
        let outgoing = request.body().map_err(refused("body"))?;
        let options = RequestOptions::new();
        if let Some(timeout) = self.timeout_ms {
            let timeout = Some(timeout * 1_000_000);
            options.set_connect_timeout(timeout).map_err(described)?;
            options.set_first_byte_timeout(timeout).map_err(described)?;
            options
                .set_between_bytes_timeout(timeout)
                .map_err(described)?;
        }
        let pending = outgoing_handler::handle(request, Some(options)).map_err(described)?;
        if !body.is_empty() {
            let stream = outgoing.write().map_err(refused("body"))?;
            for part in body.as_bytes().chunks(WRITTEN_BYTES) {
                stream.blocking_write_and_flush(part).map_err(described)?;
            }
        }
        if self.stalled {
            Box::leak(Box::new(outgoing));
            return Ok(pending);
        }
        if self.unfinished {
            return Ok(pending);
        }
        let trailers = Fields::new();
        for (name, value) in &self.trailers {
            let value = expanded(value)?;
            trailers.append(name, value.as_bytes()).map_err(described)?;
        }
        let trailers = (!self.trailers.is_empty()).then_some(trailers);
        OutgoingBody::finish(outgoing, trailers).map_err(described)?;
        Ok(pending)
    }
}

/// Replaces `${NAME}` by the value of the variable.
fn expanded(text: &str) -> Result<String, String> {
    let mut parts = text.split("${");
    let mut expanded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').ok_or("no end of the name")?;
        expanded += &std::env::var(name).map_err(described)?;
        expanded += rest;
    }
    Ok(expanded)
}

fn shown_headers(response: &IncomingResponse, names: &[String]) -> String {
    let headers = response.headers();
    let values = names.iter().flat_map(|name| headers.get(name));
    let values = values.map(|value| String::from_utf8_lossy(&value).into_owned() + " ");
    values.collect()
}

fn answer(pending: &FutureIncomingResponse) -> Result<IncomingResponse, String> {
    loop {
        if let Some(answer) = pending.get() {
            return answer.map_err(described)?.map_err(described);
        }
        pending.subscribe().block();
    }
}

fn location(response: &IncomingResponse) -> Result<String, String> {
    let values = response.headers().get("location");
    let value = values.first().ok_or("a redirect without a location")?;
    String::from_utf8(value.clone()).map_err(described)
}

/// The beginning of the body, and its length.
fn read(response: &IncomingResponse) -> Result<(String, usize), String> {
    let body = response.consume().map_err(described)?;
    let stream = body.stream().map_err(described)?;
    let (mut shown, mut length) = (Vec::new(), 0);
    while let Some(bytes) = next(&stream)? {
        length += bytes.len();
        let room = SHOWN_BYTES.saturating_sub(shown.len());
        shown.extend(bytes.into_iter().take(room));
    }
    Ok((String::from_utf8_lossy(&shown).into_owned(), length))
}

/// The next part of a body, or `None` at its end.
fn next(stream: &InputStream) -> Result<Option<Vec<u8>>, String> {
    match stream.blocking_read(64 * 1024) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(StreamError::Closed) => Ok(None),
        Err(StreamError::LastOperationFailed(error)) => {
            Err(wasip2::http::types::http_error_code(&error)
                .map_or_else(|| error.to_debug_string(), described))
        }
    }
}
