//! A Markdown table of the values of several rounds.

use std::fmt::Write as _;

use crate::stats::median;

/// Values by row and column, in order of insertion.
pub(crate) struct Table {
    columns: Vec<&'static str>,
    rows: Vec<(String, Vec<Vec<f64>>)>,
}

impl Table {
    /// The ratios compare the last column, the reference, with each of the others.
    pub(crate) fn new(columns: Vec<&'static str>) -> Self {
        Self {
            columns,
            rows: vec![],
        }
    }

    pub(crate) fn add(&mut self, column: usize, row: String, value: f64) {
        let at = self.rows.iter().position(|(name, _)| *name == row);
        let at = at.unwrap_or_else(|| {
            self.rows.push((row, vec![vec![]; self.columns.len()]));
            self.rows.len() - 1
        });
        let values = self.rows.get_mut(at).and_then(|row| row.1.get_mut(column));
        values.expect("a row has every column").push(value);
    }

    /// The median of a row in a column, if it was measured.
    pub(crate) fn median(&self, row: &str, column: &str) -> Option<f64> {
        let column = self.columns.iter().position(|name| *name == column)?;
        let (_, values) = self.rows.iter().find(|(name, _)| name == row)?;
        let values = values.get(column)?;
        (!values.is_empty()).then(|| median(values.iter().copied()))
    }

    /// Medians, and for the last column its ratio to each of the others.
    pub(crate) fn to_markdown(&self) -> String {
        let (_, others) = self.columns.split_last().expect("a column");
        self.with_ratios_to(others)
    }

    /// Medians alone.
    pub(crate) fn medians_to_markdown(&self) -> String {
        self.with_ratios_to(&[])
    }

    /// Medians, and the ratios of the last column to `others`, which are the columns before it or none.
    fn with_ratios_to(&self, others: &[&'static str]) -> String {
        let ours = self.columns.last().expect("a column");
        let mut text = format!("| | {} |", self.columns.join(" | "));
        for other in others {
            write!(text, " {ours} / {other} |").expect("a text takes all");
        }
        text.push_str("\n| --- |");
        text.push_str(&" ---: |".repeat(self.columns.len() + others.len()));
        let compared = others.len();
        for (row, values) in &self.rows {
            let medians: Vec<_> = values
                .iter()
                .map(|values| (!values.is_empty()).then(|| median(values.iter().copied())))
                .collect();
            let values = medians
                .iter()
                .map(|value| value.map_or("-".to_owned(), shown));
            let ratios = medians.split_last().map(|(ours, others)| {
                let ratio = |other: &Option<f64>| match (ours, other) {
                    (Some(ours), Some(other)) if *other > 0.0 => shown(ours / other),
                    _ => "-".to_owned(),
                };
                others.iter().map(ratio).take(compared).collect::<Vec<_>>()
            });
            let cells: Vec<_> = values.chain(ratios.unwrap_or_default()).collect();
            write!(text, "\n| {row} | {} |", cells.join(" | ")).expect("a text takes all");
        }
        text.push('\n');
        text
    }
}

/// Formats with at least two significant digits, however small the value.
pub(crate) fn shown(value: f64) -> String {
    const DECIMALS: [(f64, usize); 6] = [
        (100.0, 0),
        (10.0, 1),
        (0.1, 2),
        (0.01, 3),
        (0.001, 4),
        (0.000_1, 5),
    ];
    if value == 0.0 {
        return "0".to_owned();
    }
    let decimals = DECIMALS.iter().find(|(least, _)| value.abs() >= *least);
    let decimals = decimals.map_or(6, |(_, decimals)| *decimals);
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_medians_and_ratios_and_gaps() {
        let mut table = Table::new(vec!["a", "ours"]);
        for value in [30.0, 10.0, 20.0] {
            table.add(0, "x, us".to_owned(), value);
            table.add(1, "x, us".to_owned(), value * 2.0);
        }
        table.add(1, "y".to_owned(), 0.5);
        assert_eq!(
            table.to_markdown(),
            "| | a | ours | ours / a |\n| --- | ---: | ---: | ---: |\n\
             | x, us | 20.0 | 40.0 | 2.00 |\n| y | - | 0.50 | - |\n"
        );
        assert_eq!(
            table.medians_to_markdown(),
            "| | a | ours |\n| --- | ---: | ---: |\n| x, us | 20.0 | 40.0 |\n| y | - | 0.50 |\n"
        );
        assert_eq!(table.median("x, us", "ours"), Some(40.0));
        assert_eq!(table.median("y", "a"), None);
        assert_eq!(table.median("z", "a"), None);
    }

    #[test]
    fn a_small_value_keeps_two_digits() {
        for (value, text) in [
            (1234.5, "1234"),
            (97.26, "97.3"),
            (3.146, "3.15"),
            (0.5, "0.50"),
            (0.062_5, "0.062"),
            (0.002_32, "0.0023"),
            (0.000_051, "0.000051"),
            (-0.012, "-0.012"),
            (0.0, "0"),
        ] {
            assert_eq!(shown(value), text);
        }
    }
}
