//! What can be wrong with a package, told before Lambda does.
//!
//! Sources of the numbers and of the search order: AWS's "Lambda quotas", "Custom Lambda runtimes"
//! and "Amazon Linux 2023 runtime" pages. A host library that Lambda lacks shows only at the first
//! invocation, as `Runtime.ExitError`.

use std::io::Cursor;

use anyhow::{Result, bail};
use bootstream_host::engine::{Fingerprint, Stamp, Unfit};

use super::archive::{Archive, Entry};
use super::elf::{Executable, GlibcVersion};
use super::layout::{BOOTSTRAP, COMPILER};
use crate::component::FileKind;
use crate::finding::{Finding, Place, Rule};
use crate::precompile::Arch;

/// What a function's package and its layers may unpack to, together: 250 MB.
pub(crate) const UNPACKED_LIMIT: u64 = 250 * 1024 * 1024;

/// The largest zip that Lambda takes directly; a larger one has to go through S3: 50 MB.
pub(crate) const UPLOAD_LIMIT: u64 = 50 * 1024 * 1024;

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

/// What is known about the function that a package is for.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) arch: Arch,
    /// The function's `Handler`, if it is known.
    pub(crate) handler: Option<String>,
    /// Where `bootstrap` comes from.
    pub(crate) host: HostPlace,
}

/// Where a function's `bootstrap` is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum HostPlace {
    /// In a layer, with or without the compiler beside it.
    Layer { compiler: bool },
    /// In a layer that is not at hand.
    UnknownLayer,
    /// In the function's own package.
    Package,
}

/// Checks the zip of the host layer.
pub(crate) fn host_layer(archive: &mut Archive, arch: Arch) -> Vec<Finding> {
    let mut findings = files(archive);
    findings.extend(upload_size(archive));
    findings.extend(host(archive, arch));
    findings
}

/// Checks the zip of the function's code.
pub(crate) fn function(archive: &mut Archive, function: &Function) -> Vec<Finding> {
    let mut findings = files(archive);
    findings.extend(upload_size(archive));
    match function.host {
        HostPlace::Package => findings.extend(host(archive, function.arch)),
        HostPlace::Layer { .. } | HostPlace::UnknownLayer => findings.extend(stray_host(archive)),
    }
    if let Some(handler) = &function.handler {
        match handler_file(archive, handler) {
            Some(file) => findings.extend(handler_content(archive, &file, function)),
            None => findings.push(missing_handler(archive, handler)),
        }
    }
    findings
}

/// Checks what the packages of one function take together.
pub(crate) fn unpacked_size(sizes: &[u64], place: Place) -> Option<Finding> {
    let sum = sizes
        .iter()
        .fold(0_u64, |sum, size| sum.saturating_add(*size));
    (sum > UNPACKED_LIMIT).then(|| {
        Finding::error(
            Rule::PackageSize,
            place,
            format!(
                "function and layers unpack to {sum} bytes; Lambda takes {UNPACKED_LIMIT} (250 MB)"
            ),
            "leave out what the handler does not read, or make the component smaller \
             (`opt-level = \"s\"`, `strip = true`)",
        )
    })
}

fn upload_size(archive: &Archive) -> Option<Finding> {
    (archive.bytes > UPLOAD_LIMIT).then(|| {
        Finding::error(
            Rule::PackageSize,
            Place::file(&archive.path),
            format!(
                "the zip has {} bytes; Lambda takes {UPLOAD_LIMIT} (50 MB) directly",
                archive.bytes
            ),
            "deploy it through S3, as `sam deploy` does, or make it smaller",
        )
        .into_warning()
    })
}

/// Checks names and modes.
fn files(archive: &Archive) -> Vec<Finding> {
    let place = || Place::file(&archive.path);
    let error = |what, fix: &str| Finding::error(Rule::Archive, place(), what, fix);
    let mut findings = Vec::new();
    for entry in &archive.entries {
        let name = &entry.name;
        if name.starts_with('/') || name.split('/').any(|part| part == "..") {
            findings.push(error(
                format!("`{name}` leads out of the package"),
                "make the zip with `bootstream package`",
            ));
        }
        match entry.mode {
            None => findings.push(error(
                format!("`{name}` has no Unix mode, so that Lambda may not be able to read it"),
                "make the zip with `bootstream package`, or with `zip` on Linux or macOS",
            )),
            Some(mode) if mode & readable(entry) != readable(entry) => findings.push(error(
                format!(
                    "`{name}` has mode {mode:04o}: Lambda runs as another user, who cannot read it"
                ),
                "make the zip with `bootstream package`, or run `chmod -R a+rX` before zipping",
            )),
            Some(_) => {}
        }
    }
    findings
}

fn readable(entry: &Entry) -> u32 {
    if entry.folder { 0o555 } else { 0o444 }
}

fn stray_host(archive: &Archive) -> Option<Finding> {
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
fn host(archive: &mut Archive, arch: Arch) -> Vec<Finding> {
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
            format!("`{name}` is no executable for Lambda: {error:#}"),
            "build it with `cargo build --profile lambda -p bootstream-host`",
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
            "build it on Debian 12, Ubuntu 22.04 or older, or with \
             `cargo zigbuild --target x86_64-unknown-linux-gnu.2.34` (or aarch64)",
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

/// The file that the host takes for `Handler`, by the host's own rule.
fn handler_file(archive: &Archive, handler: &str) -> Option<String> {
    ["", ".wasm", ".cwasm"]
        .iter()
        .map(|extension| format!("{handler}{extension}"))
        .find(|name| archive.entry(name).is_some_and(|entry| !entry.folder))
}

fn missing_handler(archive: &Archive, handler: &str) -> Finding {
    let names: Vec<_> = archive
        .entries
        .iter()
        .map(|entry| format!("`{}`", entry.name))
        .collect();
    Finding::error(
        Rule::MissingHandler,
        Place::file(&archive.path),
        format!(
            "the function's handler is `{handler}`, but the zip has only {}",
            names.join(", ")
        ),
        "set the function's handler to a component in the zip, \
         or package the component under that name with `--name`",
    )
}

/// A handler in its two forms, by the host's own rule: a `.cwasm` and a `.wasm` of one name.
struct Forms {
    component: Option<(String, Vec<u8>)>,
    code: Option<(String, Vec<u8>)>,
}

/// Checks that the host can run the handler's file.
fn handler_content(archive: &mut Archive, file: &str, function: &Function) -> Vec<Finding> {
    let place = Place::file(&archive.path);
    let forms = match forms(archive, file) {
        Ok(forms) => forms,
        Err(error) => {
            let what = format!("{error:#}");
            let fix = "package what `bootstream build` made";
            return vec![Finding::error(Rule::MissingHandler, place, what, fix)];
        }
    };
    let compiler = match function.host {
        HostPlace::Layer { compiler } => compiler,
        HostPlace::Package => archive.entry(COMPILER).is_some(),
        // Whoever made that layer knows.
        HostPlace::UnknownLayer => true,
    };
    match &forms.code {
        Some((name, code)) => {
            let component = forms.component.as_ref().map(|(_, bytes)| bytes.as_slice());
            let unfit = check_code(code, component, function.arch).err();
            let stale = unfit.map(|why| stale(name, &why, function.arch, place));
            // Then the host compiles the component at each cold start.
            let replaced = compiler && component.is_some();
            let finding = stale.map(|it| if replaced { it.into_warning() } else { it });
            finding.into_iter().collect()
        }
        None if compiler => Vec::new(),
        None => vec![no_compiler(file, place)],
    }
}

fn forms(archive: &mut Archive, file: &str) -> Result<Forms> {
    let bytes = archive.read(file, UNPACKED_LIMIT)?;
    let stem = [".wasm", ".cwasm"]
        .iter()
        .find_map(|extension| file.strip_suffix(extension))
        .unwrap_or(file);
    let mut sibling = |extension: &str, kind| {
        let name = format!("{stem}.{extension}");
        let bytes = archive.read(&name, UNPACKED_LIMIT).ok()?;
        (FileKind::of(&bytes) == kind).then_some((name, bytes))
    };
    let file = file.to_owned();
    match FileKind::of(&bytes) {
        FileKind::Component => Ok(Forms {
            code: sibling("cwasm", FileKind::Precompiled),
            component: Some((file, bytes)),
        }),
        FileKind::Precompiled => Ok(Forms {
            component: sibling("wasm", FileKind::Component),
            code: Some((file, bytes)),
        }),
        FileKind::CoreModule | FileKind::Text | FileKind::Unknown => {
            bail!("`{file}` is neither a component nor a precompiled one")
        }
    }
}

/// Makes the checks that the host makes, against a host of this release.
fn check_code(code: &[u8], component: Option<&[u8]>, arch: Arch) -> Result<(), Unfit> {
    let mut code = Cursor::new(code);
    let stamp = Stamp::read(&mut code)?;
    stamp.check_fits(&Fingerprint::of(arch.target()))?;
    if let Some(component) = component {
        stamp.check_origin(component)?;
    }
    stamp.check_code(&mut code)
}

fn stale(name: &str, why: &Unfit, arch: Arch, place: Place) -> Finding {
    Finding::error(
        Rule::StalePrecompiled,
        place,
        format!("the host will not run `{name}`: {why}"),
        format!("make the zip again with `bootstream package --arch {arch}` of the host's release"),
    )
}

fn no_compiler(file: &str, place: Place) -> Finding {
    Finding::error(
        Rule::StalePrecompiled,
        place,
        format!("`{file}` is not precompiled, and there is no `{COMPILER}` beside `{BOOTSTRAP}`"),
        "package it without `--portable`, or the layer with `--compiler`",
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

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

    #[test]
    fn layers_count_towards_the_unpacked_limit() {
        let place = || Place::file(Path::new("dist"));
        assert!(unpacked_size(&[UNPACKED_LIMIT, 0], place()).is_none());
        let finding = unpacked_size(&[UNPACKED_LIMIT, 1], place()).unwrap();
        assert!(finding.what.contains("262144001 bytes"), "{finding}");
    }
}
