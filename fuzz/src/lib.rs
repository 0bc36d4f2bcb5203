//! Properties of every parser of untrusted bytes.
//!
//! Each module has one `check`, which panics if its property does not hold. `fuzz_targets/` calls it with
//! libFuzzer's inputs, `tests/corpus.rs` with the corpus.
#![warn(missing_docs)]

pub mod answer;
pub mod capsule;
pub mod configuration;
pub mod event;
pub mod event_stream;
pub mod fingerprint;
pub mod front_end;
mod front_ends;
pub mod guest_spans;
pub mod headers;
pub mod next;
pub mod prelude;
pub mod server_sent_events;
pub mod sign;
pub mod trace;

/// Panics if the property does not hold for these bytes.
pub type Check = fn(&[u8]);

/// All checks by name.
pub const CHECKS: [(&str, Check); 14] = [
    ("answer", answer::check),
    ("event", event::check),
    ("front_end", front_end::check),
    ("prelude", prelude::check),
    ("headers", headers::check),
    ("configuration", configuration::check),
    ("next", next::check),
    ("fingerprint", fingerprint::check),
    ("sign", sign::check),
    ("server_sent_events", server_sent_events::check),
    ("event_stream", event_stream::check),
    ("trace", trace::check),
    ("capsule", capsule::check),
    ("guest_spans", guest_spans::check),
];

/// Separates the texts of an input. None of them may contain it.
const SEPARATOR: char = '\u{1f}';

/// Splits `bytes` into texts, if they are valid UTF-8.
fn texts(bytes: &[u8]) -> Option<impl Iterator<Item = &str>> {
    Some(std::str::from_utf8(bytes).ok()?.split(SEPARATOR))
}
