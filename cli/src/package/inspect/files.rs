//! Checks the names and modes of files.

use crate::finding::{Finding, Place, Rule};
use crate::package::archive::{Archive, Entry};

/// Checks names and modes.
pub(super) fn files(archive: &Archive) -> Vec<Finding> {
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
