//! What has to hold for every parser of outside bytes, whatever the bytes are.
//!
//! Each module has one `check`, which panics if it does not hold. `fuzz_targets/` calls it with what
//! libFuzzer makes up, `tests/corpus.rs` with what was worth keeping.
#![warn(missing_docs)]

pub mod answer;
pub mod configuration;
pub mod event;
pub mod fingerprint;
pub mod front_end;
pub mod headers;
pub mod next;
pub mod prelude;

/// Panics if something does not hold for these bytes.
pub type Check = fn(&[u8]);

/// The checks by their names.
pub const CHECKS: [(&str, Check); 8] = [
    ("answer", answer::check),
    ("event", event::check),
    ("front_end", front_end::check),
    ("prelude", prelude::check),
    ("headers", headers::check),
    ("configuration", configuration::check),
    ("next", next::check),
    ("fingerprint", fingerprint::check),
];

/// Stands between the parts of an input that consists of texts, in which it cannot occur.
const SEPARATOR: char = '\u{1f}';

/// The texts that `bytes` are, if they are any.
fn texts(bytes: &[u8]) -> Option<impl Iterator<Item = &str>> {
    Some(std::str::from_utf8(bytes).ok()?.split(SEPARATOR))
}
