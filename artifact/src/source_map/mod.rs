//! The source map: maps each instruction of a component to its source location, for stack traces.
//!
//! Compilers write this as DWARF, which is compact and slow: a reader has to parse every unit of the program
//! before its first lookup, and a function with little CPU has no time for that shortly before its deadline.
//! So the compiler of the component looks up every instruction that can be in a stack trace, and stores the
//! locations with the machine code. A lookup is a binary search.
//!
//! ```text
//!  number of ranges │ number of frames │ ranges, by offset │ frames          │ strings
//!                                        offset              function, file    length
//!                                        frame               line, column      UTF-8
//!                                                            caller
//! ```
//!
//! Numbers are little-endian and have 32 bits. An offset counts from the start of the component's file, and
//! a range extends to the next one. An inlined frame has a caller, which is an earlier frame. A string is
//! identified by its offset in the strings. The largest number means no frame or string, 0 means no line or
//! column.

mod builder;

use std::iter::successors;

pub use builder::SourceMapBuilder;

const NONE: u32 = u32::MAX;
const WORD_BYTES: usize = size_of::<u32>();

/// The source location of one function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SourceFrame<'a> {
    /// Its name, possibly mangled.
    pub function: Option<&'a str>,
    /// The file.
    pub file: Option<&'a str>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
}

/// A source map in memory. If its bytes are corrupt, lookups may be wrong, but terminate.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    ranges: Vec<Range>,
    frames: Vec<Frame>,
    strings: Vec<u8>,
}

/// Offset and innermost frame.
type Range = [u32; 2];
/// Function, file, line, column and caller.
type Frame = [u32; 5];

impl SourceMap {
    /// Decodes the bytes of [`SourceMapBuilder::finish`]. Other bytes are an empty map.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        Self::parse(bytes).unwrap_or_default()
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (counts, bytes) = table::<2>(bytes, 1)?;
        let [ranges, frames] = *counts.first()?;
        let (ranges, bytes) = table(bytes, ranges)?;
        let (frames, strings) = table(bytes, frames)?;
        Some(Self {
            ranges,
            frames,
            strings: strings.to_vec(),
        })
    }

    /// Returns the functions of the instruction at this offset of the component's file, innermost first:
    /// several if the compiler inlined functions, none if the location is unknown.
    pub fn frames_at(&self, offset: u32) -> impl Iterator<Item = SourceFrame<'_>> {
        let after = self.ranges.partition_point(|[start, _]| *start <= offset);
        let range = after.checked_sub(1).and_then(|at| self.ranges.get(at));
        let innermost = range.and_then(|[_, frame]| self.frame(*frame));
        let frames = successors(innermost, |(at, [.., caller])| {
            // Terminates, because each caller has to come before its callee.
            self.frame(*caller).filter(|(caller, _)| caller < at)
        });
        frames.map(|(_, [function, file, line, column, _])| SourceFrame {
            function: self.string(*function),
            file: self.string(*file),
            line: Some(*line).filter(|line| *line > 0),
            column: Some(*column).filter(|column| *column > 0),
        })
    }

    fn frame(&self, number: u32) -> Option<(u32, &Frame)> {
        let frame = self.frames.get(usize::try_from(number).ok()?)?;
        Some((number, frame))
    }

    fn string(&self, start: u32) -> Option<&str> {
        let bytes = self.strings.get(usize::try_from(start).ok()?..)?;
        let (length, bytes) = bytes.split_first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        str::from_utf8(bytes.get(..length)?).ok()
    }
}

/// Takes `rows` rows of `N` numbers from the front.
fn table<const N: usize>(bytes: &[u8], rows: u32) -> Option<(Vec<[u32; N]>, &[u8])> {
    let length = usize::try_from(rows).ok()?.checked_mul(N * WORD_BYTES)?;
    let (table, rest) = bytes.split_at_checked(length)?;
    let (words, _) = table.as_chunks::<WORD_BYTES>();
    let words: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
    let (rows, _) = words.as_chunks();
    Some((rows.to_vec(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(function: &'static str, line: u32) -> SourceFrame<'static> {
        SourceFrame {
            function: Some(function),
            file: Some("src/lib.rs"),
            line: Some(line),
            column: None,
        }
    }

    fn bytes() -> Vec<u8> {
        let mut map = SourceMapBuilder::default();
        map.push(100, &[frame("inner", 7), frame("outer", 3)]);
        map.push(110, &[frame("inner", 7), frame("outer", 3)]);
        map.push(120, &[frame("inner", 8), frame("outer", 3)]);
        map.push(130, &[]);
        map.push(200, &[SourceFrame::default()]);
        map.finish()
    }

    fn frames_at(map: &SourceMap, offset: u32) -> Vec<SourceFrame<'_>> {
        map.frames_at(offset).collect()
    }

    #[test]
    fn an_offset_has_the_frames_of_the_range_it_is_in() {
        let map = SourceMap::read(&bytes());
        for offset in [0, 99, 130, 199] {
            assert_eq!(frames_at(&map, offset), [], "{offset}");
        }
        for (offset, line) in [(100, 7), (119, 7), (120, 8), (129, 8)] {
            let expected = [frame("inner", line), frame("outer", 3)];
            assert_eq!(frames_at(&map, offset), expected, "{offset}");
        }
        for offset in [200, NONE] {
            assert_eq!(frames_at(&map, offset), [SourceFrame::default()]);
        }
    }

    #[test]
    fn what_is_the_same_is_kept_once() {
        let map = SourceMap::read(&bytes());
        assert_eq!((map.ranges.len(), map.frames.len()), (4, 4));
        let strings = ["inner", "outer", "src/lib.rs"].map(|it| it.len() + WORD_BYTES);
        assert_eq!(map.strings.len(), strings.iter().sum::<usize>());
    }

    #[test]
    fn a_map_of_nothing_takes_nothing() {
        let mut map = SourceMapBuilder::default();
        map.push(100, &[]);
        map.push(200, &[]);
        assert!(map.finish().is_empty());
        assert_eq!(frames_at(&SourceMap::read(&[]), 100), []);
    }

    /// A frame that is its own caller, an unterminated string: any byte may be corrupt.
    #[test]
    fn a_damaged_map_has_answers_that_end() {
        let whole = bytes();
        for at in 0..whole.len() {
            for value in [0, 1, 2, 0x7f, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] = value;
                let map = SourceMap::read(&damaged);
                assert!((0..210).all(|offset| map.frames_at(offset).count() <= 4));
            }
            let cut = SourceMap::read(&whole[..at]);
            assert!((0..210).all(|offset| cut.frames_at(offset).count() <= 2));
        }
    }
}
