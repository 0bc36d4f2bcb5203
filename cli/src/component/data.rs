//! The initial data of a component's memories.

use wasmparser::{DataKind, Parser, Payload};

/// Returns the size of the data segments in a component's modules, in bytes. Unreadable ones count as 0.
pub(crate) fn data_bytes(bytes: &[u8]) -> usize {
    let sections = Parser::new(0).parse_all(bytes).map_while(Result::ok);
    let segments = sections.flat_map(|payload| match payload {
        Payload::DataSection(segments) => segments.into_iter().map_while(Result::ok).collect(),
        _ => Vec::new(),
    });
    let active = segments.filter(|segment| matches!(segment.kind, DataKind::Active { .. }));
    active.map(|segment| segment.data.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_what_all_modules_start_with() {
        let text = r#"(component
            (core module (memory 1) (data (i32.const 0) "four") (data "never copied"))
            (component (core module (memory 1) (data (i32.const 8) "eight by"))))"#;
        assert_eq!(data_bytes(&wat::parse_str(text).unwrap()), 12);
        assert_eq!(data_bytes(b"garbage"), 0);
    }
}
