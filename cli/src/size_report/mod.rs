//! Where the bytes of a component are: its parts, the crates of its code, its largest functions.

mod functions;
mod origin;
mod parts;

use anyhow::{Context as _, Result};

use crate::commands::compile::size;
use functions::Function;
use parts::Part;

/// Most lines of a list. The rest is one line.
const SHOWN: usize = 12;

/// Describes where the bytes of a component, binary or text, are.
///
/// # Errors
///
/// The component is damaged.
pub(crate) fn size_report(bytes: &[u8]) -> Result<Vec<String>> {
    let binary = wat::parse_bytes(bytes)?;
    let damaged = "is damaged, or its end is missing";
    let parts = parts::read(&binary).context(damaged)?;
    let functions = functions::read(&binary).context(damaged)?;
    let mut lines = vec!["parts:".to_owned()];
    let parts = parts.into_iter().map(|Part { name, bytes }| (name, bytes));
    lines.extend(table(parts.collect(), binary.len()));
    let code = functions.iter().map(|function| function.bytes).sum();
    if code > 0 {
        lines.push("code, by crate:".to_owned());
        lines.extend(table(by_crate(&functions), code));
        lines.push("largest functions:".to_owned());
        let named = functions.into_iter().map(|it| (it.name, it.bytes));
        lines.extend(table(named.collect(), code));
    }
    Ok(lines)
}

fn by_crate(functions: &[Function]) -> Vec<(String, usize)> {
    let mut crates: Vec<(String, usize)> = Vec::new();
    for function in functions {
        let name = origin::of(&function.name);
        match crates.iter_mut().find(|(known, _)| known == name) {
            Some((_, bytes)) => *bytes += function.bytes,
            None => crates.push((name.to_owned(), function.bytes)),
        }
    }
    crates
}

/// Formats the largest entries, and the sum of the others, with their shares of `whole`.
fn table(mut entries: Vec<(String, usize)>, whole: usize) -> Vec<String> {
    // Stable, so that entries of one size keep their order.
    entries.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    let rest = entries.split_off(entries.len().min(SHOWN));
    if !rest.is_empty() {
        let bytes = rest.iter().map(|(_, bytes)| bytes).sum();
        entries.push((format!("{} others", rest.len()), bytes));
    }
    entries
        .iter()
        .map(|(name, bytes)| {
            let tenths = (bytes * 1000).checked_div(whole).unwrap_or_default();
            let share = format!("{}.{} %", tenths / 10, tenths % 10);
            format!("  {:>12} {share:>7}  {name}", size(*bytes))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_parts_crates_and_functions() {
        let text = r#"(component (core module
            (memory 1)
            (data (i32.const 0) "0123456789")
            (func $core::fmt::write (nop) (nop) (nop) (nop) (nop) (nop) (nop) (nop))
            (func $<alloc::vec::Vec<T>\20as\20core::fmt::Debug>::fmt (nop))
            (func $malloc)
            (func)))"#;

        let report = size_report(text.as_bytes()).unwrap().join("\n");

        let at = |words: &str| {
            report
                .find(words)
                .unwrap_or_else(|| panic!("{words}: {report}"))
        };
        let [parts, crates, functions] =
            ["parts:\n", "code, by crate:\n", "largest functions:\n"].map(at);
        assert!(parts < crates && crates < functions, "{report}");
        for (words, after, before) in [
            ("  code\n", parts, crates),
            ("  data\n", parts, crates),
            ("  function names\n", parts, crates),
            ("  core\n", crates, functions),
            ("  alloc\n", crates, functions),
            ("  (no crate)\n", crates, functions),
            ("  core::fmt::write\n", functions, report.len()),
        ] {
            let part = report.get(after..before).unwrap();
            assert!(part.contains(words), "{words}: {report}");
        }
    }

    #[test]
    fn the_parts_add_up_to_the_whole() {
        let text =
            "(component (import \"a:b/c@0.1.0\" (instance)) (core module (memory 1) (func)))";
        let binary = wat::parse_str(text).unwrap();
        let sum: usize = parts::read(&binary)
            .unwrap()
            .iter()
            .map(|it| it.bytes)
            .sum();
        assert_eq!(sum, binary.len());
    }

    #[test]
    fn small_entries_are_summed_up() {
        let entries = (1..=15).map(|n| (format!("f{n}"), n * 1000)).collect();

        let lines = table(entries, 120_000);

        assert_eq!(lines.len(), SHOWN + 1);
        assert_eq!(lines[0], "        15 KiB  12.5 %  f15");
        assert_eq!(lines[SHOWN], "    6000 bytes   5.0 %  3 others");
        assert_eq!(table(vec![], 0), [""; 0]);
    }

    #[test]
    fn what_is_damaged_is_an_error() {
        assert!(size_report(b"\0asm\x0d\0\x01\0 garbage").is_err());
    }
}
