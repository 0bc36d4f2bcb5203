//! Heads of responses, as a handler gives them: what is accepted is one JSON document that says the
//! same, and nothing but visible text.
#![no_main]

use bootstream_host::response::{DELIMITER, PRELUDE_LIMIT_BYTES, Prelude};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|head: (u16, Vec<(String, String)>, Vec<String>)| {
    let (status, headers, cookies) = head;
    let Ok(prelude) = Prelude::encode(status, headers, cookies.clone()) else {
        return;
    };
    let bytes = prelude.into_bytes();
    assert!(bytes.len() <= PRELUDE_LIMIT_BYTES);
    let json = bytes.strip_suffix(&DELIMITER).expect("the delimiter is at the end");
    assert!(!json.contains(&0) && !json.contains(&b'\r') && !json.contains(&b'\n'));
    let document: serde_json::Value = serde_json::from_slice(json).expect("JSON");
    assert_eq!(document["statusCode"], status);
    let sent = document["cookies"].as_array().map_or(0, Vec::len);
    assert!(sent >= cookies.len());
});
