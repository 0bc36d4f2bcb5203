//! The resident pages of guests' own memories, found in the kernel's list of a process's mappings.
//!
//! The engine reserves gigabytes of addresses for a memory and makes the beginning accessible. Nothing else in a process
//! has so many inaccessible addresses behind it.

/// Least size of the inaccessible addresses behind a guest's memory, in bytes.
const LEAST_RESERVED_BYTES: u64 = 1 << 30;

/// One mapping, as far as it matters here.
#[derive(Clone, Copy, Debug, Default)]
struct Mapping {
    start: u64,
    end: u64,
    is_writable: bool,
    is_accessible: bool,
    resident_kib: u64,
}

impl Mapping {
    /// Parses the first line of a mapping: `START-END PERMISSIONS OFFSET DEVICE INODE PATH`.
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split_ascii_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let address = |text| u64::from_str_radix(text, 16).ok();
        let permissions = fields.next()?;
        Some(Self {
            start: address(start)?,
            end: address(end)?,
            is_writable: permissions.starts_with("rw"),
            is_accessible: !permissions.starts_with("---"),
            resident_kib: 0,
        })
    }

    fn is_reservation(&self) -> bool {
        !self.is_accessible && self.end - self.start >= LEAST_RESERVED_BYTES
    }
}

/// Returns the resident KiB of guests' memories in `smaps`, the text of `/proc/PID/smaps`.
pub(crate) fn resident_kib(smaps: &str) -> u64 {
    let mut mappings: Vec<Mapping> = vec![];
    for line in smaps.lines() {
        if let Some(mapping) = Mapping::parse(line) {
            mappings.push(mapping);
        } else if let (Some(rest), Some(last)) = (line.strip_prefix("Rss:"), mappings.last_mut()) {
            let kib = rest.trim().strip_suffix(" kB");
            last.resident_kib = kib.and_then(|kib| kib.parse().ok()).unwrap_or_default();
        }
    }
    let mut total = 0;
    // Writable mappings up to here without a gap: an image of data, and the zeros around it.
    let (mut adjacent, mut end) = (0, 0);
    for mapping in mappings {
        if mapping.start != end {
            adjacent = 0;
        }
        end = mapping.end;
        if mapping.is_writable {
            adjacent += mapping.resident_kib;
            continue;
        }
        if mapping.is_reservation() {
            total += adjacent;
        }
        adjacent = 0;
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_are_told_from_stacks_and_heaps() {
        let smaps = "\
10000000-12000000 ---p 00000000 00:00 0 \n\
Rss:                   0 kB\n\
12000000-12100000 rw-p 00000000 00:00 0 \n\
Size:               1024 kB\n\
Rss:                  12 kB\n\
12100000-12200000 rw-p 00abc000 fe:00 1234           /var/task/a name.cwasm\n\
Rss:                 100 kB\n\
12200000-112000000 ---p 00000000 00:00 0 \n\
Rss:                   0 kB\n\
112000000-112100000 rw-p 00000000 00:00 0 \n\
Rss:                   8 kB\n\
112100000-112101000 ---p 00000000 00:00 0 \n\
Rss:                   0 kB\n\
7f0000000000-7f0000010000 rw-p 00000000 00:00 0      [heap]\n\
Rss:                  40 kB\n\
7f0000020000-7f0100020000 ---p 00000000 00:00 0 \n\
Rss:                   0 kB\n";
        assert_eq!(resident_kib(smaps), 112);
        assert_eq!(resident_kib(""), 0);
    }
}
