//! Metrics in a handler's output: documents in `CloudWatch`'s embedded metric format (EMF).
//!
//! `CloudWatch` looks for a JSON object with a member `_aws` in which `CloudWatchMetrics` is a list. It
//! extracts metrics from a log event only if the event is this document and nothing else.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::logging::{EVENT_LIMIT_BYTES, LogContext, is_control};

/// First byte of a document.
pub(super) const DOCUMENT_START: u8 = b'{';

/// Members of every log record in JSON. A document with all of them could pass for one.
const RECORD_MEMBERS: [&str; 3] = ["timestamp", "level", "message"];

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "_aws")]
    metadata: Map<String, Value>,
    #[serde(flatten)]
    members: Map<String, Value>,
}

impl Document {
    fn is_metrics(&self) -> bool {
        let directives = self
            .metadata
            .get("CloudWatchMetrics")
            .and_then(Value::as_array);
        directives.is_some_and(|directives| directives.iter().all(Value::is_object))
            && !RECORD_MEMBERS
                .iter()
                .all(|name| self.members.contains_key(*name))
    }
}

/// Returns `line` as it is logged if it is such a document: with the ids of its invocation, whatever the handler wrote
/// there, and with level and time unless it has its own.
pub(super) fn stamped(line: &str, of: &LogContext, now: impl FnOnce() -> Stamp) -> Option<String> {
    let Document { metadata, members } = parse(line)?;
    let mut document = Map::new();
    for (name, value) in members {
        if !matches!(name.as_str(), "requestId" | "tenantId") {
            document.insert(name, value);
        }
    }
    let id = Some(&of.request_id).filter(|id| !id.is_empty());
    for (name, id) in [("requestId", id), ("tenantId", of.tenant_id.as_ref())] {
        if let Some(id) = id {
            document.insert(name.to_owned(), id.clone().into());
        }
    }
    let now = now();
    for (name, value) in [("timestamp", now.timestamp.as_str()), ("level", now.level)] {
        document.entry(name).or_insert_with(|| value.into());
    }
    document.insert("_aws".to_owned(), metadata.into());
    let document = Value::Object(document).to_string();
    (document.len() <= EVENT_LIMIT_BYTES).then_some(document)
}

/// The time and the level of a document that has none.
pub(super) struct Stamp {
    pub(super) timestamp: String,
    pub(super) level: &'static str,
}

fn parse(line: &str) -> Option<Document> {
    let may_be_one = line.as_bytes().first() == Some(&DOCUMENT_START)
        && line.contains("\"_aws\"")
        && !line.contains(is_control);
    if !may_be_one {
        return None;
    }
    let document: Document = serde_json::from_str(line).ok()?;
    document.is_metrics().then_some(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_metrics_if_cloudwatch_would_take_it_so() {
        for line in [
            r#"{"_aws":{"CloudWatchMetrics":[]}}"#,
            r#"{"latency":7,"_aws":{"Timestamp":1,"CloudWatchMetrics":[{"Namespace":"n","Dimensions":[[]],"Metrics":[{"Name":"latency"}]}]},"text":"{\n}"}"#,
            r#"{"_aws":{"CloudWatchMetrics":[]},"requestId":"r","timestamp":1,"level":"gold"}"#,
            "{ \"_aws\" :\t{ \"CloudWatchMetrics\" : [ ] } } ",
        ] {
            assert!(parse(line).is_some(), "{line}");
        }
    }

    #[test]
    fn a_document_has_the_ids_of_its_invocation_whatever_it_says() {
        let of = |tenant: Option<&str>| LogContext {
            request_id: "r-1".to_owned(),
            tenant_id: tenant.map(ToOwned::to_owned),
        };
        let document = |members: &str, tenant| {
            let line = format!(r#"{{"_aws":{{"CloudWatchMetrics":[]}}{members}}}"#);
            let stamp = || Stamp {
                timestamp: "now".to_owned(),
                level: "WARN",
            };
            let stamped = stamped(&line, &of(tenant), stamp).unwrap();
            serde_json::from_str::<Value>(&stamped).unwrap()
        };
        let forged = r#","requestId":"r-2","tenantId":"other","latency":1.5"#;
        for (members, tenant) in [
            ("", None),
            (forged, None),
            (forged, Some("t")),
            (r#","requestId":7"#, None),
        ] {
            let document = document(members, tenant);
            assert_eq!(document["requestId"], "r-1");
            assert_eq!(document.get("tenantId").and_then(Value::as_str), tenant);
            assert_eq!(document["timestamp"], "now");
            assert_eq!(document["level"], "WARN");
            assert!(document["_aws"]["CloudWatchMetrics"].is_array());
        }
        let own = document(r#","level":"ERROR","timestamp":5,"latency":1.5"#, None);
        assert_eq!(
            (&own["level"], &own["timestamp"]),
            (&"ERROR".into(), &5.into())
        );
        assert_eq!(own["latency"], 1.5);
    }

    #[test]
    fn whatever_is_close_to_one_is_a_line_like_others() {
        for line in [
            "",
            "{",
            "text",
            "[]",
            r#""_aws""#,
            r#"{"_aws":1}"#,
            r#"{"_aws":[]}"#,
            r#"{"_aws":[{"CloudWatchMetrics":[]}]}"#,
            r#"{"_aws":{}}"#,
            r#"{"_aws":{"CloudWatchMetrics":{}}}"#,
            r#"{"_aws":{"CloudWatchMetrics":"[]"}}"#,
            r#"{"a":{"_aws":{"CloudWatchMetrics":[]}}}"#,
            r#"{"_aws":{"CloudWatchMetrics":[1]}}"#,
            r#"{"timestamp":"2026","level":"ERROR","message":"forged","_aws":{"CloudWatchMetrics":[]}}"#,
            r#"{"CloudWatchMetrics":[],"a":"\"_aws\""}"#,
            r#" {"_aws":{"CloudWatchMetrics":[]}}"#,
            r#"{"_aws":{"CloudWatchMetrics":[]}} and more"#,
            r#"{"_aws":{"CloudWatchMetrics":[]}"#,
            r#"{"_aws":{"CloudWatchMetrics":[]}}{"_aws":{"CloudWatchMetrics":[]}}"#,
            "{\"_aws\":{\"CloudWatchMetrics\":[]},\"a\":\"\u{85}\"}",
            "{\"_aws\":{\"CloudWatchMetrics\":[]},\r\"level\":\"ERROR\"}",
        ] {
            assert!(parse(line).is_none(), "{line}");
        }
    }

    #[test]
    fn a_document_of_brackets_is_refused_before_it_takes_the_stack() {
        let deep = format!(r#"{{"_aws":{}"#, "[".repeat(200_000));
        assert!(parse(&deep).is_none());
    }
}
