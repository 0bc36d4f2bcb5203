//! Why a document is not JSON.

use std::error::Error;
use std::fmt;

/// Why a document is not JSON, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    reason: &'static str,
    line: usize,
    column: usize,
}

impl JsonError {
    /// Describes the byte at this index, which may be the end.
    pub(super) fn at(document: &[u8], index: usize, reason: &'static str) -> Self {
        let (before, _) = document.split_at_checked(index).unwrap_or((document, &[]));
        let lines = before.iter().filter(|byte| **byte == b'\n').count();
        let in_line = before.iter().rev().take_while(|byte| **byte != b'\n');
        Self {
            reason,
            line: lines + 1,
            column: in_line.count() + 1,
        }
    }

    /// Returns the line, which counts from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// Returns the column in bytes, which counts from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            reason,
            line,
            column,
        } = self;
        write!(f, "{reason} at line {line} column {column}")
    }
}

impl Error for JsonError {}
