//! The answer of a component to one invocation: what `response-outparam.set` gives.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::StatusCode;
use lambda_protocol::error_report::{ErrorReport, ErrorType};
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;

use super::super::super::state::ActiveInvocation;
use super::super::http::{Length, Sink, described, failed, head};
use super::body::Body;
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
    /// Whether the request has the method `HEAD`.
    is_head: bool,
    given: Mutex<Given>,
}

/// What the guest has answered.
enum Given {
    /// Nothing yet.
    Nothing,
    /// An error instead of a response.
    Error(String),
    /// A response that cannot be complete, and so has not started.
    Broken(String),
    /// A response, whose body is complete unless there is one here.
    Response(Option<Arc<Body>>),
    /// A response of this status, which means that the invocation has failed.
    Failure(StatusCode, Option<Arc<Body>>),
}

impl Answer {
    pub(super) fn new(current: Arc<ActiveInvocation>, reply: Reply, is_head: bool) -> Self {
        Self {
            current,
            reply,
            is_head,
            given: Mutex::new(Given::Nothing),
        }
    }

    /// The guest answers with an error.
    pub(super) fn refuse(&self, code: ErrorCode) {
        *self.lock() = Given::Error(described(code));
    }

    /// The guest answers with a response, which starts.
    ///
    /// # Errors
    ///
    /// Lambda does not take such a response, or what is written of it exceeds a limit.
    pub(super) fn give(&self, response: OutgoingResponse) -> wasmtime::Result<()> {
        // What cannot be complete is not begun: nothing has left, and the failure can say so.
        if let Some(reason) = self.broken(&response)? {
            *self.lock() = Given::Broken(reason);
            return Ok(());
        }
        let OutgoingResponse {
            status,
            headers,
            body,
        } = response;
        let sink = Sink::new(&self.current, self.reply, status);
        let fails = matches!(sink, Sink::Report(_));
        if !fails && let Some(body) = &body {
            body.count_held(&self.current)?;
        }
        let started = sink.start(self.reply, status, &headers);
        started.map_err(InvalidResponse)?;
        match &body {
            Some(body) => body.attach(sink),
            // An empty document is never too large.
            None => drop(sink.finish()),
        }
        *self.lock() = if fails {
            Given::Failure(status, body)
        } else {
            Given::Response(body)
        };
        Ok(())
    }

    /// Returns why a response cannot be complete, if it cannot.
    fn broken(&self, response: &OutgoingResponse) -> Result<Option<String>, InvalidResponse> {
        if let Some(body) = &response.body {
            body.close_unless_of(&self.current);
            return Ok(body.broken());
        }
        let announced = head::content_length(&response.headers)
            .map_err(|invalid| InvalidResponse(invalid.to_string()))?;
        let length = Length::new(announced, self.is_head, response.status);
        Ok(length.end().err().map(|wrong| wrong.to_string()))
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
        let text = match &*self.lock() {
            Given::Nothing => {
                "the handler returned without a response: it has to call `response-outparam.set`"
                    .to_owned()
            }
            Given::Error(description) => {
                format!("the handler answered with an error: {description}")
            }
            Given::Broken(reason) => reason.clone(),
            Given::Response(body) => match body.as_deref().and_then(incomplete) {
                None => return Ok(()),
                Some(reason) => reason,
            },
            Given::Failure(status, body) => match body.as_deref() {
                Some(body) => match incomplete(body) {
                    Some(reason) => reason,
                    None => failed(*status, &body.take_report()),
                },
                None => failed(*status, b""),
            },
        };
        Err(ErrorReport::new(ErrorType::HandlerError, text))
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
