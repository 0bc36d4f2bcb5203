//! What handlers in Python can do with packages of others.

use bootstream_test_support::process::Running;
use bootstream_test_support::recorder::Recorder;
use serde_json::{Value, json};

use super::PYTHON;

/// The document that has this metric.
#[track_caller]
fn document(host: &Running, metric: &str) -> Value {
    let has = |line: &str| line.contains("\"_aws\"") && line.contains(&format!("\"{metric}\""));
    serde_json::from_str(&host.line(metric, has)).expect("the line is one document")
}

/// AWS's Powertools print documents of metrics, one for the cold start. Each is an event of the log of its own, with the
/// id of the invocation.
#[test]
fn metrics_of_powertools_are_documents_with_the_id_of_the_invocation() {
    for format in ["Text", "JSON"] {
        let lambda = Recorder::start();
        lambda.script("id-1", &json!([{"print_metrics": 7}, {"write": "done"}]));
        let host = PYTHON
            .host(&lambda)
            .env("AWS_LAMBDA_LOG_FORMAT", format)
            .env("AWS_LAMBDA_FUNCTION_NAME", "orders")
            .start();
        assert_eq!(lambda.complete_response("id-1").body(), "done");

        let (sold, start) = (document(&host, "Sold"), document(&host, "ColdStart"));
        assert_eq!(sold["Sold"], json!([7.0]));
        assert_eq!(start["function_name"], "orders");
        for document in [&sold, &start] {
            assert_eq!(document["requestId"], "id-1");
            assert_eq!(document["service"], "orders");
            let directive = &document["_aws"]["CloudWatchMetrics"][0];
            assert_eq!(directive["Namespace"], "Shop", "{document:#}");
        }
    }
}
