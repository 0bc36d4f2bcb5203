//! Reads the executables of a host out of the archive of a release. No file is written.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use artifact::Arch;
use flate2::read::GzDecoder;
use tar::EntryType;

use super::files::HostFile;

/// Largest executable that is read, in bytes. The compiler has about 30 MB.
const LARGEST: u64 = 256 * 1024 * 1024;

/// Returns the executables in `lib/bootstream/ARCH` of a gzipped tar archive, whatever folder is around it.
///
/// # Errors
///
/// It is not such an archive, or a file is too large.
pub(super) fn unpack(archive: &[u8], arch: Arch) -> Result<Vec<(HostFile, Vec<u8>)>> {
    let mut found = Vec::new();
    let mut tar = tar::Archive::new(GzDecoder::new(archive));
    for entry in tar.entries()? {
        let mut entry = entry.context("not an archive of the kind `.tar.gz`")?;
        let path = entry.path()?.into_owned();
        let Some(file) = host_file(&path, arch) else {
            continue;
        };
        let name = path.display();
        ensure!(
            entry.header().entry_type() == EntryType::Regular,
            "`{name}` is not a file"
        );
        ensure!(
            entry.size() <= LARGEST,
            "`{name}` has {} bytes, more than {LARGEST}",
            entry.size()
        );
        let mut bytes = Vec::new();
        entry
            .read_to_end(&mut bytes)
            .with_context(|| format!("`{name}` is damaged"))?;
        found.push((file, bytes));
    }
    Ok(found)
}

fn host_file(path: &Path, arch: Arch) -> Option<HostFile> {
    let folder = Path::new("lib/bootstream").join(arch.to_string());
    let mut all = HostFile::ALL.into_iter();
    all.find(|file| path.ends_with(folder.join(file.name())))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use artifact::Concurrency;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn archive(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
        let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (path, kind, bytes) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(*kind);
            header.set_size(bytes.len() as u64);
            header.set_mode(0o755);
            if *kind == EntryType::Symlink {
                header.set_link_name("/etc/passwd").unwrap();
            }
            tar.append_data(&mut header, path, *bytes).unwrap();
        }
        let mut gzip = tar.into_inner().unwrap();
        gzip.flush().unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn the_executables_of_the_architecture_are_taken() {
        let file = EntryType::Regular;
        let archive = archive(&[
            ("bootstream-v1/bin/bootstream", file, b"command"),
            ("bootstream-v1/lib/bootstream/arm64/bootstrap", file, b"arm"),
            (
                "bootstream-v1/lib/bootstream/x86_64/bootstrap",
                file,
                b"x86",
            ),
            ("bootstream-v1/lib/bootstream/x86_64/README", file, b"text"),
            (
                "bootstream-v1/lib/bootstream/x86_64/bootstream-compile",
                file,
                b"compiler",
            ),
        ]);

        let found = unpack(&archive, Arch::X86_64).unwrap();

        let wanted = [
            (HostFile::Bootstrap(Concurrency::Off), b"x86".to_vec()),
            (HostFile::Compiler, b"compiler".to_vec()),
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn links_are_refused() {
        let path = "lib/bootstream/arm64/bootstrap";
        let error = unpack(&archive(&[(path, EntryType::Symlink, b"")]), Arch::Arm64).unwrap_err();
        assert!(error.to_string().contains("is not a file"), "{error}");
    }

    #[test]
    fn damaged_archives_are_refused() {
        let path = "lib/bootstream/arm64/bootstrap";
        let bytes: Vec<u8> = (0..100_000_u32).map(|n| (n * n % 251) as u8).collect();
        let whole = archive(&[(path, EntryType::Regular, &bytes)]);
        for damaged in [&whole[..whole.len() / 2], b"garbage", b""] {
            unpack(damaged, Arch::Arm64).unwrap_err();
        }
    }
}
