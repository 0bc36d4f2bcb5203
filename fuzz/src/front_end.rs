//! Which front end an event is from.

use bootstream_host::front_end::FrontEnd;
use serde_json::{Map, Value};

/// The order of the keys changes nothing, nor does what stands behind them. The input is an event.
///
/// # Panics
///
/// When it does.
pub fn check(bytes: &[u8]) {
    let _ = FrontEnd::of(bytes);
    let Ok(event) = serde_json::from_slice::<Map<String, Value>>(bytes) else {
        return;
    };
    let sorted = FrontEnd::of(written(event.iter()).as_bytes());
    let reversed = FrontEnd::of(written(event.iter().rev()).as_bytes());
    assert_eq!(sorted, reversed);
}

fn written<'a>(entries: impl Iterator<Item = (&'a String, &'a Value)>) -> String {
    let entries = entries.map(|(key, value)| format!("{}:{value}", Value::from(key.as_str())));
    format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
}
