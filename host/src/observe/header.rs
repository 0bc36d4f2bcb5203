//! The headers that name the trace of a request. Invalid ones are ignored: an event is served without its trace.

use super::id::{SpanId, TraceId};

/// X-Ray's header: `Root=1-…;Parent=…;Sampled=1`, in any order, with further parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XrayHeader {
    /// The trace.
    pub root: TraceId,
    /// The segment or subsegment that made the request. A load balancer sends none.
    pub parent: Option<SpanId>,
    /// Whether the trace is recorded, if that is decided.
    pub sampled: Option<bool>,
}

/// W3C's header `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traceparent {
    /// The trace.
    pub trace: TraceId,
    /// The span that made the request.
    pub parent: SpanId,
    /// Whether its sender records it.
    pub sampled: bool,
}

impl XrayHeader {
    /// Returns `None` without a valid `Root`. A part that is repeated counts where it is last.
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let value = |name| last_value(header, name);
        Some(Self {
            root: TraceId::parse_xray(value("Root")?)?,
            parent: value("Parent").and_then(SpanId::parse),
            sampled: match value("Sampled") {
                Some("1") => Some(true),
                Some("0") => Some(false),
                _ => None,
            },
        })
    }
}

impl Traceparent {
    /// Parses `version-trace-parent-flags` ("Trace Context", section 3.2). A later version may have more behind the
    /// flags.
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        if header.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        let mut parts = header.trim().splitn(5, '-');
        let version = byte(parts.next()?)?;
        let trace = TraceId::parse(parts.next()?)?;
        let parent = SpanId::parse(parts.next()?)?;
        let flags = byte(parts.next()?)?;
        let has_more = parts.next().is_some();
        let is_known = version != 0xff && (version != 0 || !has_more);
        is_known.then_some(Self {
            trace,
            parent,
            sampled: flags & 1 == 1,
        })
    }
}

fn last_value<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let mut parts = header.split(';').rev();
    parts.find_map(|part| {
        let (found, value) = part.split_once('=')?;
        (found.trim() == name).then(|| value.trim())
    })
}

fn byte(text: &str) -> Option<u8> {
    let is_hex = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u8::from_str_radix(text, 16).ok().filter(|_| is_hex)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";
    const TRACE: &str = "5759e988bd862e3fe1be46a994272793";
    const PARENT: &str = "53995c3f42cd8ad8";

    #[test]
    fn an_x_ray_header_is_read_in_any_order() {
        let of = |sampled, parent: Option<&str>| XrayHeader {
            root: TraceId::parse_xray(ROOT).unwrap(),
            parent: parent.and_then(SpanId::parse),
            sampled,
        };
        for (header, expected) in [
            (
                format!("Root={ROOT};Parent={PARENT};Sampled=1"),
                of(Some(true), Some(PARENT)),
            ),
            (
                format!(" Sampled = 0 ; Parent={PARENT}; Root={ROOT};Lineage=a:1;"),
                of(Some(false), Some(PARENT)),
            ),
            (format!("Self=1-2-3;Root={ROOT};Sampled=?"), of(None, None)),
            (format!("Root={ROOT};Parent=nonsense"), of(None, None)),
            (format!("Root=x;Root={ROOT}"), of(None, None)),
        ] {
            assert_eq!(XrayHeader::parse(&header), Some(expected), "{header}");
        }
        for header in [
            "",
            "Root=",
            "root=1",
            "Root=1-2-3;Sampled=1",
            "Parent=53995c3f42cd8ad8;Sampled=1",
        ] {
            assert_eq!(XrayHeader::parse(header), None, "{header}");
        }
    }

    #[test]
    fn a_traceparent_is_read_by_the_rules_of_its_version() {
        let parse = |text: &str| Traceparent::parse(text).map(|it| it.sampled);
        assert_eq!(parse(&format!("00-{TRACE}-{PARENT}-01")), Some(true));
        assert_eq!(parse(&format!("00-{TRACE}-{PARENT}-00")), Some(false));
        assert_eq!(parse(&format!("cc-{TRACE}-{PARENT}-03-more")), Some(true));
        for header in [
            format!("00-{TRACE}-{PARENT}-01-more"),
            format!("ff-{TRACE}-{PARENT}-01"),
            format!("0-{TRACE}-{PARENT}-01"),
            format!("00-{TRACE}-{PARENT}"),
            format!("00-{TRACE}-{PARENT}-1"),
            format!("00-{}-{PARENT}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-{}-{PARENT}-01", TRACE.to_uppercase()),
            String::new(),
        ] {
            assert_eq!(parse(&header), None, "{header}");
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_a_parser_fail(header in "\\PC*|[-;=01RootParentSampled ?a-f]*") {
            let xray = XrayHeader::parse(&header);
            prop_assert!(xray.is_none() || header.contains("Root"));
            let _ = Traceparent::parse(&header);
        }

        #[test]
        fn an_x_ray_header_survives_whatever_surrounds_it(before in "[^;]*", after in "[^;]*") {
            prop_assume!(!["Root", "Parent", "Sampled"].iter().any(|name| after.contains(name)));
            let header = format!("{before};Root={ROOT};Parent={PARENT};Sampled=1;{after}");
            let parsed = XrayHeader::parse(&header).unwrap();
            prop_assert_eq!(parsed.sampled, Some(true));
            prop_assert_eq!(parsed.parent, SpanId::parse(PARENT));
        }
    }
}
