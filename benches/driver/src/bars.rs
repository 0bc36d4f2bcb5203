//! What the handlers of each language have to reach, compared with what was measured.

use std::fmt::Write as _;

use crate::table::{Table, shown};
use crate::target::{CPYTHON, NODE, PYTHON, QUICKJS, SPIDERMONKEY};

const START: &str = "cold: spawn to first byte, ms";
const RESIDENT: &str = "warm: resident, MiB, two processors";
const FIRST_BYTE: &str = "warm: event to first byte after 5 ms idle, p50, us, two processors";

/// The most that a language's value in a row may be.
struct Bar {
    language: &'static str,
    row: &'static str,
    most: Most,
}

enum Most {
    /// So many times the value of another runtime.
    Times(f64, &'static str),
    /// In the unit of the row.
    Value(f64),
}

static BARS: [Bar; 8] = [
    bar(QUICKJS, START, Most::Times(0.15, NODE)),
    bar(QUICKJS, RESIDENT, Most::Times(0.4, NODE)),
    bar(SPIDERMONKEY, START, Most::Times(0.5, NODE)),
    bar(SPIDERMONKEY, RESIDENT, Most::Times(1.0, NODE)),
    bar(PYTHON, START, Most::Times(0.6, CPYTHON)),
    bar(QUICKJS, FIRST_BYTE, Most::Value(400.0)),
    bar(PYTHON, FIRST_BYTE, Most::Value(3000.0)),
    bar(SPIDERMONKEY, FIRST_BYTE, Most::Value(3000.0)),
];

const fn bar(language: &'static str, row: &'static str, most: Most) -> Bar {
    Bar {
        language,
        row,
        most,
    }
}

/// Returns a table in Markdown of each bar, of what `measured` has, and of whether the bar is met.
pub(crate) fn of_languages(measured: &Table) -> String {
    let mut text = "| Bar | Measured | |\n| --- | ---: | --- |\n".to_owned();
    for bar in &BARS {
        let (limit, value) = bar.compare(measured);
        let (value, verdict) = match value {
            None => ("-".to_owned(), "not measured"),
            Some(value) if value <= limit => (shown(value), "met"),
            Some(value) => (shown(value), "missed"),
        };
        writeln!(text, "| {bar} | {value} | {verdict} |").expect("a text takes all");
    }
    text
}

impl Bar {
    /// Returns the limit, and the value that it is for.
    fn compare(&self, measured: &Table) -> (f64, Option<f64>) {
        let value = measured.median(self.row, self.language);
        match self.most {
            Most::Value(limit) => (limit, value),
            Most::Times(limit, other) => {
                let other = measured.median(self.row, other);
                (limit, value.zip(other).map(|(value, other)| value / other))
            }
        }
    }
}

impl std::fmt::Display for Bar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { language, row, .. } = self;
        match self.most {
            Most::Times(limit, other) => {
                write!(
                    f,
                    "{language}, {row}: at most {limit} times that of {other}"
                )
            }
            Most::Value(limit) => write!(f, "{language}, {row}: at most {limit}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_met_up_to_its_limit_and_says_what_it_is() {
        let mut table = Table::new(vec![QUICKJS, NODE]);
        table.add(0, START.to_owned(), 15.0);
        table.add(1, START.to_owned(), 100.0);
        table.add(0, FIRST_BYTE.to_owned(), 400.1);
        let text = of_languages(&table);
        for line in [
            "| QuickJS, cold: spawn to first byte, ms: at most 0.15 times that of Node.js, `aws-lambda-ric` | 0.15 | met |",
            "| QuickJS, warm: event to first byte after 5 ms idle, p50, us, two processors: at most 400 | 400 | missed |",
            "| SpiderMonkey, cold: spawn to first byte, ms: at most 0.5 times that of Node.js, `aws-lambda-ric` | - | not measured |",
        ] {
            assert!(text.contains(line), "{text}");
        }
    }
}
