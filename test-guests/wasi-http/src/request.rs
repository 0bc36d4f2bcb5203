//! What the guest knows of its request, and requests of its own.

use serde_json::{Value, json};
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    Fields, IncomingBody, IncomingRequest, IncomingResponse, Method, OutgoingRequest, Scheme,
};
use wasip2::io::streams::{InputStream, StreamError};

use crate::io::named_code;
use crate::script::Fetch;

const READ_BYTES: u64 = 64 * 1024;

/// Everything but the body, as JSON.
pub(crate) fn description(request: &IncomingRequest) -> Value {
    let headers = request.headers().entries();
    let headers = headers.into_iter().map(|(name, value)| {
        let value: String = value.into_iter().map(char::from).collect();
        json!([name, value])
    });
    json!({
        "method": method(&request.method()),
        "target": request.path_with_query(),
        "scheme": request.scheme().map(|scheme| match scheme {
            Scheme::Http => "http".to_owned(),
            Scheme::Https => "https".to_owned(),
            Scheme::Other(name) => format!("other({name})"),
        }),
        "authority": request.authority(),
        "headers": headers.collect::<Vec<_>>(),
    })
}

fn method(method: &Method) -> String {
    match method {
        Method::Other(name) => format!("other({name})"),
        known => format!("{known:?}").replace("Method::", "").to_lowercase(),
    }
}

/// The body of a request, empty if it was taken before.
pub(crate) fn read_body(request: &IncomingRequest) -> Vec<u8> {
    request.consume().map(read).unwrap_or_default()
}

fn read(body: IncomingBody) -> Vec<u8> {
    let stream = body.stream().expect("not taken before");
    let bytes = read_stream(&stream).expect("a whole body");
    drop(stream);
    drop(IncomingBody::finish(body));
    bytes
}

fn read_stream(stream: &InputStream) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(READ_BYTES) {
            Ok(more) => bytes.extend(more),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(error)) => return Err(error.to_debug_string()),
        }
    }
}

/// Sends a request without a body, and returns the answer's body.
pub(crate) fn fetch(fetch: &Fetch) -> Result<Vec<u8>, String> {
    let headers = Fields::new();
    for (name, value) in &fetch.headers {
        let appended = headers.append(name, value.as_bytes());
        appended.map_err(|error| format!("{error:?}"))?;
    }
    let request = OutgoingRequest::new(headers);
    let refused = |()| "refused".to_owned();
    request.set_scheme(Some(&Scheme::Http)).map_err(refused)?;
    request
        .set_authority(Some(&fetch.authority))
        .map_err(refused)?;
    request
        .set_path_with_query(Some(&fetch.path))
        .map_err(refused)?;
    let sent = outgoing_handler::handle(request, None).map_err(|code| named_code(&code))?;
    sent.subscribe().block();
    let answer: IncomingResponse = sent
        .get()
        .expect("ready")
        .expect("taken once")
        .map_err(|code| named_code(&code))?;
    answer.consume().map(read).map_err(refused)
}
