//! Finds the memories that Wasmtime has mapped copy-on-write, in the kernel's list of mappings. Wasmtime does not say
//! where they are.

use std::fs;
use std::io;
use std::ops::Range;

/// Least size of an image, in bytes. Less is seldom written to.
const LEAST_IMAGE_BYTES: usize = 64 * 1024;

/// The image of a memory: its offset in the file, and its length, in bytes.
pub(super) type Image = (usize, usize);

/// A memory of an instance with an image.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) image: Image,
    /// The addresses of the whole memory, the image included.
    pub(super) range: Range<usize>,
}

/// Finds the memories of this process's instances.
///
/// # Errors
///
/// When the kernel does not say.
pub(super) fn memories() -> io::Result<Vec<Memory>> {
    let own = fs::read_link("/proc/self/exe")?;
    let maps = fs::read_to_string("/proc/self/maps")?;
    Ok(memories_in(&maps, &own.to_string_lossy()))
}

/// One line of the kernel's list of mappings.
struct Mapping {
    range: Range<usize>,
    is_writable: bool,
    is_of_file: bool,
    offset: usize,
}

impl Mapping {
    /// Parses `START-END PERMISSIONS OFFSET DEVICE INODE PATH`.
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split_ascii_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let hex = |text| usize::from_str_radix(text, 16).ok();
        let permissions = fields.next()?;
        let offset = hex(fields.next()?)?;
        let inode = fields.nth(1)?;
        Some(Self {
            range: hex(start)?..hex(end)?,
            is_writable: permissions == "rw-p",
            is_of_file: inode != "0",
            offset,
        })
    }

    fn is_image(&self) -> bool {
        self.is_writable && self.is_of_file && self.range.len() >= LEAST_IMAGE_BYTES
    }

    fn is_zeros(&self) -> bool {
        self.is_writable && !self.is_of_file
    }
}

/// Finds images, and the zeros directly before and after each, which belong to the same memory. The data of the
/// executable `own` is no image.
fn memories_in(maps: &str, own: &str) -> Vec<Memory> {
    let lines = maps.lines().filter(|line| !line.ends_with(own));
    let mappings: Vec<_> = lines.filter_map(Mapping::parse).collect();
    let images = mappings.iter().enumerate().filter(|(_, it)| it.is_image());
    let memory = |(at, image): (usize, &Mapping)| {
        let before = at.checked_sub(1).and_then(|at| mappings.get(at));
        let before = before.filter(|it| it.is_zeros() && it.range.end == image.range.start);
        let after = mappings.get(at + 1);
        let after = after.filter(|it| it.is_zeros() && it.range.start == image.range.end);
        let start = before.map_or(image.range.start, |it| it.range.start);
        let end = after.map_or(image.range.end, |it| it.range.end);
        Memory {
            image: (image.offset, image.range.len()),
            range: start..end,
        }
    };
    images.map(memory).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memory_is_an_image_and_the_zeros_around_it() {
        let maps = "\
7f0000000000-7f0000010000 ---p 00000000 00:00 0 \n\
7f0000010000-7f0000020000 rw-p 00000000 00:00 0 \n\
7f0000020000-7f0000040000 rw-p 00abc000 fe:00 1234                       /var/task/a name.cwasm\n\
7f0000040000-7f0000041000 rw-p 00000000 00:00 0 \n\
7f0000041000-7f0000050000 ---p 00000000 00:00 0 \n\
7f0000060000-7f0000061000 rw-p 00000000 00:00 0 \n\
7f0000070000-7f0000090000 rw-p 00def000 fe:00 1234                       /var/task/a name.cwasm\n\
7f0000090000-7f00000b0000 r--p 00000000 fe:00 1234                       /var/task/a name.cwasm\n\
7f00000c0000-7f0000100000 rw-p 00000000 fe:00 99                         /var/task/bootstrap\n\
7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0                          [stack]\n\
not a mapping\n";
        let memory = |image, range| Memory { image, range };
        assert_eq!(
            memories_in(maps, "/var/task/bootstrap"),
            [
                memory((0xabc000, 0x20000), 0x7f00_0001_0000..0x7f00_0004_1000),
                memory((0xdef000, 0x20000), 0x7f00_0007_0000..0x7f00_0009_0000),
            ]
        );
    }
}
