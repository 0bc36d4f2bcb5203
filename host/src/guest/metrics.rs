//! Metrics in a handler's output: documents in `CloudWatch`'s embedded metric format (EMF).
//!
//! `CloudWatch` looks for a JSON object with a member `_aws` in which `CloudWatchMetrics` is a list. It
//! extracts metrics from a log event only if the event is this document and nothing else.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::logging::is_control;

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

/// Whether `line` is such a document, and can be logged as it is.
pub(super) fn is_metrics(line: &str) -> bool {
    line.as_bytes().first() == Some(&DOCUMENT_START)
        && line.contains("\"_aws\"")
        && !line.contains(is_control)
        && serde_json::from_str::<Document>(line).is_ok_and(|document| document.is_metrics())
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
            assert!(is_metrics(line), "{line}");
        }
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
            assert!(!is_metrics(line), "{line}");
        }
    }

    #[test]
    fn a_document_of_brackets_is_refused_before_it_takes_the_stack() {
        let deep = format!(r#"{{"_aws":{}"#, "[".repeat(200_000));
        assert!(!is_metrics(&deep));
    }
}
