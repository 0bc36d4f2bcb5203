//! Requests through `wasi:http`.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use wasip2::http::outgoing_handler;
use wasip2::http::types as wasi;
use wasip2::io::poll::{Pollable, poll};
use wasip2::io::streams::{InputStream, StreamError};

use super::upload::{Step, Upload};
use super::{Outgoing, PIECE_BYTES, Timeouts};
use crate::fetch::ErrorCode;
use crate::fetch::error::Reason;

/// The body of a response. The fields are dropped in this order, children before their parents.
pub(crate) struct Incoming {
    /// `None` once the body has ended.
    stream: Option<InputStream>,
    body: wasi::IncomingBody,
    response: wasi::IncomingResponse,
    /// Present if the response began before the request's body was sent.
    upload: Option<Upload>,
}

/// Sends a request and waits for the head of its response. Sends the body meanwhile. What is left of it when the
/// response begins is sent while the response is read.
pub(crate) fn send(outgoing: Outgoing) -> Result<(StatusCode, Incoming), Reason> {
    let request = head(&outgoing)?;
    // The body is opened before the request is handed over, and written after that.
    let body = match outgoing.body {
        Some(content) => Some((request.body().map_err(invalid("body"))?, content)),
        None => None,
    };
    let pending = outgoing_handler::handle(request, options(outgoing.timeouts))
        .map_err(|code| no_response(&code))?;
    let mut upload = match body {
        Some((body, content)) => Some(Upload::new(body, content).map_err(invalid("body"))?),
        None => None,
    };
    let response = wait(&pending, &mut upload)?;
    let status = StatusCode::from_u16(response.status())
        .map_err(|_| Reason::NoResponse(ErrorCode::HttpProtocolError, None))?;
    Ok((status, Incoming::open(response, upload)))
}

fn invalid(what: &'static str) -> impl Fn(()) -> Reason {
    move |()| Reason::Invalid(format!("the {what} of the request is invalid"))
}

fn head(outgoing: &Outgoing) -> Result<wasi::OutgoingRequest, Reason> {
    let url = &outgoing.url;
    let scheme = if url.is_https {
        wasi::Scheme::Https
    } else {
        wasi::Scheme::Http
    };
    let request = wasi::OutgoingRequest::new(fields(&outgoing.headers)?);
    // A new request is a GET, and each call leaves the sandbox.
    if outgoing.method != Method::GET {
        request
            .set_method(&wasi_method(&outgoing.method))
            .map_err(invalid("method"))?;
    }
    request
        .set_scheme(Some(&scheme))
        .map_err(invalid("scheme"))?;
    request
        .set_authority(Some(url.authority.as_str()))
        .map_err(invalid("host"))?;
    request
        .set_path_with_query(Some(&url.path_and_query))
        .map_err(invalid("path"))?;
    Ok(request)
}

fn fields(headers: &HeaderMap) -> Result<wasi::Fields, Reason> {
    let entries: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect();
    wasi::Fields::from_list(&entries)
        .map_err(|error| Reason::Invalid(format!("the host refused the headers: {error}")))
}

fn header_map(fields: &wasi::Fields) -> HeaderMap {
    let valid = |(name, value): (String, Vec<u8>)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_bytes(&value).ok()?))
    };
    fields.entries().into_iter().filter_map(valid).collect()
}

fn wasi_method(method: &Method) -> wasi::Method {
    match *method {
        Method::GET => wasi::Method::Get,
        Method::HEAD => wasi::Method::Head,
        Method::POST => wasi::Method::Post,
        Method::PUT => wasi::Method::Put,
        Method::DELETE => wasi::Method::Delete,
        Method::CONNECT => wasi::Method::Connect,
        Method::OPTIONS => wasi::Method::Options,
        Method::TRACE => wasi::Method::Trace,
        Method::PATCH => wasi::Method::Patch,
        ref other => wasi::Method::Other(other.to_string()),
    }
}

fn options(timeouts: Timeouts) -> Option<wasi::RequestOptions> {
    // Each call leaves the sandbox.
    if timeouts == Timeouts::default() {
        return None;
    }
    let options = wasi::RequestOptions::new();
    let nanoseconds = |timeout: Option<Duration>| {
        timeout.map(|timeout| u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX))
    };
    // A host that does not know a timeout keeps its own.
    let _ = options.set_connect_timeout(nanoseconds(timeouts.connect));
    let _ = options.set_first_byte_timeout(nanoseconds(timeouts.first_byte));
    let _ = options.set_between_bytes_timeout(nanoseconds(timeouts.between_bytes));
    Some(options)
}

/// Waits for the response, and sends the request's body meanwhile.
fn wait(
    pending: &wasi::FutureIncomingResponse,
    upload: &mut Option<Upload>,
) -> Result<wasi::IncomingResponse, Reason> {
    let arrived = pending.subscribe();
    loop {
        if upload.is_some() {
            advance(upload, &arrived)?;
        }
        if upload.is_none() {
            arrived.block();
        }
        if let Some(response) = pending.get() {
            return response
                .expect("the response is taken once")
                .map_err(|code| no_response(&code));
        }
    }
}

/// Sends the next part of a body. Waits until the host takes it, or until `arrived` is ready.
fn advance(upload: &mut Option<Upload>, arrived: &Pollable) -> Result<(), Reason> {
    if let (Step::Blocked, Some(upload)) = (Upload::step(upload)?, upload) {
        poll(&[arrived, upload.room()]);
    }
    Ok(())
}

impl Incoming {
    fn open(response: wasi::IncomingResponse, upload: Option<Upload>) -> Self {
        let once = "the host gives each body and its stream out once";
        let body = response.consume().expect(once);
        Self {
            stream: Some(body.stream().expect(once)),
            body,
            response,
            upload,
        }
    }

    pub(crate) fn headers(&self) -> HeaderMap {
        header_map(&self.response.headers())
    }

    /// Returns the next piece of the body, which is not empty. `None` at its end.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<u8>>, Reason> {
        let Some(stream) = &self.stream else {
            return Ok(None);
        };
        loop {
            let read = match &self.upload {
                None => stream.blocking_read(PIECE_BYTES as u64),
                Some(_) => stream.read(PIECE_BYTES as u64),
            };
            match read {
                Ok(piece) if !piece.is_empty() => return Ok(Some(piece)),
                Ok(_) => {}
                Err(StreamError::Closed) => {
                    self.stream = None;
                    // Nobody reads the rest of the request.
                    self.upload = None;
                    return Ok(None);
                }
                Err(StreamError::LastOperationFailed(error)) => return Err(broke_off(&error)),
            }
            advance(&mut self.upload, &stream.subscribe())?;
        }
    }

    /// Returns the trailers. Discards what is left of the body.
    pub(crate) fn trailers(mut self) -> Result<Option<HeaderMap>, Reason> {
        while self.next()?.is_some() {}
        let future = wasi::IncomingBody::finish(self.body);
        loop {
            if let Some(trailers) = future.get() {
                let trailers = trailers.expect("the trailers are taken once");
                let trailers = trailers
                    .map_err(|code| Reason::BrokeOff(ErrorCode::from(&code), detail(&code)))?;
                return Ok(trailers.map(|fields| header_map(&fields)));
            }
            future.subscribe().block();
        }
    }
}

pub(super) fn no_response(code: &wasi::ErrorCode) -> Reason {
    Reason::NoResponse(ErrorCode::from(code), detail(code))
}

/// What the host says beside its code.
fn detail(code: &wasi::ErrorCode) -> Option<String> {
    match code {
        wasi::ErrorCode::DnsError(payload) => payload.rcode.clone(),
        wasi::ErrorCode::TlsAlertReceived(payload) => payload.alert_message.clone(),
        wasi::ErrorCode::InternalError(text) => text.clone(),
        wasi::ErrorCode::HttpRequestBodySize(Some(bytes)) => Some(format!("{bytes} bytes")),
        _ => None,
    }
}

/// Reads the error of a stream. A host may give no code, only a text.
fn broke_off(error: &wasip2::io::error::Error) -> Reason {
    if let Some(code) = wasi::http_error_code(error) {
        return Reason::BrokeOff(ErrorCode::from(&code), detail(&code));
    }
    let text = error.to_debug_string();
    if text.contains("read timeout") {
        return Reason::BrokeOff(ErrorCode::ConnectionReadTimeout, None);
    }
    let text = text.strip_prefix("hyper error: ").unwrap_or(&text);
    Reason::BrokeOff(ErrorCode::ConnectionTerminated, Some(text.to_owned()))
}
