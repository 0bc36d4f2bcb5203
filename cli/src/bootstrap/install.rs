//! Installs the executables of the host into the user's folder, from the archive of a release.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use artifact::Arch;
use artifact::release::VERSION;

use super::files::HostFile;
use super::places::Base;
use super::release::{Judgement, judge};
use super::unpack::unpack;
use crate::archive_source::{digest, fetch, sha256};
use crate::package::elf::Executable;

/// Where releases are.
const RELEASES: &str = "https://github.com/bootstream/bootstream/releases/download";

/// Installs the executables for `arch` from an archive at a path or URL, by default the one of this release,
/// and returns where they are. `named` is the archive's SHA-256.
///
/// # Errors
///
/// The archive cannot be read, has another checksum, or lacks a `bootstrap` of this release for `arch`. Then
/// nothing is installed.
pub(crate) fn install(arch: Arch, from: Option<&str>, named: Option<&str>) -> Result<Vec<PathBuf>> {
    let default = default_url(arch);
    let from = from.unwrap_or(&default);
    let archive = fetch(from)?;
    verify(&archive, from, arch, named)?;
    let found = unpack(&archive, arch).with_context(|| format!("cannot unpack `{from}`"))?;
    ensure!(
        found
            .iter()
            .any(|(file, _)| matches!(file, HostFile::Bootstrap(_))),
        "`{from}` has no `lib/bootstream/{arch}/bootstrap`: name the archive of a release for {arch}"
    );
    for (file, bytes) in &found {
        check(*file, bytes, arch).with_context(|| format!("`{from}`"))?;
    }
    let folder = Base::of_this_process()?
        .installed(arch)
        .context("cannot tell where to install: set HOME or XDG_DATA_HOME to an absolute path")?;
    write(&folder, &found)
}

fn default_url(arch: Arch) -> String {
    format!("{RELEASES}/v{VERSION}/bootstream-host-v{VERSION}-{arch}.tar.gz")
}

/// Returns the checksum of the archive of this release, if this command was built with it.
fn built_in(arch: Arch) -> Option<&'static str> {
    match arch {
        Arch::X86_64 => option_env!("BOOTSTREAM_HOST_SHA256_X86_64"),
        Arch::Arm64 => option_env!("BOOTSTREAM_HOST_SHA256_ARM64"),
    }
}

/// Compares the checksum with the named one, else with the one in this command, else with the file
/// `FROM.sha256`.
fn verify(archive: &[u8], from: &str, arch: Arch, named: Option<&str>) -> Result<()> {
    let found = sha256(archive);
    if named.is_none() && built_in(arch) == Some(found.as_str()) {
        return Ok(());
    }
    let (wanted, whence) = match named {
        Some(named) => (named.to_ascii_lowercase(), "--sha256".to_owned()),
        None => {
            let beside = format!("{from}.sha256");
            let text = fetch(&beside)
                .context("nothing says which checksum the archive has: pass it with `--sha256`")?;
            let digest = digest(&text).with_context(|| {
                format!("`{beside}` does not begin with a SHA-256 in hexadecimal")
            })?;
            (digest, format!("`{beside}`"))
        }
    };
    if found != wanted {
        bail!(
            "`{from}` has the SHA-256 {found}, and {whence} says {wanted}: the archive is damaged or another one; \
             get it again"
        );
    }
    Ok(())
}

fn check(file: HostFile, bytes: &[u8], arch: Arch) -> Result<()> {
    let name = file.name();
    match judge(Path::new(name), bytes) {
        Judgement::Own => {}
        Judgement::Other(error) => return Err(error),
        Judgement::Foreign => bail!("`{name}` is not one of Bootstream"),
    }
    let found = Executable::read(bytes)
        .with_context(|| format!("`{name}`"))?
        .arch;
    ensure!(found == Some(arch), "`{name}` is not for {arch}");
    Ok(())
}

fn write(folder: &Path, files: &[(HostFile, Vec<u8>)]) -> Result<Vec<PathBuf>> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
    files
        .iter()
        .map(|(file, bytes)| {
            let path = folder.join(file.name());
            crate::files::write_executable(&path, bytes)?;
            Ok(path)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_compared_with_what_was_named() {
        let named = sha256(b"archive");
        verify(b"archive", "a.tar.gz", Arch::HOST, Some(&named)).unwrap();
        verify(
            b"archive",
            "a.tar.gz",
            Arch::HOST,
            Some(&named.to_uppercase()),
        )
        .unwrap();

        let error = verify(b"brchive", "a.tar.gz", Arch::HOST, Some(&named)).unwrap_err();

        assert!(error.to_string().contains(&named), "{error}");
    }

    #[test]
    fn an_archive_is_compared_with_the_file_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("a.tar.gz");
        let from = from.to_str().unwrap();
        let verify = |bytes: &[u8]| verify(bytes, from, Arch::HOST, None);
        let error = format!("{:#}", verify(b"archive").unwrap_err());
        assert!(
            error.contains("--sha256") && error.contains("a.tar.gz.sha256"),
            "{error}"
        );

        std::fs::write(
            format!("{from}.sha256"),
            format!("{}  a.tar.gz\n", sha256(b"archive")),
        )
        .unwrap();
        verify(b"archive").unwrap();
        verify(b"archivf").unwrap_err();

        std::fs::write(format!("{from}.sha256"), "none\n").unwrap();
        verify(b"archive").unwrap_err();
    }

    #[test]
    fn a_file_must_be_of_this_release_and_for_the_architecture() {
        let check = |bytes: &[u8]| {
            let error = check(HostFile::Compiler, bytes, Arch::HOST).unwrap_err();
            format!("{error:#}")
        };
        assert!(check(b"#!/bin/sh\n").contains("is not one of Bootstream"));
        assert!(check(b"bootstream-release=9.9.9;").contains("release 9.9.9"));
        assert!(check(artifact::release::MARK.as_bytes()).contains("bootstream-compile"));
    }
}
