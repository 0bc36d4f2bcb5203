//! The work of `benches/guest` as a component of `wasi:http/proxy` of WASI 0.2, on the bare bindings.

use std::thread;

use bench_workload::{FAILURE_MESSAGE, Failure, Work, spin, stamp};
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasip2::io::streams::{OutputStream, StreamError};

struct Component;

impl Guest for Component {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let work = Work::of_target(&target).expect("a query of numbers");
        if work.failure == Some(Failure::Early) {
            let code = ErrorCode::InternalError(Some(FAILURE_MESSAGE.to_owned()));
            return ResponseOutparam::set(outparam, Err(code));
        }
        let headers = Fields::new();
        headers
            .append("content-type", b"text/plain")
            .expect("a header");
        let response = OutgoingResponse::new(headers);
        let body = response.body().expect("taken once");
        ResponseOutparam::set(outparam, Ok(response));
        let stream = body.write().expect("taken once");
        write_all(&stream, &work).expect("a reader");
        drop(stream);
        if work.failure != Some(Failure::Late) {
            OutgoingBody::finish(body, None).expect("a whole body");
        }
    }
}

fn write_all(stream: &OutputStream, work: &Work) -> Result<(), StreamError> {
    let mut chunk = work.chunk();
    for number in 0..work.chunks {
        if number > 0 && !work.pause.is_zero() {
            thread::sleep(work.pause);
        }
        if work.stamp {
            stamp(&mut chunk);
        }
        write(stream, &chunk)?;
        spin(work.spin);
    }
    Ok(())
}

/// Writes a chunk as libraries do that do not block: as much at a time as is allowed.
fn write(stream: &OutputStream, mut chunk: &[u8]) -> Result<(), StreamError> {
    while !chunk.is_empty() {
        let allowed = usize::try_from(stream.check_write()?).unwrap_or(usize::MAX);
        if allowed == 0 {
            stream.subscribe().block();
            continue;
        }
        let (now, rest) = chunk.split_at(allowed.min(chunk.len()));
        stream.write(now)?;
        chunk = rest;
    }
    Ok(())
}

wasip2::http::proxy::export!(Component);
