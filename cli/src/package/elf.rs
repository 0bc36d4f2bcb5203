//! The system requirements of an executable.

use std::fmt;

use anyhow::{Context as _, Result, bail};
use object::elf::{DT_NEEDED, EM_AARCH64, EM_X86_64, FileHeader64};
use object::endian::Endianness;
use object::read::elf::{FileHeader as _, ProgramHeader as _, SectionTable};

use artifact::Arch;

type Header = FileHeader64<Endianness>;

/// The requirements of an ELF file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Executable {
    /// `None` for a processor that Lambda does not have.
    pub(crate) arch: Option<Arch>,
    /// The loader it requires. `None` if it is linked statically.
    pub(crate) interpreter: Option<String>,
    /// The shared libraries it requires.
    pub(crate) libraries: Vec<String>,
    /// The newest version of the C library it requires. `None` if it is linked statically.
    pub(crate) glibc: Option<GlibcVersion>,
}

/// A version of the GNU C library.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct GlibcVersion {
    pub(crate) major: u32,
    pub(crate) minor: u32,
}

impl GlibcVersion {
    /// Parses the name of a symbol version, such as `GLIBC_2.34`. `None` for other libraries.
    fn parse(name: &[u8]) -> Option<Self> {
        let numbers = std::str::from_utf8(name).ok()?.strip_prefix("GLIBC_")?;
        let mut numbers = numbers.split('.').map(str::parse);
        Some(Self {
            major: numbers.next()?.ok()?,
            minor: numbers.next()?.ok()?,
        })
    }
}

impl fmt::Display for GlibcVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl Executable {
    /// Reads the headers of a 64-bit ELF file.
    ///
    /// # Errors
    ///
    /// The file is not a 64-bit ELF file, or is damaged.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        let header = Header::parse(bytes).context("is not a 64-bit ELF file")?;
        let endian = header.endian().context("has an unknown byte order")?;
        let sections = header
            .sections(endian, bytes)
            .context("has damaged section headers")?;
        let mut interpreter = None;
        let mut dynamic = false;
        for segment in header.program_headers(endian, bytes)? {
            dynamic |= segment.dynamic(endian, bytes)?.is_some();
            if let Some(path) = segment.interpreter(endian, bytes)? {
                interpreter = Some(String::from_utf8_lossy(path).into_owned());
            }
        }
        if dynamic && sections.is_empty() {
            bail!("has no section headers, which name what it needs");
        }
        Ok(Self {
            arch: arch(header.e_machine(endian)),
            interpreter,
            libraries: libraries(&sections, endian, bytes)?,
            glibc: glibc(&sections, endian, bytes)?,
        })
    }
}

fn arch(machine: u16) -> Option<Arch> {
    [(EM_X86_64, Arch::X86_64), (EM_AARCH64, Arch::Arm64)]
        .into_iter()
        .find_map(|(number, arch)| (number == machine).then_some(arch))
}

fn libraries(
    sections: &SectionTable<'_, Header>,
    endian: Endianness,
    bytes: &[u8],
) -> Result<Vec<String>> {
    let table = sections.dynamic_table(endian, bytes)?;
    table
        .iter()
        .filter(|entry| entry.tag == DT_NEEDED)
        .map(|entry| Ok(String::from_utf8_lossy(table.string(entry)?).into_owned()))
        .collect()
}

fn glibc(
    sections: &SectionTable<'_, Header>,
    endian: Endianness,
    bytes: &[u8],
) -> Result<Option<GlibcVersion>> {
    let Some((needs, strings)) = sections.gnu_verneed(endian, bytes)? else {
        return Ok(None);
    };
    let strings = sections.strings(endian, bytes, strings)?;
    let mut newest = None;
    for need in needs {
        let (_library, versions) = need?;
        for version in versions {
            newest = newest.max(GlibcVersion::parse(version?.name(endian, strings)?));
        }
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn this_executable() -> Vec<u8> {
        std::fs::read(std::env::current_exe().unwrap()).unwrap()
    }

    #[test]
    fn this_test_is_an_executable_of_this_machine() {
        let executable = Executable::read(&this_executable()).unwrap();

        assert_eq!(executable.arch, Some(Arch::HOST));
        assert!(executable.interpreter.unwrap().contains("ld-linux"));
        assert!(executable.libraries.contains(&"libc.so.6".to_owned()));
        assert!(executable.glibc.unwrap() >= GlibcVersion { major: 2, minor: 2 });
    }

    #[test]
    fn whatever_is_damaged_is_an_error_and_no_panic() {
        let bytes = this_executable();
        assert!(Executable::read(b"").is_err());
        assert!(Executable::read(b"\x7fELF").is_err());
        for length in (0..4096).step_by(61) {
            let _ = Executable::read(&bytes[..length]);
        }
        let mut rng = fastrand::Rng::with_seed(1);
        for _ in 0..500 {
            let mut damaged = bytes[..4096].to_vec();
            let at = rng.usize(..1024);
            damaged[at] = rng.u8(..);
            let _ = Executable::read(&damaged);
        }
    }

    #[test]
    fn versions_are_compared_by_number() {
        let parse = |name: &str| GlibcVersion::parse(name.as_bytes());
        assert!(parse("GLIBC_2.34") > parse("GLIBC_2.4"));
        assert_eq!(parse("GLIBC_2.2.5").unwrap().to_string(), "2.2");
        assert_eq!(parse("GCC_3.0"), None);
        assert_eq!(parse("GLIBC_PRIVATE"), None);
    }
}
