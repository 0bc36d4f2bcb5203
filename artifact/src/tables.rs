//! The parts of a precompiled component that Wasmtime parses when it loads the code.
//!
//! These are the ELF header, the section headers, the record of the engine, and the description of the component's
//! types and functions: about 1 % of the file. Everything else, machine code and data above all, is mapped, and its
//! pages are read when a handler first touches them. Wasmtime trusts its input, so damaged tables must not reach its
//! parser.

use std::ops::Range;

use serde::{Deserialize, Serialize};

const CODE: &[u8] = b".text";
const DATA: &[u8] = b".rodata.wasm";

/// The sections that loading maps and does not read.
const MAPPED: [&[u8]; 8] = [
    CODE,
    DATA,
    b".wasmtime.addrmap",
    b".wasmtime.traps",
    b".wasmtime.exceptions",
    b".name.wasm",
    b".symtab",
    b".strtab",
];

/// Most ranges of a stamp. Wasmtime's files have three.
const RANGES_LIMIT: usize = 32;

/// Size of the ELF header and of a section header, in bytes.
const HEADER_BYTES: usize = 64;

/// The places of the tables in the file, and their checksum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tables {
    /// Byte ranges in ascending order: offset of the first byte, and of the one after the last.
    ranges: Vec<(u64, u64)>,
    /// CRC-32 (IEEE 802.3) of the bytes in these ranges, one range after the other.
    crc32: u32,
}

impl Tables {
    /// Finds the tables in machine code. In a file that is not ELF as Wasmtime writes it, everything is a table.
    #[must_use]
    pub fn of(code: &[u8]) -> Self {
        let everything = 0..code.len();
        let ranges = table_ranges(code).unwrap_or(vec![everything]);
        let ranges = joined(ranges);
        let crc32 = checksum(ranges.iter().filter_map(|range| code.get(range.clone())));
        let ranges = ranges
            .into_iter()
            .map(|range| (range.start as u64, range.end as u64))
            .collect();
        Self { ranges, crc32 }
    }

    /// Returns the byte ranges of the tables in the file, in ascending order.
    pub fn ranges(&self) -> impl Iterator<Item = Range<u64>> {
        self.ranges.iter().map(|(start, end)| *start..*end)
    }

    /// Returns whether the tables in `file` are those of this checksum. Reads nothing else.
    pub(crate) fn are_intact(&self, file: &[u8]) -> bool {
        let parts: Option<Vec<_>> = self
            .ranges
            .iter()
            .map(|(start, end)| {
                let range = usize::try_from(*start).ok()?..usize::try_from(*end).ok()?;
                file.get(range)
            })
            .collect();
        self.ranges.len() <= RANGES_LIMIT && parts.map(checksum) == Some(self.crc32)
    }
}

fn checksum<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    parts.into_iter().for_each(|part| hasher.update(part));
    hasher.finalize()
}

/// Sorts ranges, and joins those that touch or overlap.
fn joined(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<usize>> = vec![];
    for range in ranges.into_iter().filter(|range| !range.is_empty()) {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

/// The byte ranges of the sections that calls use. Empty if the file lacks one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Called {
    /// The machine code.
    pub code: Range<u64>,
    /// The first content of memories.
    pub data: Range<u64>,
}

impl Called {
    /// Finds the sections in machine code. Reads the headers only. Finds nothing in a file that is not ELF as Wasmtime
    /// writes it.
    #[must_use]
    pub fn of(code: &[u8]) -> Self {
        let sections = sections(code).map(|(_, sections)| sections);
        let range_of = |wanted| {
            let named = sections.iter().flatten().find(|(name, _)| *name == wanted);
            named.map_or(0..0, |(_, range)| range.start as u64..range.end as u64)
        };
        Self {
            code: range_of(CODE),
            data: range_of(DATA),
        }
    }
}

/// Returns the ranges of the ELF header, the section headers and the sections that are not [`MAPPED`].
fn table_ranges(code: &[u8]) -> Option<Vec<Range<usize>>> {
    let (table, sections) = sections(code)?;
    let read = sections
        .into_iter()
        .filter(|(name, _)| !MAPPED.contains(name));
    let read = read.map(|(_, range)| range);
    Some([0..HEADER_BYTES, table].into_iter().chain(read).collect())
}

/// The name of a section, and its byte range in the file.
type Section<'a> = (&'a [u8], Range<usize>);

/// Returns the range of the section headers, and the sections. Returns `None` if `code` is not a 64-bit little-endian
/// ELF file with a section table, or a section lies outside it.
fn sections(code: &[u8]) -> Option<(Range<usize>, Vec<Section<'_>>)> {
    // "ELF-64 Object File Format", version 1.5: figures 2 and 8.
    const NAME: usize = 0;
    const OFFSET: usize = 24;
    const SIZE: usize = 32;
    if !code.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let start = number::<8>(code, 40)?;
    let length = number::<2>(code, 60)?.checked_mul(HEADER_BYTES)?;
    let table = start..start.checked_add(length)?;
    let headers: Vec<_> = code
        .get(table.clone())?
        .chunks_exact(HEADER_BYTES)
        .collect();
    let range_of = |header: &[u8]| {
        let start = number::<8>(header, OFFSET)?;
        let range = start..start.checked_add(number::<8>(header, SIZE)?)?;
        code.get(range.clone()).map(|bytes| (range, bytes))
    };
    let (_, names) = range_of(headers.get(number::<2>(code, 62)?)?)?;
    let mut sections = vec![];
    for header in headers {
        let name = names.get(number::<4>(header, NAME)?..)?;
        let name = name.split(|byte| *byte == 0).next()?;
        sections.push((name, range_of(header)?.0));
    }
    Some((table, sections))
}

/// Reads an unsigned little-endian number of `N` bytes.
fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..)?.first_chunk::<N>()?;
    let value = bytes
        .iter()
        .rev()
        .fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    usize::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ELF file with these sections, one after the other behind the header, and then the table of sections.
    fn elf(sections: &[(&str, &[u8])]) -> Vec<u8> {
        let mut names = vec![0];
        let mut file = vec![0; 64];
        let mut headers = vec![vec![0; 64]];
        for (name, content) in sections {
            headers.push(header(names.len(), file.len(), content.len()));
            names.extend_from_slice(name.as_bytes());
            names.push(0);
            file.extend_from_slice(content);
        }
        headers.push(header(0, file.len(), names.len()));
        file.extend_from_slice(&names);
        let table = file.len();
        file[..6].copy_from_slice(b"\x7fELF\x02\x01");
        file[40..48].copy_from_slice(&(table as u64).to_le_bytes());
        let count = u16::try_from(headers.len()).unwrap();
        file[60..62].copy_from_slice(&count.to_le_bytes());
        file[62..64].copy_from_slice(&(count - 1).to_le_bytes());
        file.extend(headers.concat());
        file
    }

    fn header(name: usize, offset: usize, size: usize) -> Vec<u8> {
        let mut header = vec![0; 64];
        header[..4].copy_from_slice(&u32::try_from(name).unwrap().to_le_bytes());
        header[24..32].copy_from_slice(&(offset as u64).to_le_bytes());
        header[32..40].copy_from_slice(&(size as u64).to_le_bytes());
        header
    }

    /// The bytes whose change is noticed.
    fn covered(file: &[u8]) -> Vec<usize> {
        let tables = Tables::of(file);
        assert!(tables.are_intact(file));
        (0..file.len())
            .filter(|at| {
                let mut changed = file.to_vec();
                changed[*at] ^= 0x10;
                !tables.are_intact(&changed)
            })
            .collect()
    }

    #[test]
    fn everything_but_the_mapped_sections_is_covered() {
        let file = elf(&[
            (".wasmtime.engine", b"engine"),
            (".text", b"code"),
            (".wasmtime.info", b"info"),
            (".rodata.wasm", b"data"),
            (".a.new.section", b"new"),
        ]);
        let place = |text: &[u8]| {
            let at = file.windows(text.len()).position(|it| it == text).unwrap();
            at..at + text.len()
        };
        let (code, data) = (place(b"code"), place(b"data"));
        let expected: Vec<_> = (0..file.len())
            .filter(|at| !code.contains(at) && !data.contains(at))
            .collect();

        assert_eq!(covered(&file), expected);
    }

    #[test]
    fn calls_use_code_and_data() {
        let file = elf(&[
            (".rodata.wasm", b"data"),
            (".wasmtime.info", b"info"),
            (".text", b"code"),
        ]);
        let Called { code, data } = Called::of(&file);
        let content = |range: Range<u64>| {
            let [start, end] = [range.start, range.end].map(|at| usize::try_from(at).unwrap());
            &file[start..end]
        };
        assert_eq!([content(code), content(data)], [b"code", b"data"]);
        for file in [&b"machine code"[..], &elf(&[])] {
            assert_eq!(Called::of(file), Called::default());
        }
    }

    #[test]
    fn a_file_that_is_not_elf_is_covered_whole() {
        let broken_table = {
            let mut file = elf(&[(".text", b"code")]);
            file[40..48].copy_from_slice(&u64::MAX.to_le_bytes());
            file
        };
        let outside = {
            let mut file = elf(&[(".text", b"code")]);
            let table = number::<8>(&file, 40).unwrap();
            file[table + 64 + 32..][..8].copy_from_slice(&u64::MAX.to_le_bytes());
            file
        };
        for file in [b"machine code".to_vec(), broken_table, outside] {
            assert_eq!(covered(&file), (0..file.len()).collect::<Vec<_>>());
        }
        assert_eq!(covered(b""), [0; 0]);
    }

    #[test]
    fn ranges_outside_the_file_do_not_match() {
        let tables = Tables::of(b"machine code");
        assert!(!tables.are_intact(b"machine"));
        for ranges in [vec![(5, 2)], vec![(0, u64::MAX)], vec![(0, 0); 1000]] {
            let tables = Tables { ranges, crc32: 0 };
            assert!(!tables.are_intact(b"machine code"), "{tables:?}");
        }
    }

    #[test]
    fn ranges_that_touch_are_joined() {
        let ranges = |pairs: &[(usize, usize)]| -> Vec<Range<usize>> {
            pairs.iter().map(|(start, end)| *start..*end).collect()
        };
        for (given, expected) in [
            (&[][..], &[][..]),
            (&[(3, 5), (0, 2)], &[(0, 2), (3, 5)]),
            (&[(2, 4), (4, 4), (0, 2)], &[(0, 4)]),
            (&[(0, 9), (2, 4), (8, 10)], &[(0, 10)]),
            (&[(7, 7)], &[]),
        ] {
            assert_eq!(joined(ranges(given)), ranges(expected));
        }
    }
}
