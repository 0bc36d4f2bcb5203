//! Checks that Lambda can start the executables.
//!
//! Without this check, a missing library would appear only at the first invocation, as
//! `Runtime.ExitError`.

use artifact::{Arch, Concurrency};

use super::UNPACKED_LIMIT;
use crate::bootstrap;
use crate::finding::{Finding, Place, Rule};
use crate::package::archive::Archive;
use crate::package::elf::{Executable, GlibcVersion};
use crate::package::layout::{BOOTSTRAP, COMPILER};

/// The C library of `provided.al2023`.
const NEWEST_GLIBC: GlibcVersion = GlibcVersion {
    major: 2,
    minor: 34,
};

/// The libraries of `provided.al2023` that a program may need, besides the loader.
const LIBRARIES: [&str; 6] = [
    "libc.so.6",
    "libdl.so.2",
    "libgcc_s.so.1",
    "libm.so.6",
    "libpthread.so.0",
    "librt.so.1",
];

/// Checks that the function's zip does not hide the layer's `bootstrap`.
pub(super) fn stray_host(archive: &Archive) -> Option<Finding> {
    archive.entry(BOOTSTRAP).map(|_| {
        Finding::error(
            Rule::Bootstrap,
            Place::file(&archive.path),
            format!(
                "the function's zip has a `{BOOTSTRAP}`, which Lambda starts in place of the layer's"
            ),
            format!("take `{BOOTSTRAP}` out of the function's zip, or the layer off the function"),
        )
    })
}

/// Checks the executables.
pub(super) fn host(archive: &mut Archive, arch: Arch) -> Vec<Finding> {
    if archive.entry(BOOTSTRAP).is_none() {
        let nested = archive
            .entries
            .iter()
            .find(|entry| entry.name.ends_with(&format!("/{BOOTSTRAP}")));
        let what = match nested {
            Some(entry) => format!("`{BOOTSTRAP}` is at `{}`, not at the root", entry.name),
            None => format!("there is no `{BOOTSTRAP}`"),
        };
        let place = Place::file(&archive.path);
        let fix = "make the zip with `bootstream package`";
        return vec![Finding::error(Rule::Bootstrap, place, what, fix)];
    }
    let mut findings = executable(archive, BOOTSTRAP, arch);
    if archive.entry(COMPILER).is_some() {
        findings.extend(executable(archive, COMPILER, arch));
    }
    findings
}

/// Returns what the host in a zip supports. One that cannot be read has a finding of its own, and is not blamed for
/// what it may support.
pub(crate) fn concurrency_of_host(archive: &mut Archive) -> Concurrency {
    let executable = archive.read(BOOTSTRAP, UNPACKED_LIMIT);
    executable.map_or(Concurrency::On, |bytes| Concurrency::of_host(&bytes))
}

fn executable(archive: &mut Archive, name: &str, arch: Arch) -> Vec<Finding> {
    let mut findings = Vec::new();
    let place = Place::file(&archive.path);
    let mode = archive.entry(name).and_then(|entry| entry.mode);
    if let Some(mode) = mode.filter(|mode| mode & 0o111 != 0o111) {
        findings.push(Finding::error(
            Rule::Archive,
            place.clone(),
            format!("`{name}` has mode {mode:04o}: Lambda cannot execute it"),
            format!(
                "make the zip with `bootstream package`, or run `chmod 755 {name}` before zipping"
            ),
        ));
    }
    match archive
        .read(name, UNPACKED_LIMIT)
        .and_then(|bytes| Executable::read(&bytes))
    {
        Ok(facts) => findings.extend(system(&facts, name, arch, &place)),
        Err(error) => findings.push(Finding::error(
            Rule::Bootstrap,
            place,
            format!("`{name}` is not an executable for Lambda: {error:#}"),
            bootstrap::HOW,
        )),
    }
    findings
}

/// Checks whether a program starts on `provided.al2023`.
pub(crate) fn system(facts: &Executable, name: &str, arch: Arch, place: &Place) -> Vec<Finding> {
    if facts.arch != Some(arch) {
        return vec![wrong_arch(facts.arch, name, arch, place)];
    }
    let error = |what, fix: &str| Finding::error(Rule::SystemLibraries, place.clone(), what, fix);
    let mut findings = Vec::new();
    if let Some(glibc) = facts.glibc.filter(|version| *version > NEWEST_GLIBC) {
        findings.push(error(
            format!("`{name}` needs glibc {glibc}; `provided.al2023` has {NEWEST_GLIBC}"),
            "link it statically, as `scripts/build-bootstrap.sh` does, or build it on Debian 12, \
             Ubuntu 22.04 or older",
        ));
    }
    let loader = loader(arch);
    if let Some(other) = facts.interpreter.as_deref().filter(|path| *path != loader) {
        findings.push(error(
            format!("`{name}` asks for the loader `{other}`; Lambda has `{loader}`"),
            "build it for the target `*-unknown-linux-gnu` on a system with usual paths",
        ));
    }
    let known =
        |library: &&String| LIBRARIES.contains(&library.as_str()) || loader.ends_with(&***library);
    for library in facts.libraries.iter().filter(|library| !known(library)) {
        findings.push(error(
            format!("`{name}` needs `{library}`, which `provided.al2023` may not have"),
            "link it statically, or build without it",
        ));
    }
    findings
}

fn wrong_arch(found: Option<Arch>, name: &str, arch: Arch, place: &Place) -> Finding {
    let found = found.map_or("another processor".to_owned(), |arch| arch.to_string());
    Finding::error(
        Rule::Architecture,
        place.clone(),
        format!("`{name}` is for {found}, the function is {arch}"),
        format!(
            "package it with `--arch {arch}` and a `{name}` that was built for it, \
             or set the architecture of function and layer to {found}"
        ),
    )
}

fn loader(arch: Arch) -> &'static str {
    match arch {
        Arch::X86_64 => "/lib64/ld-linux-x86-64.so.2",
        Arch::Arm64 => "/lib/ld-linux-aarch64.so.1",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Executable {
        Executable {
            arch: Some(Arch::Arm64),
            interpreter: Some("/lib/ld-linux-aarch64.so.1".to_owned()),
            libraries: vec!["libc.so.6".to_owned(), "ld-linux-aarch64.so.1".to_owned()],
            glibc: Some(NEWEST_GLIBC),
        }
    }

    fn what(facts: &Executable) -> Vec<String> {
        system(facts, "bootstrap", Arch::Arm64, &Place::default())
            .into_iter()
            .map(|finding| finding.what)
            .collect()
    }

    #[test]
    fn what_amazon_linux_2023_has_is_enough() {
        assert_eq!(what(&facts()), [""; 0]);
        let linked_statically = Executable {
            interpreter: None,
            libraries: Vec::new(),
            glibc: None,
            ..facts()
        };
        assert_eq!(what(&linked_statically), [""; 0]);
    }

    #[test]
    fn what_it_lacks_is_named() {
        let newer = Executable {
            glibc: Some(GlibcVersion {
                major: 2,
                minor: 36,
            }),
            libraries: vec!["libssl.so.3".to_owned()],
            interpreter: Some("/nix/store/ld.so".to_owned()),
            ..facts()
        };
        assert_eq!(
            what(&newer),
            [
                "`bootstrap` needs glibc 2.36; `provided.al2023` has 2.34",
                "`bootstrap` asks for the loader `/nix/store/ld.so`; Lambda has `/lib/ld-linux-aarch64.so.1`",
                "`bootstrap` needs `libssl.so.3`, which `provided.al2023` may not have",
            ]
        );
        let other = Executable {
            arch: Some(Arch::X86_64),
            ..facts()
        };
        assert_eq!(
            what(&other),
            ["`bootstrap` is for x86_64, the function is arm64"]
        );
    }
}
