//! The source map of a handler, read on demand.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use artifact::source_map::SourceMap;
use artifact::{Checksum, Stamp};

/// The part of a precompiled component that holds its source map.
#[derive(Debug)]
pub(crate) struct Sources {
    checksum: Checksum,
    at: u64,
    kept: Kept,
}

#[derive(Debug)]
enum Kept {
    Nothing,
    File(File),
    Bytes(Vec<u8>),
}

impl Sources {
    /// The map in a file with this stamp. Keeps the file open, because its name may refer to another file
    /// later.
    pub(super) fn in_file(stamp: &Stamp, file: File) -> Self {
        Self::new(stamp, |_| Kept::File(file))
    }

    /// The map in `code`, a precompiled component with this stamp.
    pub(super) fn in_memory(stamp: &Stamp, code: &[u8]) -> Self {
        Self::new(stamp, |stamp| {
            let [start, end] = [stamp.code.bytes, stamp.code.bytes + stamp.sources.bytes]
                .map(|at| usize::try_from(at).unwrap_or(usize::MAX));
            Kept::Bytes(code.get(start..end).unwrap_or_default().to_vec())
        })
    }

    fn new(stamp: &Stamp, keep: impl FnOnce(&Stamp) -> Kept) -> Self {
        Self {
            checksum: stamp.sources,
            at: stamp.code.bytes,
            kept: if stamp.sources.bytes == 0 {
                Kept::Nothing
            } else {
                keep(stamp)
            },
        }
    }

    /// Reads the map. Returns an empty one if there is none, or it cannot be read: a failure can be reported
    /// without it.
    pub(crate) fn read(&self) -> SourceMap {
        self.try_read().unwrap_or_else(|error| {
            tracing::warn!("stack traces have no files and lines: {error}");
            SourceMap::default()
        })
    }

    fn try_read(&self) -> io::Result<SourceMap> {
        let read;
        let bytes = match &self.kept {
            Kept::Nothing => return Ok(SourceMap::default()),
            Kept::Bytes(bytes) => bytes,
            Kept::File(file) => {
                let length = usize::try_from(self.checksum.bytes).map_err(io::Error::other)?;
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, self.at)?;
                read = bytes;
                &read
            }
        };
        if Checksum::of(bytes) != self.checksum {
            return Err(io::Error::other("the source map differs from its checksum"));
        }
        Ok(SourceMap::read(bytes))
    }
}
