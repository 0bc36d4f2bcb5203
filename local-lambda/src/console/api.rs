//! The routes of the console.

use std::ops::Range;

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_RANGE, ETAG, HeaderValue, IF_NONE_MATCH,
};
use http::request::Parts;
use http::{HeaderMap, Method, Response, StatusCode};
use http_body_util::Either;
use hyper::body::Incoming;
use lambda_protocol::limits::PAYLOAD_LIMIT_BYTES;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::Console;
use super::events::Events;
use super::reply::{ConsoleBody, bytes, error, json, reply};
use crate::body::{BodyError, read_limited};
use crate::environment::Pool;
use crate::frontend::{Original, json_event, predict, resend};
use crate::recorder::{Record, Secrets, details, har, summary};

/// Largest request body: an event in an object, in bytes.
const BODY_LIMIT_BYTES: usize = PAYLOAD_LIMIT_BYTES + 64;

/// What `resend` takes.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ResendRequest {
    /// The event. Default: that of the invocation.
    #[serde(default)]
    event: Option<Box<RawValue>>,
}

impl Console {
    /// Serves a request that the guard has let pass.
    pub(super) async fn route(&self, request: &Parts, body: Incoming) -> Response<ConsoleBody> {
        let path = request.uri.path().to_owned();
        let Some(route) = path.strip_prefix("/api/") else {
            return self.asset(request, &path);
        };
        let segments: Vec<_> = route.split('/').collect();
        match (segments.as_slice(), &request.method) {
            (["functions"], &Method::GET) => json(StatusCode::OK, &self.functions()),
            (["events"], &Method::GET) => self.events(request),
            (["invocations"], &Method::GET) => self.list(request),
            (["invocations"], &Method::DELETE) => {
                self.recorder.clear();
                json(StatusCode::OK, &json!({}))
            }
            (["invocations", id], &Method::GET) => self.details(id, request),
            (["invocations", id, "body"], &Method::GET) => self.body(id, request),
            (["invocations", id, "resend"], &Method::POST) => match read(body).await {
                Ok(body) => self.resend(id, &body),
                Err((status, message)) => error(status, &message),
            },
            (["functions" | "events"] | ["invocations", ..], _) => not_allowed(),
            _ => error(StatusCode::NOT_FOUND, "there is nothing at this path"),
        }
    }

    fn asset(&self, request: &Parts, path: &str) -> Response<ConsoleBody> {
        if request.method != Method::GET && request.method != Method::HEAD {
            return not_allowed();
        }
        let Some(file) = self.assets.at(path) else {
            return error(StatusCode::NOT_FOUND, "there is nothing at this path");
        };
        let is_known = request.headers.get(IF_NONE_MATCH);
        let is_known = is_known.is_some_and(|known| known.as_bytes() == file.etag.as_bytes());
        let mut response = if is_known {
            bytes(StatusCode::NOT_MODIFIED, file.content_type, Bytes::new())
        } else {
            bytes(StatusCode::OK, file.content_type, file.bytes)
        };
        insert(response.headers_mut(), ETAG, &file.etag);
        insert(response.headers_mut(), CACHE_CONTROL, "no-cache");
        response
    }

    fn functions(&self) -> Value {
        let functions = self.functions.now();
        let object = |pool: &Pool| {
            let config = pool.config();
            json!({
                "name": config.function_name,
                "arn": pool.function_arn(),
                "memoryMib": config.memory_mib,
                "timeoutSeconds": config.timeout.as_secs(),
            })
        };
        json!({
            "run": self.recorder.run(),
            "endpoint": format!("http://{}", self.address),
            "functions": functions.all().map(object).collect::<Vec<_>>(),
        })
    }

    fn events(&self, request: &Parts) -> Response<ConsoleBody> {
        let last = request.headers.get("last-event-id");
        let last = last.and_then(|it| it.to_str().ok());
        let last = last.or_else(|| parameter(request, "since"));
        let events = Events::after(self.recorder.clone(), last);
        reply(StatusCode::OK, "text/event-stream", Either::Right(events))
    }

    fn list(&self, request: &Parts) -> Response<ConsoleBody> {
        let since = match parameter(request, "since").map(str::parse) {
            None => 0,
            Some(Ok(since)) => since,
            Some(Err(_)) => {
                return error(
                    StatusCode::BAD_REQUEST,
                    "`since` is a `version` of an earlier list",
                );
            }
        };
        let version = *self.recorder.versions().borrow();
        let invocations = self.recorder.changed_since(since, summary);
        let list = json!({
            "run": self.recorder.run(),
            "version": version,
            "invocations": invocations,
        });
        json(StatusCode::OK, &list)
    }

    fn details(&self, id: &str, request: &Parts) -> Response<ConsoleBody> {
        let secrets = match parameter(request, "secrets") {
            None => Secrets::Masked,
            Some("show") => Secrets::Shown,
            Some(_) => return error(StatusCode::BAD_REQUEST, "`secrets` can be `show`"),
        };
        let found = match id.strip_suffix(".har") {
            Some(id) => {
                let address = self.address.to_string();
                let read = |record: &Record| har(record, &address, secrets);
                self.recorder.read(id, read)
            }
            None => self.recorder.read(id, |record| {
                let mut object = details(record, secrets);
                insert_field(&mut object, "predicted", predict(record));
                object
            }),
        };
        found.map_or_else(unknown, |object| json(StatusCode::OK, &object))
    }

    fn body(&self, id: &str, request: &Parts) -> Response<ConsoleBody> {
        let number = |name| {
            parameter(request, name)
                .map(str::parse::<usize>)
                .transpose()
        };
        let (Ok(from), Ok(to)) = (number("from"), number("to")) else {
            return error(
                StatusCode::BAD_REQUEST,
                "`from` and `to` are numbers of bytes",
            );
        };
        let Some(sliced) = self.recorder.read(id, |record| slice(record, from, to)) else {
            return unknown();
        };
        let (range, total, content) = match sliced {
            Ok(sliced) => sliced,
            Err(message) => return error(StatusCode::RANGE_NOT_SATISFIABLE, &message),
        };
        let is_whole = range == (0..total);
        let status = if is_whole {
            StatusCode::OK
        } else {
            StatusCode::PARTIAL_CONTENT
        };
        let mut response = bytes(status, "application/octet-stream", content);
        let headers = response.headers_mut();
        insert(headers, CONTENT_DISPOSITION, "attachment");
        if !is_whole && !range.is_empty() {
            let value = format!("bytes {}-{}/{total}", range.start, range.end - 1);
            insert(headers, CONTENT_RANGE, &value);
        }
        response
    }

    fn resend(&self, id: &str, body: &[u8]) -> Response<ConsoleBody> {
        let request: ResendRequest = match body {
            [] => ResendRequest::default(),
            body => match serde_json::from_slice(body) {
                // A list would pass for an object whose fields are in order.
                Ok(request) if body.trim_ascii_start().starts_with(b"{") => request,
                Ok(_) => {
                    return error(
                        StatusCode::BAD_REQUEST,
                        "the body is not `{\"event\": ...}`",
                    );
                }
                Err(reason) => {
                    let message = format!("the body is not `{{\"event\": ...}}`: {reason}");
                    return error(StatusCode::BAD_REQUEST, &message);
                }
            },
        };
        let Some(mut original) = self.recorder.read(id, Original::of) else {
            return unknown();
        };
        if let Some(event) = request.event {
            let event = Bytes::from(Box::<str>::from(event).into_string());
            match json_event(event) {
                Ok(event) => original.event = event,
                Err(reason) => return error(StatusCode::BAD_REQUEST, &reason.message),
            }
        }
        if original.event.len() > PAYLOAD_LIMIT_BYTES {
            let message = format!("an event has at most {PAYLOAD_LIMIT_BYTES} bytes");
            return error(StatusCode::PAYLOAD_TOO_LARGE, &message);
        }
        let functions = self.functions.now();
        let Some(pool) = functions.named(&original.function) else {
            let message = format!("there is no function `{}` any more", original.function);
            return error(StatusCode::GONE, &message);
        };
        let id = resend(original, pool, &self.settings, self.observer.clone());
        json(StatusCode::ACCEPTED, &json!({ "requestId": id }))
    }
}

/// Returns part of a body: its range, the size of the whole, and the bytes. Without an end, as much as is
/// kept without a gap.
fn slice(
    record: &Record,
    from: Option<usize>,
    to: Option<usize>,
) -> Result<(Range<usize>, usize, Bytes), String> {
    let total = record.body.total();
    let from = from.unwrap_or(0);
    let kept = record.body.kept();
    let end_of_kept = kept
        .iter()
        .find(|kept| kept.contains(&from))
        .map_or(from, |kept| kept.end);
    let range = from..to.unwrap_or(end_of_kept);
    let missing = || {
        let [first, last] = &kept;
        format!(
            "of {total} bytes, those from {} to {} and from {} to {} are kept",
            first.start, first.end, last.start, last.end
        )
    };
    let content = record.body.slice(range.clone()).ok_or_else(missing)?;
    Ok((range, total, content))
}

async fn read(body: Incoming) -> Result<Bytes, (StatusCode, String)> {
    read_limited(body, BODY_LIMIT_BYTES)
        .await
        .map_err(|reason| match reason {
            BodyError::TooLarge(_) => {
                let message = format!("an event has at most {PAYLOAD_LIMIT_BYTES} bytes");
                (StatusCode::PAYLOAD_TOO_LARGE, message)
            }
            BodyError::Truncated(reason) => (StatusCode::BAD_REQUEST, reason.to_string()),
        })
}

fn parameter<'a>(request: &'a Parts, name: &str) -> Option<&'a str> {
    let pairs = request.uri.query().unwrap_or_default().split('&');
    pairs
        .filter_map(|pair| pair.split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

fn unknown() -> Response<ConsoleBody> {
    let message = "there is no such invocation: the last 200 are kept, up to 64 MiB";
    error(StatusCode::NOT_FOUND, message)
}

fn not_allowed() -> Response<ConsoleBody> {
    let mut response = error(
        StatusCode::METHOD_NOT_ALLOWED,
        "this path has another method",
    );
    insert(response.headers_mut(), ALLOW, "GET, POST, DELETE");
    response
}

/// Adds a field to an object.
fn insert_field(object: &mut Value, name: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

fn insert(headers: &mut HeaderMap, name: http::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}
