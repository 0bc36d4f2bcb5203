//! The stamp at the end of a precompiled component: its compiler, its origin and checksums.
//!
//! ```text
//!  machine code (an ELF file of Wasmtime) │ source map │ record (JSON) │ footer, 16 bytes
//!                                                                       │ length of the record, u32
//!                                                                       │ CRC-32 of the record, u32
//!                                                                       │ magic number, 7 bytes
//!                                                                       │ version of the layout, 1 byte
//! ```
//!
//! Numbers are little-endian. The source map may be empty. The stamp is at the end, which ELF readers ignore,
//! so the code stays page-aligned at the start of the file, and can be mapped directly.
//!
//! A start reads the stamp and the [`Tables`], whose size depends little on that of the code. Tools read the whole
//! file and compare every checksum.
//!
//! Checksums find accidents: flipped bits, a truncated file, a component that was rebuilt. They are not a
//! signature: anyone who may write the file may write a matching stamp.

use std::io;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::concurrency::Concurrency;
use crate::fingerprint::{Difference, Fingerprint};
use crate::flavour::Flavour;
use crate::hex::hex;
use crate::memory_init::MemoryInit;
use crate::tables::Tables;

/// Ends every stamped file, before the version of its layout.
const MAGIC: [u8; 7] = *b"BSTREAM";

/// The version of the layout, in the last byte of the file.
const LAYOUT: u8 = 4;

const FOOTER_BYTES: usize = 16;

/// Largest record, in bytes. A typical one has about 700.
const RECORD_LIMIT_BYTES: usize = Stamp::LIMIT_BYTES - FOOTER_BYTES;

/// The metadata of a precompiled component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The release of Bootstream that compiled it.
    pub bootstream: String,
    /// What it was compiled for.
    pub fingerprint: Fingerprint,
    /// How the memories of its instances are initialized.
    pub memory_init: MemoryInit,
    /// Whether its tasks run concurrently. The fingerprint contains it as well, for releases that do not know
    /// this entry.
    #[serde(default, skip_serializing_if = "Concurrency::is_off")]
    pub concurrency: Concurrency,
    /// The file it was compiled from.
    pub component: Origin,
    /// The machine code at the start of the file.
    pub code: Checksum,
    /// The parts of it that Wasmtime parses when it loads the code.
    pub tables: Tables,
    /// The [`SourceMap`](crate::source_map::SourceMap) after it, which is read when the handler fails.
    pub sources: Checksum,
}

/// The identity of the component from which machine code was compiled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// What `sha256sum` prints for the component.
    pub sha256: String,
    /// Its length and checksum, which are cheaper to compare.
    pub checksum: Checksum,
}

impl Origin {
    /// Returns the identity of a component with these bytes.
    #[must_use]
    pub fn of(component: &[u8]) -> Self {
        Self {
            sha256: hex(&Sha256::digest(component)),
            checksum: Checksum::of(component),
        }
    }
}

/// Length and CRC-32 of a byte range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksum {
    /// Number of bytes.
    pub bytes: u64,
    /// Their CRC-32 (IEEE 802.3).
    pub crc32: u32,
}

impl Checksum {
    /// Returns the checksum of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.len() as u64,
            crc32: crc32fast::hash(bytes),
        }
    }
}

/// Why a file is not machine code that this host may run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unfit {
    /// The file has no stamp: Bootstream did not compile it, or it is truncated.
    #[error(
        "it has no stamp of `bootstream compile`: another program made it, or its end is missing"
    )]
    Unstamped,
    /// The stamp has the layout of another release.
    #[error(
        "another release of Bootstream compiled it: its stamp has layout {layout}, and this release reads \
         layout {LAYOUT}"
    )]
    OtherLayout {
        /// The version of the layout.
        layout: u8,
    },
    /// The stamp or the code is corrupt.
    #[error("it is damaged: {what} differs from its checksum")]
    Damaged {
        /// The part.
        what: &'static str,
    },
    /// It was compiled by another release, or for another machine.
    #[error("{0}")]
    Foreign(Difference),
    /// It needs concurrent tasks, and the host was built without them.
    #[error("it is a component of WASI 0.3, and this host was built without WASI 0.3")]
    NoConcurrency,
    /// It was compiled from another component than the one beside it.
    #[error("it was compiled from another component than the `.wasm` beside it")]
    OtherComponent,
    /// The engine refused it: it compares the processor, among other things.
    #[error("{0}")]
    Engine(String),
    /// The file cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
}

impl Stamp {
    /// Largest record with its footer, in bytes.
    pub const LIMIT_BYTES: usize = 4096;

    /// Reads the stamp at the end of `file`, without checking the code.
    ///
    /// # Errors
    ///
    /// [`Unfit::Unstamped`], [`Unfit::OtherLayout`] and [`Unfit::Damaged`].
    pub fn read(file: &[u8]) -> Result<Self, Unfit> {
        Self::read_end(file, file.len() as u64)
    }

    /// Reads the stamp from `end`, the last [`LIMIT_BYTES`](Self::LIMIT_BYTES) of a file of `file_bytes` bytes, or
    /// the whole of a shorter one.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read).
    pub fn read_end(end: &[u8], file_bytes: u64) -> Result<Self, Unfit> {
        let (before, footer) = end
            .split_last_chunk::<FOOTER_BYTES>()
            .ok_or(Unfit::Unstamped)?;
        let [l0, l1, l2, l3, c0, c1, c2, c3, magic @ .., layout] = *footer;
        if magic != MAGIC {
            return Err(Unfit::Unstamped);
        }
        if layout != LAYOUT {
            return Err(Unfit::OtherLayout { layout });
        }
        let record_bytes = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3]));
        let record = record_bytes
            .ok()
            .filter(|bytes| *bytes <= RECORD_LIMIT_BYTES)
            .and_then(|bytes| before.get(before.len().checked_sub(bytes)?..))
            .ok_or(Unfit::Damaged { what: "its stamp" })?;
        let parts_bytes = file_bytes.checked_sub((record.len() + FOOTER_BYTES) as u64);
        Self::parse(record, u32::from_le_bytes([c0, c1, c2, c3]), parts_bytes)
    }

    /// Parses a record of this checksum at the end of a file with `parts_bytes` before the record.
    fn parse(record: &[u8], crc32: u32, parts_bytes: Option<u64>) -> Result<Self, Unfit> {
        let damaged = Unfit::Damaged { what: "its stamp" };
        if crc32fast::hash(record) != crc32 {
            return Err(damaged);
        }
        match serde_json::from_slice::<Self>(record) {
            Ok(stamp) if parts_bytes.is_some() && stamp.parts_bytes() == parts_bytes => Ok(stamp),
            _ => Err(damaged),
        }
    }

    /// The kind of engine that runs the code.
    #[must_use]
    pub fn flavour(&self) -> Flavour {
        Flavour {
            memory_init: self.memory_init,
            concurrency: self.concurrency,
        }
    }

    /// Size of everything before the record.
    fn parts_bytes(&self) -> Option<u64> {
        self.code.bytes.checked_add(self.sources.bytes)
    }

    /// Checks that a host of this fingerprint may run the code.
    ///
    /// # Errors
    ///
    /// [`Unfit::Foreign`].
    pub fn check_fits(&self, host: &Fingerprint) -> Result<(), Unfit> {
        match self.fingerprint.difference(host) {
            None => Ok(()),
            Some(difference) => Err(Unfit::Foreign(difference)),
        }
    }

    /// Checks that the code was compiled from `component`.
    ///
    /// # Errors
    ///
    /// [`Unfit::OtherComponent`].
    pub fn check_origin(&self, component: &[u8]) -> Result<(), Unfit> {
        if Checksum::of(component) == self.component.checksum {
            Ok(())
        } else {
            Err(Unfit::OtherComponent)
        }
    }

    /// Checks that what Wasmtime parses when it loads `file` is intact. Reads nothing else of it.
    ///
    /// # Errors
    ///
    /// [`Unfit::Damaged`].
    pub fn check_tables(&self, file: &[u8]) -> Result<(), Unfit> {
        if self.tables.are_intact(file) {
            Ok(())
        } else {
            Err(Unfit::Damaged { what: "its tables" })
        }
    }

    /// Checks that the machine code at the start of `file` is intact. Reads all of it.
    ///
    /// # Errors
    ///
    /// [`Unfit::Damaged`].
    pub fn check_code(&self, file: &[u8]) -> Result<(), Unfit> {
        let code = usize::try_from(self.code.bytes);
        let code = code.ok().and_then(|bytes| file.get(..bytes));
        if code.map(Checksum::of) == Some(self.code) {
            Ok(())
        } else {
            Err(Unfit::Damaged {
                what: "its machine code",
            })
        }
    }

    /// Appends a source map and a stamp to machine code that was compiled from `component` for
    /// `flavour` and `fingerprint`.
    #[must_use]
    pub fn append(
        mut code: Vec<u8>,
        sources: &[u8],
        flavour: Flavour,
        fingerprint: Fingerprint,
        component: &[u8],
    ) -> Vec<u8> {
        let stamp = Self {
            bootstream: env!("CARGO_PKG_VERSION").to_owned(),
            fingerprint,
            memory_init: flavour.memory_init,
            concurrency: flavour.concurrency,
            component: Origin::of(component),
            code: Checksum::of(&code),
            tables: Tables::of(&code),
            sources: Checksum::of(sources),
        };
        let record = serde_json::to_vec(&stamp).expect("texts and numbers are JSON");
        assert!(record.len() <= RECORD_LIMIT_BYTES, "a record is short");
        let length = u32::try_from(record.len()).expect("it is short");
        code.extend_from_slice(sources);
        code.extend_from_slice(&record);
        code.extend_from_slice(&length.to_le_bytes());
        code.extend_from_slice(&crc32fast::hash(&record).to_le_bytes());
        code.extend_from_slice(&MAGIC);
        code.push(LAYOUT);
        code
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::Arch;

    const CODE: &[u8] = b"machine code";
    const SOURCES: &[u8] = b"source map";
    const COMPONENT: &[u8] = b"component";

    fn fingerprint(arch: Arch) -> Fingerprint {
        Fingerprint {
            wasmtime: "48.0.8".to_owned(),
            target: arch.triple().to_owned(),
            cpu: arch.cpu().to_owned(),
            settings: "a=true b=false".to_owned(),
        }
    }

    fn stamp_for(fingerprint: Fingerprint, component: &[u8]) -> Vec<u8> {
        append(Concurrency::Off, fingerprint, component)
    }

    fn append(concurrency: Concurrency, fingerprint: Fingerprint, component: &[u8]) -> Vec<u8> {
        let flavour = Flavour {
            memory_init: MemoryInit::CopyOnWrite,
            concurrency,
        };
        Stamp::append(CODE.to_vec(), SOURCES, flavour, fingerprint, component)
    }

    fn stamped() -> Vec<u8> {
        stamp_for(fingerprint(Arch::Arm64), COMPONENT)
    }

    /// Makes all checks of a host.
    fn check(file: &[u8]) -> Result<(), Unfit> {
        let stamp = Stamp::read(file)?;
        stamp.check_fits(&fingerprint(Arch::Arm64))?;
        stamp.check_origin(COMPONENT)?;
        stamp.check_tables(file)?;
        stamp.check_code(file)?;
        let sources = file.get(CODE.len()..CODE.len() + SOURCES.len());
        if sources.map(Checksum::of) != Some(stamp.sources) {
            return Err(Unfit::Damaged {
                what: "its source map",
            });
        }
        Ok(())
    }

    #[test]
    fn code_comes_back_with_what_is_known_of_it() {
        let file = stamped();

        check(&file).unwrap();

        let stamp = Stamp::read(&file).unwrap();
        assert!(file.starts_with(CODE));
        assert_eq!(stamp.component, Origin::of(COMPONENT));
        assert_eq!(stamp.fingerprint, fingerprint(Arch::Arm64));
        assert_eq!(stamp.memory_init, MemoryInit::CopyOnWrite);
        assert_eq!(
            Origin::of(b"abc").sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn code_for_concurrent_tasks_says_so_and_other_code_does_not_change() {
        let fingerprint = || fingerprint(Arch::Arm64);
        let off = append(Concurrency::Off, fingerprint(), COMPONENT);
        let on = append(Concurrency::On, fingerprint(), COMPONENT);

        let expected = format!(
            "{}{}{{\"bootstream\":\"{}\",\"fingerprint\":{},\"memory_init\":\"copy-on-write\",\"component\":{{",
            String::from_utf8_lossy(CODE),
            String::from_utf8_lossy(SOURCES),
            env!("CARGO_PKG_VERSION"),
            serde_json::to_string(&fingerprint()).unwrap(),
        );
        assert!(off.starts_with(expected.as_bytes()));
        assert_eq!(Stamp::read(&off).unwrap().concurrency, Concurrency::Off);
        assert_eq!(Stamp::read(&on).unwrap().concurrency, Concurrency::On);
        assert_eq!(
            Stamp::read(&on).unwrap().flavour().memory_init,
            MemoryInit::CopyOnWrite
        );
    }

    #[test]
    fn no_bit_can_flip() {
        for at in 0..stamped().len() {
            for bit in 0..8 {
                let mut file = stamped();
                file[at] ^= 1 << bit;
                assert!(check(&file).is_err(), "bit {bit} of byte {at}");
            }
        }
    }

    #[test]
    fn nothing_can_be_missing_or_added() {
        let file = stamped();
        for length in 0..file.len() {
            assert!(check(&file[..length]).is_err(), "{length} bytes");
            assert!(
                check(&file[file.len() - length..]).is_err(),
                "the last {length} bytes"
            );
        }
        for more in [&b"\0"[..], CODE, &file] {
            assert!(check(&[&file, more].concat()).is_err());
            assert!(check(&[more, &file].concat()).is_err());
        }
    }

    #[test]
    fn the_end_of_a_file_is_enough_for_its_stamp() {
        let whole = stamped();
        let padded = [vec![0; 2 * Stamp::LIMIT_BYTES], CODE.to_vec()].concat();
        let file = Stamp::append(
            padded,
            SOURCES,
            Stamp::read(&whole).unwrap().flavour(),
            fingerprint(Arch::Arm64),
            COMPONENT,
        );
        let bytes = file.len() as u64;
        let end = &file[file.len() - Stamp::LIMIT_BYTES..];

        assert_eq!(
            Stamp::read_end(end, bytes).unwrap(),
            Stamp::read(&file).unwrap()
        );
        for other in [0, 1, bytes - 1, bytes + 1] {
            let error = Stamp::read_end(end, other).unwrap_err();
            assert!(matches!(error, Unfit::Damaged { what: "its stamp" }));
        }
    }

    #[test]
    fn a_record_that_claims_to_be_huge_is_not_read() {
        let mut file = stamped();
        let at = file.len() - 16;
        file[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());

        assert!(matches!(
            check(&file),
            Err(Unfit::Damaged { what: "its stamp" })
        ));
    }

    #[test]
    fn a_stamp_of_another_release_is_named_as_one() {
        let mut file = stamped();
        *file.last_mut().unwrap() = 2;

        let error = check(&file).unwrap_err();
        assert!(matches!(error, Unfit::OtherLayout { layout: 2 }), "{error}");
        assert!(
            error.to_string().contains("another release of Bootstream"),
            "{error}"
        );
    }

    #[test]
    fn each_part_of_the_fingerprint_counts() {
        let with = |change: fn(&mut Fingerprint) -> &mut String| {
            let mut fingerprint = fingerprint(Arch::Arm64);
            *change(&mut fingerprint) = "other".to_owned();
            fingerprint
        };
        for (fingerprint, what) in [
            (with(|it| &mut it.wasmtime), "Wasmtime"),
            (with(|it| &mut it.target), "target"),
            (with(|it| &mut it.cpu), "processor"),
            (with(|it| &mut it.settings), "settings"),
            (fingerprint(Arch::X86_64), "target"),
        ] {
            let file = stamp_for(fingerprint, COMPONENT);
            let error = check(&file).unwrap_err();
            assert!(matches!(error, Unfit::Foreign(_)), "{error}");
            assert!(error.to_string().contains(what), "{error}");
        }
    }

    #[test]
    fn the_component_beside_it_must_be_the_one_it_was_made_from() {
        let file = stamp_for(fingerprint(Arch::Arm64), b"another");

        assert!(matches!(check(&file), Err(Unfit::OtherComponent)));
    }
}
