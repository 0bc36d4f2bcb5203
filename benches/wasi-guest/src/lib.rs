//! The benchmark handler as a component of WASI 0.2: the work of `benches/guest`, with the bare bindings.

use std::thread;

use bench_workload::{FAILURE_MESSAGE, Failure, Work, spin, stamp};
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasip2::io::streams::{OutputStream, StreamError};

struct Component;

impl Guest for Component {
    fn handle(request: IncomingRequest, outparam: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let work = Work::of_target(&target).expect("a query with numbers");
        assert!(work.failure != Some(Failure::Early), "{FAILURE_MESSAGE}");
        let headers = Fields::new();
        headers
            .append("content-type", b"text/plain")
            .expect("a valid header");
        let response = OutgoingResponse::new(headers);
        let body = response.body().expect("not taken before");
        ResponseOutparam::set(outparam, Ok(response));
        let stream = body.write().expect("not taken before");
        // The receiver may go.
        if write(&stream, &work).is_err() {
            return;
        }
        assert!(work.failure != Some(Failure::Late), "{FAILURE_MESSAGE}");
        drop(stream);
        OutgoingBody::finish(body, None).expect("no promised length");
    }
}

fn write(stream: &OutputStream, work: &Work) -> Result<(), StreamError> {
    let mut chunk = work.chunk();
    for number in 0..work.chunks {
        if number > 0 && !work.pause.is_zero() {
            thread::sleep(work.pause);
        }
        if work.stamp {
            stamp(&mut chunk);
        }
        write_all(stream, &chunk)?;
        spin(work.spin);
    }
    Ok(())
}

/// Writes as libraries do: as much as is allowed, and a wait when nothing is.
fn write_all(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
    while !bytes.is_empty() {
        let allowed = usize::try_from(stream.check_write()?).unwrap_or(usize::MAX);
        if allowed == 0 {
            stream.subscribe().block();
            continue;
        }
        let (now, later) = bytes.split_at(allowed.min(bytes.len()));
        stream.write(now)?;
        bytes = later;
    }
    Ok(())
}

wasip2::http::proxy::export!(Component);
