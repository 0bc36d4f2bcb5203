//! The records as JSON, for the console and for programs.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use serde_json::{Value, json};

use super::mask::Secrets;
use super::record::{Process, Record, Verdict};
use crate::failure::Failure;

/// Number of steps in the overview of a stream.
const STRIP_STEPS: usize = 60;

/// What a reader of changes has of a record.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Delta {
    pub(crate) chunks: usize,
    pub(crate) logs: usize,
}

impl Delta {
    /// Returns the chunks that are new or may have changed. The last one a reader has may have grown.
    pub(crate) fn chunks(&mut self, record: &Record) -> Option<Value> {
        let from = self.chunks.saturating_sub(1);
        let chunks = record.chunks.json(from);
        self.chunks = record.chunks.kept().len();
        (!chunks.is_empty()).then(|| json!({ "requestId": record.id, "timeline": chunks }))
    }

    /// Returns the new lines of output.
    pub(crate) fn logs(&mut self, record: &Record) -> Option<Value> {
        let lines = record.logs.json(self.logs);
        self.logs = record.logs.len();
        (!lines.is_empty()).then(|| json!({ "requestId": record.id, "logs": lines }))
    }
}

/// Returns a row of the list.
pub(crate) fn summary(record: &Record) -> Value {
    let first = record.chunks.kept().first();
    let end = record.end.as_ref();
    let failure = failure(record);
    json!({
        "type": "invocation",
        "number": record.number,
        "requestId": record.id,
        "request": format!("{} {}", record.line.method, record.line.uri.path()),
        "function": record.function,
        "door": record.door,
        "startedAt": unix_millis(record.started_at),
        "running": record.is_running(),
        "status": record.status.map(|status| status.as_u16()),
        "firstByteMs": first.map(|chunk| millis(chunk.at_sent)),
        "totalMs": end.map(|(at, _)| millis(*at)),
        "bytes": record.body.total(),
        "chunks": record.chunks.number(),
        "outcome": end.map(|(_, verdict)| outcome(verdict)),
        "error": end.and_then(|(_, verdict)| error(verdict)),
        "errorType": failure.map(|failure| &failure.error_type),
        "stackTrace": failure.map_or(&[][..], |failure| &failure.stack_trace),
        "cold": record.process.as_ref().is_some_and(|process| process.is_first),
        "failedInStream": failure.is_some() && first.is_some(),
        "slowReader": record.has_slow_reader(),
        "resentFrom": record.resent_from,
        "strip": strip(record),
    })
}

/// Returns all that is known of an invocation but its body.
pub(crate) fn details(record: &Record, secrets: Secrets) -> Value {
    let mut object = summary(record);
    let clock = |time| record.micros_of(time);
    let more = json!({
        "requestHead": {
            "method": record.line.method.as_str(),
            "target": record.line.uri.to_string(),
            "headers": headers(&record.headers, secrets),
        },
        "requestBody": bytes(&record.request_body),
        "requestBodyBytes": record.request_body_bytes,
        "event": secrets.document(&String::from_utf8_lossy(&record.event)),
        "context": headers(&record.context, secrets),
        "process": record.process.as_ref().map(process),
        "prelude": prelude(record, secrets),
        "head": record.head.as_ref().map(|head| json!({
            "status": head.status.as_u16(),
            "reason": head.reason.as_ref().map(|reason| String::from_utf8_lossy(reason)),
            "headers": headers(&head.headers, secrets),
        })),
        "warnings": record.warnings,
        "timeline": record.chunks.json(0),
        "waitedMs": millis(record.waits().1),
        "body": body(record),
        "logs": record.logs.json(0),
        "logsDropped": record.logs.dropped(),
        "outbound": outbound(record),
        "guest": record.trace.guest_json(&clock),
        "spans": record.trace.spans_json(&clock),
        "spansDropped": record.trace.dropped(),
        "usage": record.usage.as_ref().map(crate::observer::Usage::to_json),
        "failure": failure(record).map(failure_object),
    });
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    object
}

/// Returns the outbound requests, with the times at which they ended.
fn outbound(record: &Record) -> Vec<Value> {
    let requests = record.outbound.iter().map(|(at, request)| {
        let mut object = request.to_json();
        if let Some(object) = object.as_object_mut() {
            object.insert("at".to_owned(), json!(at));
        }
        object
    });
    requests.collect()
}

fn prelude(record: &Record, secrets: Secrets) -> Option<String> {
    let document = record.head.as_ref()?.document.as_ref()?;
    let text = String::from_utf8_lossy(document);
    Some(secrets.document(&text).into_owned())
}

fn process(process: &Process) -> Value {
    json!({
        "pid": process.pid,
        "cold": process.is_first,
        "handlerSha256": process.handler,
        "memoryMib": process.memory_mib,
        "timeoutSeconds": process.timeout.as_secs(),
    })
}

fn body(record: &Record) -> Value {
    let kept = record.body.kept();
    let kept = kept.iter().filter(|range| !range.is_empty());
    json!({
        "bytes": record.body.total(),
        "sha256": record.body.sha256(),
        "kept": kept.map(|range| [range.start, range.end]).collect::<Vec<_>>(),
    })
}

fn failure_object(failure: &Failure) -> Value {
    json!({
        "type": failure.error_type,
        "message": failure.message,
        "stackTrace": failure.stack_trace,
        "document": String::from_utf8_lossy(&failure.document),
    })
}

/// Returns header lines in order, as pairs. Bytes that are not UTF-8 are replaced.
pub(super) fn headers(headers: &HeaderMap, secrets: Secrets) -> Vec<[String; 2]> {
    let pairs = headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        let value = secrets.header(name.as_str(), &value).into_owned();
        [name.as_str().to_owned(), value]
    });
    pairs.collect()
}

/// Returns text as it is, and other bytes in base64.
pub(super) fn bytes(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => json!({ "text": text }),
        Err(_) => json!({ "base64": STANDARD.encode(bytes) }),
    }
}

fn failure(record: &Record) -> Option<&Failure> {
    match record.end.as_ref()? {
        (_, Verdict::Failed(failure)) => Some(failure),
        _ => None,
    }
}

fn outcome(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Complete => "complete",
        Verdict::Failed(_) => "failed",
        Verdict::Rejected(_) => "rejected",
        Verdict::Abandoned => "abandoned",
    }
}

fn error(verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::Complete => None,
        Verdict::Failed(failure) => Some(failure.to_string()),
        Verdict::Rejected(reason) => Some(reason.clone()),
        Verdict::Abandoned => Some("the caller left; the handler continues".to_owned()),
    }
}

/// Returns an overview of the stream: the bytes sent in each of equal steps.
fn strip(record: &Record) -> Vec<usize> {
    let span = record.span().max(1);
    let mut steps = vec![0; STRIP_STEPS];
    for chunk in record.chunks.kept() {
        let step = u128::from(chunk.at_sent) * (STRIP_STEPS as u128) / u128::from(span);
        let step = usize::try_from(step)
            .unwrap_or(usize::MAX)
            .min(STRIP_STEPS - 1);
        if let Some(bytes) = steps.get_mut(step) {
            *bytes += chunk.bytes.max(1);
        }
    }
    steps
}

/// Converts microseconds to milliseconds.
pub(super) fn millis(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64() * 1e3
}

pub(super) fn unix_millis(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}
