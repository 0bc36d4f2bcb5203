//! Documents of X-Ray, as they come to its daemon.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::Value;

use crate::observer::{InitPhase, SpanKind, TraceSpan};

/// Deepest level of subsegments that is read.
const DEPTH_LIMIT: usize = 16;

#[derive(Deserialize)]
struct Header {
    format: String,
    version: u32,
}

impl Header {
    fn is_known(&self) -> bool {
        self.format == "json" && self.version == 1
    }
}

#[derive(Deserialize)]
struct Segment {
    id: String,
    #[serde(default)]
    name: String,
    parent_id: Option<String>,
    start_time: f64,
    end_time: Option<f64>,
    #[serde(default)]
    fault: bool,
    #[serde(default)]
    error: bool,
    namespace: Option<String>,
    http: Option<Http>,
    #[serde(default)]
    annotations: BTreeMap<String, Value>,
    #[serde(default)]
    metadata: BTreeMap<String, Value>,
    #[serde(default)]
    subsegments: Vec<Self>,
}

#[derive(Deserialize)]
struct Http {
    request: Option<HttpRequest>,
    response: Option<HttpResponse>,
}

#[derive(Deserialize)]
struct HttpRequest {
    method: Option<String>,
    url: Option<String>,
}

#[derive(Deserialize)]
struct HttpResponse {
    status: Option<u16>,
}

/// The spans in a datagram.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// Without those that [`crate::observer`] has from the log.
    pub(super) spans: Vec<TraceSpan>,
    /// Whether `bootstrap` has sent it, which tells a collector more.
    pub(super) is_own: bool,
}

/// Returns the spans in a datagram, none if it is not one of X-Ray.
pub(super) fn read(datagram: &[u8]) -> Document {
    let mut parts = datagram.splitn(2, |byte| *byte == b'\n');
    let header = parts.next().unwrap_or_default();
    let has_header = serde_json::from_slice::<Header>(header).is_ok_and(|it| it.is_known());
    let document = parts.next().filter(|_| has_header);
    let Some(Ok(segment)) = document.map(serde_json::from_slice::<Segment>) else {
        return Document::default();
    };
    let is_own = segment.metadata.contains_key("bootstream");
    let mut spans = Vec::new();
    if is_own {
        for child in segment
            .subsegments
            .into_iter()
            .filter(|it| it.namespace.is_none())
        {
            add(child, None, DEPTH_LIMIT, &mut spans);
        }
    } else {
        add(segment, None, DEPTH_LIMIT, &mut spans);
    }
    Document { spans, is_own }
}

fn add(segment: Segment, above: Option<&str>, depth: usize, spans: &mut Vec<TraceSpan>) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    let (request, response) = segment
        .http
        .map_or((None, None), |http| (http.request, http.response));
    let request = request.and_then(|it| Some((it.method?, it.url?)));
    // One that is under way has no end, and comes again.
    if let Some(ended) = segment.end_time {
        let is_remote = segment.namespace.is_some();
        spans.push(TraceSpan {
            id: segment.id.clone(),
            parent: above.map(str::to_owned).or(segment.parent_id),
            name: segment.name,
            kind: if is_remote {
                SpanKind::Client
            } else {
                SpanKind::Internal
            },
            scope: String::new(),
            began: time(segment.start_time),
            ended: time(ended),
            request,
            status: response.and_then(|it| it.status),
            is_failure: segment.fault || segment.error,
            attributes: attributes(segment.annotations),
            events: Vec::new(),
            phases: phases(&segment.metadata),
        });
    }
    for child in segment.subsegments {
        add(child, Some(&segment.id), depth, spans);
    }
}

/// Converts seconds since 1970. Returns 1970 for any other number.
fn time(seconds: f64) -> SystemTime {
    let since = Duration::try_from_secs_f64(seconds).ok();
    let time = since.and_then(|since| UNIX_EPOCH.checked_add(since));
    time.unwrap_or(UNIX_EPOCH)
}

fn attributes(annotations: BTreeMap<String, Value>) -> Vec<(String, String)> {
    let text = |value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let pairs = annotations.into_iter();
    pairs.map(|(name, value)| (name, text(value))).collect()
}

/// The phases of a start in the metadata of `bootstrap`.
fn phases(metadata: &BTreeMap<String, Value>) -> Vec<InitPhase> {
    let ours = metadata.get("bootstream").and_then(Value::as_object);
    let phases = ours.into_iter().flatten().filter_map(|(name, value)| {
        Some(InitPhase {
            name: name.strip_suffix("_us")?.to_owned(),
            milliseconds: value.as_f64()? / 1e3,
        })
    });
    phases.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spans_of(document: &Value) -> Vec<TraceSpan> {
        read(format!("{{\"format\":\"json\",\"version\":1}}\n{document}").as_bytes()).spans
    }

    #[test]
    fn the_spans_of_any_runtime_are_read_with_their_requests() {
        let document = json!({
            "id": "1", "name": "handler", "start_time": 1.0, "end_time": 1.5, "parent_id": "0",
            "annotations": {"cold": true, "tier": "gold"},
            "subsegments": [
                {"id": "2", "name": "a.example", "namespace": "remote", "start_time": 1.0, "end_time": 1.25, "fault": true,
                 "http": {"request": {"method": "GET", "url": "https://a.example/x"}, "response": {"status": 503}}},
                {"id": "3", "name": "open", "start_time": 1.0, "in_progress": true},
            ],
        });
        let spans = spans_of(&document);
        assert_eq!(spans.len(), 2);
        assert_eq!(spans[0].duration(), Duration::from_millis(500));
        assert_eq!(spans[0].parent.as_deref(), Some("0"));
        let pairs = spans[0].attributes.iter();
        let pairs: Vec<_> = pairs
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(pairs, [("cold", "true"), ("tier", "gold")]);
        let call = &spans[1];
        assert_eq!(call.parent.as_deref(), Some("1"));
        assert_eq!(
            (call.status, call.is_failure, call.kind),
            (Some(503), true, SpanKind::Client)
        );
        assert_eq!(
            call.request,
            Some(("GET".to_owned(), "https://a.example/x".to_owned()))
        );
    }

    #[test]
    fn of_bootstrap_those_are_left_that_its_log_does_not_have() {
        let phases = json!({"bootstream": {"config_us": 250, "load_us": 1500}});
        let document = json!({
            "id": "1", "name": "handler", "start_time": 1.0, "end_time": 1.5, "metadata": {"bootstream": {}},
            "subsegments": [
                {"id": "2", "name": "init", "start_time": 0.5, "end_time": 0.75, "metadata": phases},
                {"id": "3", "name": "a", "namespace": "remote", "start_time": 1.0, "end_time": 1.25},
            ],
        });
        let spans = spans_of(&document);
        assert_eq!(spans.len(), 1);
        assert_eq!(spans[0].parent, None, "its parent is not in the document");
        let names: Vec<_> = spans[0]
            .phases
            .iter()
            .map(|it| (it.name.as_str(), it.milliseconds))
            .collect();
        assert_eq!(names, [("config", 0.25), ("load", 1.5)]);
    }

    #[test]
    fn an_impossible_time_is_1970() {
        for seconds in [-1.0, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(time(seconds), UNIX_EPOCH, "{seconds}");
        }
        assert_eq!(time(1.5), UNIX_EPOCH + Duration::from_millis(1500));
    }

    #[test]
    fn what_is_no_document_is_ignored() {
        let deep = (0..1000).fold(
            json!({"id": "1", "start_time": 1}),
            |inner, _| json!({"id": "1", "start_time": 1, "end_time": 2, "subsegments": [inner]}),
        );
        for datagram in [
            "",
            "{}",
            "{}\n{}",
            "{\"format\":\"json\",\"version\":1}\n[]",
            "\u{e9}",
        ] {
            assert!(read(datagram.as_bytes()).spans.is_empty(), "{datagram}");
        }
        assert!(spans_of(&deep).len() <= DEPTH_LIMIT);
    }
}
