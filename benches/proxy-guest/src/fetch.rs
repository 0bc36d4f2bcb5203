//! One request through `wasi:http`.

use bootstream::Error;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    Fields, FutureIncomingResponse, IncomingResponse, OutgoingBody, OutgoingRequest, Scheme,
};
use wasip2::io::streams::StreamError;

/// Most bytes that one read returns.
const READ_BYTES: u64 = 64 * 1024;

/// An answer whose body was not read yet.
pub(crate) struct Answer(IncomingResponse);

pub(crate) fn get(port: u16, path: &str) -> Result<Answer, Error> {
    let request = OutgoingRequest::new(Fields::new());
    let refused = |()| "a part of the URL was refused";
    request
        .set_scheme(Some(&Scheme::Https))
        .and_then(|()| request.set_authority(Some(&format!("127.0.0.1:{port}"))))
        .and_then(|()| request.set_path_with_query(Some(path)))
        .map_err(refused)?;
    let body = request.body().map_err(|()| "the body was taken")?;
    let pending = outgoing_handler::handle(request, None)?;
    OutgoingBody::finish(body, None)?;
    wait(&pending)
}

fn wait(pending: &FutureIncomingResponse) -> Result<Answer, Error> {
    loop {
        if let Some(answer) = pending.get() {
            let answer = answer.map_err(|()| "the answer was taken")??;
            return Ok(Answer(answer));
        }
        pending.subscribe().block();
    }
}

impl Answer {
    /// Passes each part of the body to `take`, as it comes.
    pub(crate) fn read(
        &self,
        mut take: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let body = self.0.consume().map_err(|()| "the body was taken")?;
        let stream = body.stream().map_err(|()| "the stream was taken")?;
        loop {
            match stream.blocking_read(READ_BYTES) {
                Ok(bytes) => take(&bytes)?,
                Err(StreamError::Closed) => return Ok(()),
                Err(StreamError::LastOperationFailed(error)) => {
                    return Err(error.to_debug_string().into());
                }
            }
        }
    }
}
