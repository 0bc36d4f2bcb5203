//! What the two worlds of `wasi:http` share: the request for an event, and where a response goes.

pub(super) mod head;
mod length;
mod request;
mod sink;

use wasmtime_wasi_http::Error;

pub(super) use length::{Length, WrongLength};
pub(super) use request::{Incoming, read};
pub(super) use sink::{Sink, failed};

/// Why a response that an instance has kept cannot be the answer to a later invocation.
pub(super) const KEPT: &str =
    "an earlier invocation made it, and a response can only answer the invocation that made it";

/// Names an error code of either version of `wasi:http`, with its text if it has one.
pub(super) fn described(code: impl Into<Error>) -> String {
    match code.into() {
        Error::InternalError(Some(text)) => format!("internal error: {text}"),
        code => format!("{code:?}"),
    }
}
