//! The kinds of a handler's files, detected by their first bytes.

/// The kind of a handler's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A component in WebAssembly's binary form.
    Component,
    /// A component in the text format, which only compilers accept.
    Text,
    /// A core module that was not made into a component.
    CoreModule,
    /// Machine code. Its [`Stamp`](crate::Stamp) records the component it was compiled from.
    Precompiled,
    /// Something else.
    Unknown,
}

impl FileKind {
    /// Bytes at the start of a file that distinguish the binary kinds.
    pub const HEAD_BYTES: usize = 8;

    /// Detects the binary kinds, which a host accepts. Reads the first [`HEAD_BYTES`](Self::HEAD_BYTES)
    /// only.
    #[must_use]
    pub fn of(head: &[u8]) -> Self {
        match head {
            // The magic number, then version and layer: layer 1 is the component model.
            [0, b'a', b's', b'm', _, _, 1, 0, ..] => Self::Component,
            [0, b'a', b's', b'm', ..] => Self::CoreModule,
            [0x7f, b'E', b'L', b'F', ..] => Self::Precompiled,
            _ => Self::Unknown,
        }
    }

    /// Detects the text format as well, which a compiler accepts.
    #[must_use]
    pub fn of_source(bytes: &[u8]) -> Self {
        let text = bytes.trim_ascii_start();
        match Self::of(bytes) {
            Self::Unknown if text.starts_with(b"(component") => Self::Text,
            Self::Unknown if text.starts_with(b"(module") => Self::CoreModule,
            kind => kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_by_its_first_bytes() {
        assert_eq!(FileKind::of(b"\0asm\x0d\0\x01\0"), FileKind::Component);
        assert_eq!(FileKind::of(b"\0asm\x01\0\0\0"), FileKind::CoreModule);
        assert_eq!(FileKind::of(b"\x7fELF\x02\x01"), FileKind::Precompiled);
        for other in [&b""[..], b"\0", b"PK\x03\x04", b"(component)"] {
            assert_eq!(FileKind::of(other), FileKind::Unknown);
        }
    }

    #[test]
    fn a_source_may_be_text() {
        let cases: [(&[u8], FileKind); 7] = [
            (b"\0asm\x0d\0\x01\0", FileKind::Component),
            (b"\0asm\x01\0\0\0", FileKind::CoreModule),
            (b"\x7fELF\x02\x01", FileKind::Precompiled),
            (b"\n (component)", FileKind::Text),
            (b"(module)", FileKind::CoreModule),
            (b"hello", FileKind::Unknown),
            (b"", FileKind::Unknown),
        ];
        for (bytes, kind) in cases {
            assert_eq!(FileKind::of_source(bytes), kind, "{bytes:?}");
        }
    }
}
