//! The answer of a component to one invocation: what `response-outparam.set` gives.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, StatusCode};
use lambda_protocol::error_report::{ErrorReport, ErrorType};
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;

use super::super::super::state::ActiveInvocation;
use super::body::Body;
use super::head;
use super::sink::Sink;
use super::types::OutgoingResponse;
use crate::event::Reply;
use crate::response::ResponseStream;

/// A response that Lambda does not take. Ends the guest.
#[derive(Debug, thiserror::Error)]
#[error("the response of the handler is invalid: {0}")]
pub(crate) struct InvalidResponse(String);

/// The answer to one invocation.
pub(super) struct Answer {
    current: Arc<ActiveInvocation>,
    reply: Reply,
    given: Mutex<Given>,
}

/// What the guest has answered.
enum Given {
    /// Nothing yet.
    Nothing,
    /// An error instead of a response.
    Error(String),
    /// A response, whose body is complete unless there is one here.
    Response(Option<Arc<Body>>),
    /// A response of this status, which means that the invocation has failed.
    Failure(StatusCode, Option<Arc<Body>>),
}

impl Answer {
    pub(super) fn new(current: Arc<ActiveInvocation>, reply: Reply) -> Self {
        Self {
            current,
            reply,
            given: Mutex::new(Given::Nothing),
        }
    }

    /// The guest answers with an error.
    pub(super) fn refuse(&self, code: &ErrorCode) {
        *self.lock() = Given::Error(described(code));
    }

    /// The guest answers with a response, which starts.
    ///
    /// # Errors
    ///
    /// Lambda does not take such a response, or what is written of it exceeds a limit.
    pub(super) fn give(&self, response: OutgoingResponse) -> wasmtime::Result<()> {
        let OutgoingResponse {
            status,
            headers,
            body,
        } = response;
        // A body that cannot be complete is not begun: nothing has left, and the failure can say so.
        if body.as_ref().is_some_and(|body| body.broken().is_some()) {
            *self.lock() = Given::Response(body);
            return Ok(());
        }
        let fails = self.reply == Reply::Document && is_failure(status);
        if !fails {
            if let Some(body) = &body {
                body.count_held(&self.current)?;
            }
            self.start(status, &headers)?;
        }
        match &body {
            Some(body) if fails => body.attach(Sink::Report(Vec::new())),
            Some(body) => body.attach(Sink::Response(Arc::clone(&self.current))),
            None if fails => {}
            None => {
                // Refused if the receiver is gone.
                let _ = self.current.response.finish();
            }
        }
        *self.lock() = if fails {
            Given::Failure(status, body)
        } else {
            Given::Response(body)
        };
        Ok(())
    }

    /// Starts the response. The guest learns from its writes if the receiver is gone.
    fn start(&self, status: StatusCode, headers: &HeaderMap) -> Result<(), InvalidResponse> {
        let _ = match self.reply {
            Reply::Http => {
                let prelude = head::prelude(status, headers).map_err(InvalidResponse)?;
                self.current.start(prelude)
            }
            Reply::Document => {
                let content_type = head::content_type(status, headers).map_err(InvalidResponse)?;
                self.current.response.start_document(content_type)
            }
        };
        Ok(())
    }

    /// Returns how the invocation ends, whose guest has returned.
    pub(super) fn outcome(&self) -> Result<(), ErrorReport> {
        let response = &self.current.response;
        if let Some(document) = response.too_large() {
            let error_type = ErrorType::ResponseTooLarge;
            return Err(ErrorReport::new(error_type, document.to_string()));
        }
        // The receiver is gone, and what the guest does about it is its own affair.
        if response.state() == ResponseStream::Failed {
            return Ok(());
        }
        let failed = match &*self.lock() {
            Given::Nothing => {
                "the handler returned without a response: it has to call `response-outparam.set`"
                    .to_owned()
            }
            Given::Error(description) => {
                format!("the handler answered with an error: {description}")
            }
            Given::Response(body) => match body.as_deref().and_then(incomplete) {
                None => return Ok(()),
                Some(reason) => reason,
            },
            Given::Failure(status, body) => match body.as_deref() {
                Some(body) => match incomplete(body) {
                    Some(reason) => reason,
                    None => failure(*status, &body.take_report()),
                },
                None => failure(*status, b""),
            },
        };
        Err(ErrorReport::new(ErrorType::HandlerError, failed))
    }

    fn lock(&self) -> MutexGuard<'_, Given> {
        // Nothing panics while it holds the lock.
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns why a body is not complete, if it is not.
fn incomplete(body: &Body) -> Option<String> {
    body.broken().or_else(|| {
        (!body.is_finished()).then(|| {
            "the handler returned without finishing the body of its response: call `outgoing-body.finish` at its \
             end"
                .to_owned()
        })
    })
}

/// Whether a response of this status means that the invocation has failed, for an invoker that reads a document.
pub(in super::super) fn is_failure(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}

pub(in super::super) fn failure(status: StatusCode, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    match text.trim() {
        "" => format!("the handler answered with status {status}"),
        text => format!("the handler answered with status {status}: {text}"),
    }
}

/// Names an error code, with its text if it has one.
fn described(code: &ErrorCode) -> String {
    if let ErrorCode::InternalError(Some(text)) = code {
        return format!("internal error: {text}");
    }
    let name = format!("{code:?}");
    name.strip_prefix("ErrorCode::").unwrap_or(&name).to_owned()
}
