//! YAML as the tools of AWS accept it, beyond the standard.

use std::collections::BTreeSet;

use saphyr::{MarkedYamlOwned, ScanError, YamlLoader};
use saphyr_parser::Parser;

/// The prefix of the parser's error about an unindented line in brackets.
const INDENTATION: &str = "invalid indentation";

/// Deeper than any line around it.
const INDENT: &str = "                                                                ";

/// Most lines to indent before giving up.
const MOST_LINES: usize = 200;

/// Loads documents. The last value of a duplicate key counts, and lines within brackets may start in
/// any column.
pub(super) fn load(text: &str) -> Result<Vec<MarkedYamlOwned>, ScanError> {
    let mut indented = BTreeSet::new();
    let mut result = load_once(text);
    while let Err(error) = &result {
        // Counted from 1.
        let line = error.marker().line();
        let is_new = indented.len() < MOST_LINES && !indented.contains(&line);
        if !error.info().starts_with(INDENTATION) || !is_new || !is_in_brackets(text, line) {
            break;
        }
        indented.insert(line);
        result = load_once(&with_indented(text, &indented));
    }
    result
}

fn load_once(text: &str) -> Result<Vec<MarkedYamlOwned>, ScanError> {
    // The parser strips a byte order mark only from bytes, not from text.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut loader = YamlLoader::<MarkedYamlOwned>::default();
    loader.allow_duplicate_keys(true);
    Parser::new_from_str(text).load(&mut loader, true)?;
    match loader.error() {
        Some(error) => Err(error.clone()),
        None => Ok(loader.into_documents()),
    }
}

/// Returns whether a bracket is open at the start of a line, judging by the lines just before it.
fn is_in_brackets(text: &str, line: usize) -> bool {
    let before: Vec<_> = text.lines().take(line.saturating_sub(1)).collect();
    let mut open = 0_i64;
    before.iter().rev().any(|line| {
        for c in line.chars() {
            match c {
                '[' | '{' => open += 1,
                ']' | '}' => open -= 1,
                _ => {}
            }
        }
        open > 0
    })
}

fn with_indented(text: &str, lines: &BTreeSet<usize>) -> String {
    let all = text.lines().enumerate();
    all.map(|(index, line)| {
        let indent = if lines.contains(&(index + 1)) {
            INDENT
        } else {
            ""
        };
        format!("{indent}{line}\n")
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::super::yaml::Node;

    #[test]
    fn brackets_may_close_anywhere_and_the_last_of_two_keys_counts() {
        let text = "a:\n  b: {\n    c: [\n  1,\n  2\n  ],\n\"d\": x\n  }\na2: 1\na2: 2\n";
        let node = Node::parse(text, 0).unwrap();
        assert_eq!(node.at(&["a", "b", "c"]).unwrap().items().len(), 2);
        assert_eq!(node.at(&["a", "b", "d"]).unwrap().scalar(), Some("x"));
        assert_eq!(node.at(&["a", "b", "d"]).unwrap().at.line, 7);
        assert_eq!(node.get("a2").unwrap().scalar(), Some("2"));
    }

    #[test]
    fn what_is_wrong_outside_of_brackets_stays_wrong() {
        for text in ["a: [1]\n b: 2\n", "a:\n    b: 1\n  c: 2\n", "a: {b: 1\n"] {
            assert!(Node::parse(text, 0).is_err(), "{text}");
        }
    }
}
