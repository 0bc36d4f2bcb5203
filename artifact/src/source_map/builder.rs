//! Builds a source map.

use std::collections::HashMap;

use super::{Frame, NONE, Range, SourceFrame};

/// Builds a map, in the order of offsets.
#[derive(Debug, Default)]
pub struct SourceMapBuilder {
    ranges: Vec<Range>,
    frames: Vec<Frame>,
    numbers: HashMap<Frame, u32>,
    strings: Vec<u8>,
    starts: HashMap<String, u32>,
}

impl SourceMapBuilder {
    /// Adds a range from `offset` in the component's file to the next one, whose instructions belong to
    /// these functions, innermost first.
    pub fn push(&mut self, offset: u32, frames: &[SourceFrame<'_>]) {
        let innermost = frames
            .iter()
            .rfold(NONE, |caller, frame| self.frame(frame, caller));
        let before = self.ranges.last().map_or(NONE, |[_, frame]| *frame);
        if innermost != before {
            self.ranges.push([offset, innermost]);
        }
    }

    /// Returns the encoded map, or no bytes if it has no frames.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        if self.frames.is_empty() {
            return Vec::new();
        }
        let counts = [index(self.ranges.len()), index(self.frames.len())];
        let words = counts
            .iter()
            .chain(self.ranges.as_flattened())
            .chain(self.frames.as_flattened());
        let mut bytes: Vec<u8> = words.flat_map(|word| word.to_le_bytes()).collect();
        bytes.extend_from_slice(&self.strings);
        bytes
    }

    fn frame(&mut self, frame: &SourceFrame<'_>, caller: u32) -> u32 {
        let frame = [
            self.string(frame.function),
            self.string(frame.file),
            frame.line.unwrap_or_default(),
            frame.column.unwrap_or_default(),
            caller,
        ];
        *self.numbers.entry(frame).or_insert_with(|| {
            self.frames.push(frame);
            index(self.frames.len() - 1)
        })
    }

    fn string(&mut self, text: Option<&str>) -> u32 {
        let Some(text) = text else { return NONE };
        if let Some(start) = self.starts.get(text) {
            return *start;
        }
        let start = index(self.strings.len());
        let length = index(text.len());
        self.strings.extend_from_slice(&length.to_le_bytes());
        self.strings.extend_from_slice(text.as_bytes());
        self.starts.insert(text.to_owned(), start);
        start
    }
}

/// Components have less than 4 GiB, and so have their source maps.
fn index(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(NONE)
}
