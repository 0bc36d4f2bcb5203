//! Sends the event of an earlier invocation again.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Request};
use http_body_util::BodyExt as _;

use super::exchange::Exchange;
use super::invoke_api::InvokeApi;
use super::{FrontEnd, ServerSettings};
use crate::environment::Pool;
use crate::invocation::{Invocation, new_request_id};
use crate::observer::{Observer, Received, RequestRecord};
use crate::recorder::{Record, RequestLine};

/// An invocation whose event is sent again.
#[derive(Debug)]
pub(crate) struct Original {
    pub(crate) function: String,
    pub(crate) event: Bytes,
    id: String,
    door: &'static str,
    line: RequestLine,
    headers: HeaderMap,
    context: HeaderMap,
}

impl Original {
    pub(crate) fn of(record: &Record) -> Self {
        Self {
            function: record.function.clone(),
            event: record.event.clone(),
            id: record.id.clone(),
            door: record.door,
            line: record.line.clone(),
            headers: record.headers.clone(),
            context: record.context.clone(),
        }
    }

    /// Returns the head of the request that the function was invoked for.
    fn parts(&self) -> Parts {
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.method = self.line.method.clone();
        parts.uri = self.line.uri.clone();
        parts.headers = self.headers.clone();
        parts
    }
}

/// Invokes a function with the event of an earlier invocation, behind the same front end, and reads the
/// response to its end. Returns the new request id.
pub(crate) fn resend(
    original: Original,
    pool: &Arc<Pool>,
    settings: &Arc<ServerSettings>,
    observer: Observer,
) -> String {
    let invocation = Invocation {
        request_id: new_request_id(),
        event: original.event.clone(),
        headers: original.context.clone(),
    };
    let id = invocation.request_id.clone();
    let mut record = RequestRecord::start(observer, original.line.clone());
    let received = Received {
        function: &original.function,
        door: original.door,
        headers: &original.headers,
        body: &Bytes::new(),
        resent_from: Some(&original.id),
    };
    record.invocation(&invocation, &received);
    let (runner, settings) = (Arc::clone(pool), Arc::clone(settings));
    pool.spawn(async move {
        run(&original, invocation, &runner, &settings, record).await;
    });
    id
}

async fn run(
    original: &Original,
    invocation: Invocation,
    pool: &Arc<Pool>,
    settings: &ServerSettings,
    record: RequestRecord,
) {
    let request = original.parts();
    let exchange = |front_end| Exchange {
        settings,
        front_end,
        pool,
        request: &request,
    };
    let response = match FrontEnd::ALL
        .into_iter()
        .find(|it| it.name() == original.door)
    {
        Some(front_end) => {
            exchange(front_end)
                .invoke_function(invocation, record)
                .await
        }
        None => match InvokeApi::operation(original.door) {
            Some(operation) => {
                InvokeApi::repeat(operation, pool, settings.network, invocation, record).await
            }
            None => exchange(FrontEnd::Url).invoke(invocation, record).await,
        },
    };
    let mut body = response.into_body();
    while let Some(Ok(_)) = body.frame().await {}
}
