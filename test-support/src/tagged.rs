//! Several invocations at once, each with a response that identifies it.

use serde_json::{Value, json};

use crate::recorder::Exchange;
use crate::steps::write;

/// Number of invocations at once.
pub const WORKERS: usize = 4;

/// Their request ids.
pub const IDS: [&str; WORKERS] = ["id-1", "id-2", "id-3", "id-4"];

/// Ten chunks that contain the id, with pauses that let the others run.
pub fn tagged(id: &str) -> impl Iterator<Item = Value> {
    (0..10).flat_map(move |n| [write(&format!("{id}:{n} ")), json!({"sleep_ms": 50})])
}

#[track_caller]
pub fn assert_tagged(response: &Exchange, id: &str) {
    let expected: String = (0..10).map(|n| format!("{id}:{n} ")).collect();
    assert_eq!(response.body(), expected);
    response.assert_clean_end();
}
