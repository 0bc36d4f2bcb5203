//! Documents of X-Ray, as they come to its daemon.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::observer::{InitPhase, TraceSpan};

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
    start_time: f64,
    end_time: Option<f64>,
    #[serde(default)]
    fault: bool,
    #[serde(default)]
    error: bool,
    namespace: Option<String>,
    http: Option<Http>,
    #[serde(default)]
    metadata: BTreeMap<String, serde_json::Value>,
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

/// Returns the spans in a datagram, without those that [`crate::observer`] has from the log. None if it is not one of
/// X-Ray.
pub(super) fn spans(datagram: &[u8]) -> Vec<TraceSpan> {
    let mut parts = datagram.splitn(2, |byte| *byte == b'\n');
    let header = parts.next().unwrap_or_default();
    let has_header = serde_json::from_slice::<Header>(header).is_ok_and(|it| it.is_known());
    let document = parts.next().filter(|_| has_header);
    let Some(Ok(segment)) = document.map(serde_json::from_slice::<Segment>) else {
        return Vec::new();
    };
    let is_ours = segment.metadata.contains_key("bootstream");
    let mut spans = Vec::new();
    if is_ours {
        for child in segment
            .subsegments
            .into_iter()
            .filter(|it| it.namespace.is_none())
        {
            add(child, DEPTH_LIMIT, &mut spans);
        }
    } else {
        add(segment, DEPTH_LIMIT, &mut spans);
    }
    spans
}

fn add(segment: Segment, depth: usize, spans: &mut Vec<TraceSpan>) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    let (request, response) = segment
        .http
        .map_or((None, None), |http| (http.request, http.response));
    let request = request.and_then(|it| Some((it.method?, it.url?)));
    // One that is under way has no end, and comes again.
    if let Some(ended) = segment.end_time {
        spans.push(TraceSpan {
            id: segment.id,
            name: segment.name,
            is_remote: segment.namespace.is_some(),
            request,
            status: response.and_then(|it| it.status),
            is_failure: segment.fault || segment.error,
            milliseconds: (ended - segment.start_time).max(0.0) * 1e3,
            phases: phases(&segment.metadata),
        });
    }
    for child in segment.subsegments {
        add(child, depth, spans);
    }
}

/// The phases of a start in the metadata of `bootstrap`.
fn phases(metadata: &BTreeMap<String, serde_json::Value>) -> Vec<InitPhase> {
    let ours = metadata
        .get("bootstream")
        .and_then(serde_json::Value::as_object);
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

    fn read(document: &serde_json::Value) -> Vec<TraceSpan> {
        spans(format!("{{\"format\":\"json\",\"version\":1}}\n{document}").as_bytes())
    }

    #[test]
    fn the_spans_of_any_runtime_are_read_with_their_requests() {
        let document = json!({
            "id": "1", "name": "handler", "start_time": 1.0, "end_time": 1.5,
            "subsegments": [
                {"id": "2", "name": "a.example", "namespace": "remote", "start_time": 1.0, "end_time": 1.25, "fault": true,
                 "http": {"request": {"method": "GET", "url": "https://a.example/x"}, "response": {"status": 503}}},
                {"id": "3", "name": "open", "start_time": 1.0, "in_progress": true},
            ],
        });
        let spans = read(&document);
        assert_eq!(spans.len(), 2);
        assert_eq!(spans[0].milliseconds, 500.0);
        let call = &spans[1];
        assert_eq!(
            (call.status, call.is_failure, call.is_remote),
            (Some(503), true, true)
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
        let spans = read(&document);
        assert_eq!(spans.len(), 1);
        let names: Vec<_> = spans[0]
            .phases
            .iter()
            .map(|it| (it.name.as_str(), it.milliseconds))
            .collect();
        assert_eq!(names, [("config", 0.25), ("load", 1.5)]);
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
            assert!(spans(datagram.as_bytes()).is_empty(), "{datagram}");
        }
        assert!(read(&deep).len() <= DEPTH_LIMIT);
    }
}
