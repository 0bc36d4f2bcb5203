//! What the two worlds of `wasi:http` share: the request for an event, and where a response goes.

pub(super) mod head;
mod length;
mod request;
mod sink;

use std::fmt::Debug;

pub(super) use length::{Length, WrongLength};
pub(super) use request::{Incoming, read};
pub(super) use sink::{Sink, failed};

/// Why a response that an instance has kept cannot be the answer to a later invocation.
pub(super) const KEPT: &str =
    "an earlier invocation made it, and a response can only answer the invocation that made it";

/// Names an error code of either version of `wasi:http`, with `text` if it has one.
pub(super) fn described(code: &impl Debug, text: Option<&str>) -> String {
    if let Some(text) = text {
        return format!("internal error: {text}");
    }
    let name = format!("{code:?}");
    name.strip_prefix("ErrorCode::").unwrap_or(&name).to_owned()
}
