//! Decompresses a stream as it arrives.

use std::io::{self, Write as _};

use bytes::Bytes;
use flate2::write::GzDecoder;

/// Input decompressed at once, in bytes: the output may be a thousand times as large.
const INPUT_BYTES: usize = 4096;

/// A gzip decoder for a stream.
#[derive(Debug)]
pub(super) struct Gunzip {
    decoder: GzDecoder<Vec<u8>>,
    /// Pending compressed input.
    waiting: Bytes,
}

impl Gunzip {
    pub(super) fn new() -> Self {
        Self {
            decoder: GzDecoder::new(Vec::new()),
            waiting: Bytes::new(),
        }
    }

    /// Adds compressed bytes. Call [`next`](Self::next) until it returns `None` first.
    pub(super) fn push(&mut self, compressed: Bytes) {
        self.waiting = compressed;
    }

    /// Decompresses some of the input. `None` means that all of it is decompressed.
    ///
    /// # Errors
    ///
    /// The input is not gzip.
    pub(super) fn next(&mut self) -> io::Result<Option<Bytes>> {
        while !self.waiting.is_empty() {
            let length = self.waiting.len().min(INPUT_BYTES);
            let block = self.waiting.split_to(length);
            self.decoder.write_all(&block)?;
            self.decoder.flush()?;
            let plain = std::mem::take(self.decoder.get_mut());
            if !plain.is_empty() {
                return Ok(Some(plain.into()));
            }
        }
        Ok(None)
    }

    /// Checks the end of the stream. An empty stream is valid.
    ///
    /// # Errors
    ///
    /// The stream ended too early, or its checksum is wrong.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        if self.decoder.header().is_none() && self.decoder.get_ref().is_empty() {
            return Ok(());
        }
        self.decoder.try_finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    fn gzip(blocks: &[&[u8]]) -> Vec<Bytes> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        let mut compressed = Vec::new();
        for block in blocks {
            encoder.write_all(block).unwrap();
            encoder.flush().unwrap();
            compressed.push(std::mem::take(encoder.get_mut()).into());
        }
        compressed.push(encoder.finish().unwrap().into());
        compressed
    }

    fn plain(gunzip: &mut Gunzip, compressed: Bytes) -> Vec<u8> {
        gunzip.push(compressed);
        let mut plain = Vec::new();
        while let Some(block) = gunzip.next().unwrap() {
            plain.extend(block);
        }
        plain
    }

    #[test]
    fn each_flushed_piece_comes_out_at_once() {
        let compressed = gzip(&[b"first", b"second"]);
        let mut gunzip = Gunzip::new();

        assert_eq!(plain(&mut gunzip, compressed[0].clone()), b"first");
        assert_eq!(plain(&mut gunzip, compressed[1].clone()), b"second");
        assert_eq!(plain(&mut gunzip, compressed[2].clone()), b"");
        assert!(gunzip.finish().is_ok());
    }

    #[test]
    fn what_is_no_gzip_or_ends_early_is_an_error() {
        let mut gunzip = Gunzip::new();
        gunzip.push(Bytes::from_static(b"plain text"));
        assert!(gunzip.next().is_err());

        let mut gunzip = Gunzip::new();
        plain(&mut gunzip, gzip(&[b"cut"])[0].clone());
        assert!(gunzip.finish().is_err());
    }

    #[test]
    fn nothing_at_all_is_fine() {
        assert!(Gunzip::new().finish().is_ok());
    }
}
