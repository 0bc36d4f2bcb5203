//! Whether a component needs concurrent tasks.

use artifact::{Concurrency, FileKind, Stamp};
use wasmparser::{Parser, Payload};

/// Returns whether a binary component needs concurrent tasks: whether it or a component inside it imports or
/// exports an interface of WASI 0.3. One that cannot be read needs none.
pub(crate) fn concurrency(bytes: &[u8]) -> Concurrency {
    let sections = Parser::new(0).parse_all(bytes).map_while(Result::ok);
    let names = sections.flat_map(|payload| match payload {
        Payload::ComponentImportSection(section) => {
            let imports = section.into_iter().map_while(Result::ok);
            imports.map(|import| import.name.name).collect()
        }
        Payload::ComponentExportSection(section) => {
            let exports = section.into_iter().map_while(Result::ok);
            exports.map(|export| export.name.name).collect()
        }
        _ => Vec::new(),
    });
    Concurrency::for_names(names)
}

/// The same for a handler's file in any form: a binary component, one in text form, or machine code.
pub(crate) fn concurrency_of_file(bytes: &[u8]) -> Concurrency {
    match FileKind::of_source(bytes) {
        FileKind::Precompiled => Stamp::read(bytes).map_or(Concurrency::Off, |it| it.concurrency),
        _ => wat::parse_bytes(bytes).map_or(Concurrency::Off, |binary| concurrency(&binary)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_of_wasi_0_3_at_any_depth_needs_concurrent_tasks() {
        for (text, expected) in [
            ("", Concurrency::Off),
            (
                "(import \"wasi:io/poll@0.2.6\" (instance))",
                Concurrency::Off,
            ),
            (
                "(import \"wasi:http/types@0.3.0\" (instance))",
                Concurrency::On,
            ),
            (
                "(instance $it) (export \"wasi:http/handler@0.3.2\" (instance $it))",
                Concurrency::On,
            ),
            (
                "(component (import \"wasi:clocks/types@0.3.0\" (instance)))",
                Concurrency::On,
            ),
        ] {
            let text = format!("(component {text})");
            let binary = wat::parse_str(&text).unwrap();
            assert_eq!(concurrency(&binary), expected, "{text}");
            assert_eq!(concurrency_of_file(&binary), expected, "{text}");
            assert_eq!(concurrency_of_file(text.as_bytes()), expected, "{text}");
        }
        assert_eq!(concurrency(b"garbage"), Concurrency::Off);
        assert_eq!(concurrency_of_file(b"\x7fELF"), Concurrency::Off);
    }
}
