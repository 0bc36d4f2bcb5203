//! Recordings of invocations, as `bootstream replay` reads them.

use bootstream_host::rehearsal::Capsule;

/// Begins a recording in a file. Others are records of a log.
const FILE: &[u8] = b"[\"bootstream-capsule\",";

/// Longest report of what is wrong, in bytes.
const REPORT_BYTES: usize = 1024;

/// A recording has an event, or is refused in one line. What a process was writing when it ended, what a later release
/// adds, and what else is in a log, changes nothing.
///
/// # Panics
///
/// When there is no event, the report is not one line, or something else is read with the additions.
pub fn check(bytes: &[u8]) {
    let capsule = match Capsule::parse(bytes) {
        Ok(capsule) => capsule,
        Err(error) => {
            let error = error.to_string();
            let is_line = !error.is_empty() && !error.contains(['\n', '\r']);
            assert!(is_line && error.len() <= REPORT_BYTES, "{error}");
            return;
        }
    };
    assert!(capsule.event().is_some());
    let again = |parts: &[&[u8]]| Capsule::parse(&parts.concat());
    if !bytes.starts_with(FILE) {
        assert_eq!(again(&[b"2026-11-29T12:00:00Z id ", bytes]), Ok(capsule));
    } else if bytes.ends_with(b"\n") {
        for more in [&b"[\"wrote\",\"a"[..], b"[\"of a later release\",1,{}]\n"] {
            assert_eq!(again(&[bytes, more]), Ok(capsule.clone()));
        }
    }
}
