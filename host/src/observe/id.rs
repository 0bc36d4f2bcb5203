//! The ids of traces and spans.

use std::fmt;

/// The id of a trace: 16 bytes, not all of them zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceId(u128);

/// The id of a span: 8 bytes, not all of them zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanId(u64);

impl TraceId {
    /// Parses the form of W3C: 32 hexadecimal digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::of(hex(text, 32)?)
    }

    /// Parses the form of X-Ray: `1-8 digits-24 digits`.
    pub(super) fn parse_xray(text: &str) -> Option<Self> {
        let (time, rest) = text.strip_prefix("1-")?.split_once('-')?;
        Self::of((hex(time, 8)? << 96) | hex(rest, 24)?)
    }

    fn of(id: u128) -> Option<Self> {
        (id != 0).then_some(Self(id))
    }

    /// The form of X-Ray.
    pub(crate) fn as_xray(self) -> impl fmt::Display {
        let text = format!("{:032x}", self.0);
        let (time, rest) = text.split_at(8);
        format!("1-{time}-{rest}")
    }

    /// A number from 0 to 1 that is the same wherever the trace is seen: its last 7 bytes.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a part of all traces need not be exact"
    )]
    pub(super) fn fraction(self) -> f64 {
        const BITS: u32 = 56;
        let last = self.0 & ((1 << BITS) - 1);
        last as f64 / (1_u64 << BITS) as f64
    }

    pub(crate) fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }
}

impl SpanId {
    /// Parses 16 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let id = u64::try_from(hex(text, 16)?).ok()?;
        (id != 0).then_some(Self(id))
    }

    pub(crate) fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_hex = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u128::from_str_radix(text, 16).ok().filter(|_| is_hex)
}

/// The ids of the spans of one invocation. Each is a function of a random number and a position, so that a request can
/// be sent with the id of a span that is described later.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ids {
    seed: u64,
}

/// Positions of spans. Those of requests begin at [`FIRST_CALL`](Self::FIRST_CALL).
impl Ids {
    pub(crate) const INVOCATION: u64 = 0;
    pub(crate) const INIT: u64 = 1;
    pub(crate) const INSTANCE: u64 = 2;
    pub(crate) const WAIT: u64 = 3;
    pub(crate) const FIRST_CALL: u64 = 16;

    pub(crate) fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The id of the span at `position`.
    pub(crate) fn span(self, position: u64) -> SpanId {
        SpanId(mixed(self.seed.wrapping_add(position)).max(1))
    }

    /// The id of a trace that begins here.
    pub(crate) fn trace(self) -> TraceId {
        let half = |position| u128::from(mixed(self.seed.wrapping_sub(position)));
        TraceId(((half(1) << 64) | half(2)).max(1))
    }
}

/// Mixes the bits of a number (the finalizer of SplitMix64, a bijection).
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn both_forms_of_a_trace_name_the_same_one() {
        let trace = TraceId::parse("5759e988bd862e3fe1be46a994272793").unwrap();
        assert_eq!(
            trace.as_xray().to_string(),
            "1-5759e988-bd862e3fe1be46a994272793"
        );
        assert_eq!(
            TraceId::parse_xray(&trace.as_xray().to_string()),
            Some(trace)
        );
        assert_eq!(trace.to_string(), "5759e988bd862e3fe1be46a994272793");
    }

    #[test]
    fn invalid_ids_are_refused() {
        for text in [
            "",
            "+759e988bd862e3f",
            "5759e988bd862e3",
            "0000000000000000",
            "5759e988bd862e3\u{e9}",
        ] {
            assert_eq!(SpanId::parse(text), None, "{text}");
        }
        for text in [
            "2-5759e988-bd862e3fe1be46a994272793",
            "1-5759e988bd862e3fe1be46a994272793",
            "1--",
        ] {
            assert_eq!(TraceId::parse_xray(text), None, "{text}");
        }
    }

    #[test]
    fn spans_have_different_ids() {
        let ids: HashSet<_> = (0..10_000).map(|at| Ids::new(7).span(at).0).collect();
        assert_eq!(ids.len(), 10_000);
    }
}
