//! Values that a guest passes to `wasi:otel`.

use bootstream_host::rehearsal::{Told, told};
use serde::de::IgnoredAny;
use wasmtime::component::Val;

/// Largest datagram of X-Ray, in bytes.
const DATAGRAM_BYTES: usize = 60_000;

/// Most that a collector gets of the spans of one invocation, in bytes: they are bounded, and their numbers of JSON may
/// be longer in its encoding.
const REQUEST_BYTES: usize = 1024 * 1024;

/// Most values, deepest value, and most parts of one.
const VALUES: usize = 200;
const DEPTH: usize = 4;
const PARTS: u8 = 24;

/// The names of fields and cases in the interfaces, so that values are read.
const NAMES: [&str; 33] = [
    "span-context",
    "span-id",
    "trace-id",
    "parent-span-id",
    "name",
    "span-kind",
    "start-time",
    "end-time",
    "seconds",
    "nanoseconds",
    "status",
    "ok",
    "error",
    "unset",
    "client",
    "server",
    "producer",
    "consumer",
    "instrumentation-scope",
    "version",
    "attributes",
    "key",
    "value",
    "events",
    "time",
    "links",
    "dropped-attributes",
    "dropped-events",
    "dropped-links",
    "severity-number",
    "severity-text",
    "body",
    "event-name",
];

/// Whatever a guest passes, others get documents of a bounded size that they can read.
///
/// # Panics
///
/// When a document is too large or is none, or a field of the log has a line break.
pub fn check(bytes: &[u8]) {
    let mut input = Input(bytes);
    let mut values = Vec::new();
    while !input.0.is_empty() && values.len() < VALUES {
        values.push(input.record(DEPTH));
    }
    let Told {
        datagram,
        request,
        fields,
    } = told(&values);
    assert!(datagram.len() <= DATAGRAM_BYTES, "{}", datagram.len());
    let document = datagram.split(|byte| *byte == b'\n').nth(1);
    let document = document.expect("the document is behind the header");
    serde_json::from_slice::<IgnoredAny>(document).expect("the document is JSON");
    assert!(request.len() <= REQUEST_BYTES, "{}", request.len());
    assert!(fields.iter().all(|it| !it.contains('\n')), "{fields:?}");
}

/// Bytes of which values are made. At their end, all are zero.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    fn number(&mut self) -> u64 {
        (0..8).fold(0, |number, _| number << 8 | u64::from(self.byte()))
    }

    fn name(&mut self) -> String {
        let at = usize::from(self.byte()) % NAMES.len();
        NAMES.get(at).copied().unwrap_or_default().to_owned()
    }

    /// A text of the input, or an id.
    fn text(&mut self) -> String {
        let length = self.byte();
        if length.is_multiple_of(4) {
            return format!("{:016x}", u64::from(length) + 1);
        }
        let length = usize::from(length) * 16;
        let (text, rest) = self.0.split_at_checked(length).unwrap_or((self.0, &[]));
        self.0 = rest;
        String::from_utf8_lossy(text).into_owned()
    }

    fn record(&mut self, depth: usize) -> Val {
        let parts = self.byte() % PARTS;
        let fields = (0..parts).map(|_| (self.name(), self.value(depth)));
        Val::Record(fields.collect())
    }

    fn value(&mut self, depth: usize) -> Val {
        let kind = self.byte();
        let Some(depth) = depth.checked_sub(1) else {
            return Val::String(self.text());
        };
        let parts = self.byte() % PARTS;
        match kind % 9 {
            0 => Val::String(self.text()),
            1 => Val::U64(self.number()),
            2 => Val::U32(u32::from(self.byte())),
            3 => Val::U8(self.byte()),
            4 => Val::Option(None),
            5 => Val::Option(Some(Box::new(self.value(depth)))),
            6 => Val::List((0..parts).map(|_| self.record(depth)).collect()),
            7 => Val::Enum(self.name()),
            _ if parts.is_multiple_of(2) => {
                Val::Variant(self.name(), Some(Box::new(self.value(depth))))
            }
            _ => self.record(depth),
        }
    }
}
