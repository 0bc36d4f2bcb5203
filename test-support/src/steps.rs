//! Steps of the scripted guest that many tests use.

use serde_json::{Value, json};

/// Writes a head with a status and nothing else.
pub fn head(status: u16) -> Value {
    json!({"write_headers": {"status": status}})
}

/// Writes a head with status 200 and these headers.
pub fn head_with(headers: &[(&str, &str)]) -> Value {
    json!({"write_headers": {"status": 200, "headers": headers}})
}

pub fn write(text: &str) -> Value {
    json!({ "write": text })
}

/// A step that must have this outcome.
pub fn expect(step: &Value, result: &str) -> Value {
    json!({"expect": {"step": step, "result": result}})
}

/// Waits forever.
pub fn sleep_forever() -> Value {
    json!({"sleep_ms": 24 * 60 * 60 * 1000})
}
