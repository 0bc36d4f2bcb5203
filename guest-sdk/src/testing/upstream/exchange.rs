//! One request at the upstream.

use std::cell::RefCell;
use std::rc::Rc;

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method};

use super::{CURRENT, Replies, Reply, State, UpstreamRequest};
use crate::fetch::ErrorCode;
use crate::fetch::error::Reason;

/// The host's limit of open requests unless a setting changes it.
const OPEN_LIMIT: usize = 16;

/// A request that the upstream reads or answers. It is open until its last clone is dropped.
#[derive(Clone)]
pub(crate) struct Exchange(Rc<Open>);

struct Open {
    state: Rc<RefCell<State>>,
    /// Its place among the requests.
    index: usize,
    /// The reply, if it does not depend on the request.
    reply: Option<Reply>,
}

/// Begins a request to the upstream of this thread.
pub(crate) fn begin(method: Method, url: String, headers: HeaderMap) -> Result<Exchange, Reason> {
    let Some(state) = CURRENT.with_borrow(Clone::clone) else {
        return Err(Reason::Invalid(
            "outside WebAssembly a request needs a `testing::Upstream` that answers it".to_owned(),
        ));
    };
    let mut inner = state.borrow_mut();
    if inner.open >= OPEN_LIMIT {
        return Err(Reason::NoResponse(ErrorCode::ConnectionLimitReached, None));
    }
    let index = inner.requests.len();
    let reply = match &mut inner.replies {
        Replies::By(_) => None,
        Replies::InOrder(replies) => {
            let reply = replies.pop_front();
            let reply = reply.map(|reply| reply.with_truth(&method));
            Some(reply.ok_or_else(|| {
                Reason::Invalid(format!(
                    "the `testing::Upstream` has no reply {}",
                    index + 1
                ))
            })?)
        }
    };
    inner.open += 1;
    inner.requests.push(UpstreamRequest {
        method,
        url,
        headers,
        body: Vec::new(),
        is_complete: false,
    });
    drop(inner);
    Ok(Exchange(Rc::new(Open {
        state,
        index,
        reply,
    })))
}

impl Exchange {
    /// Returns whether the reply waits for more of the request's body.
    pub(crate) fn awaits_body(&self) -> bool {
        let early_after = self.0.reply.as_ref().and_then(|reply| reply.early_after);
        let read = self.request(|request| request.body.len());
        early_after.is_none_or(|bytes| read < bytes)
    }

    pub(crate) fn push_body(&self, piece: &[u8]) -> Result<(), Reason> {
        let (declared, actual) = self.request(|request| {
            request.body.extend_from_slice(piece);
            (declared(request), request.body.len())
        });
        match declared {
            Some(declared) if actual > declared => Err(wrong_size(actual)),
            _ => Ok(()),
        }
    }

    pub(crate) fn end_body(&self) -> Result<(), Reason> {
        let (declared, actual) = self.request(|request| {
            request.is_complete = true;
            (declared(request), request.body.len())
        });
        match declared {
            Some(declared) if actual != declared => Err(wrong_size(actual)),
            _ => Ok(()),
        }
    }

    /// Returns the reply. Requests without a body are complete now.
    pub(crate) fn reply(&self) -> Result<Reply, Reason> {
        if let Some(reply) = &self.0.reply {
            return Ok(reply.clone());
        }
        let request = self.request(|request| request.clone());
        // The closure may look at the upstream, but must not be called twice at once.
        let taken = std::mem::replace(
            &mut self.0.state.borrow_mut().replies,
            Replies::InOrder([].into()),
        );
        let Replies::By(mut respond) = taken else {
            return Err(Reason::Invalid(
                "the upstream sent a request itself".to_owned(),
            ));
        };
        let reply = respond(&request).with_truth(&request.method);
        self.0.state.borrow_mut().replies = Replies::By(respond);
        Ok(reply)
    }

    fn request<R>(&self, look: impl FnOnce(&mut UpstreamRequest) -> R) -> R {
        let mut state = self.0.state.borrow_mut();
        let request = state.requests.get_mut(self.0.index);
        look(request.expect("requests are never removed"))
    }
}

fn declared(request: &UpstreamRequest) -> Option<usize> {
    let value = request.headers.get(CONTENT_LENGTH)?;
    value.to_str().ok()?.parse().ok()
}

fn wrong_size(actual: usize) -> Reason {
    let detail = format!("{actual} bytes");
    Reason::NoResponse(ErrorCode::HttpRequestBodySize, Some(detail))
}

impl Drop for Open {
    fn drop(&mut self) {
        self.state.borrow_mut().open -= 1;
    }
}
