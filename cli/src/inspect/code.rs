//! The facts about machine code.

use artifact::{Arch, Stamp};
use serde_json::{Value, json};

use crate::commands::compile::size;
use crate::precompile::check_code;

/// The facts about machine code.
#[derive(Debug)]
pub(super) struct CodeFacts {
    bytes: usize,
    /// What the compiler recorded, if it can be read.
    stamp: Option<Stamp>,
    /// Why a host of this release does not run it.
    unfit: Option<String>,
}

impl CodeFacts {
    /// Reads machine code, and compares it with the component beside it.
    pub(super) fn read(code: &[u8], component: Option<&[u8]>) -> Self {
        let stamp = Stamp::read(code).ok();
        let arch = stamp.as_ref().and_then(arch).unwrap_or(Arch::HOST);
        let unfit = check_code(code, component, arch).err();
        Self {
            bytes: code.len(),
            unfit: unfit.map(|why| why.to_string()),
            stamp,
        }
    }

    /// Returns whether a host of this release runs it, on its architecture.
    pub(super) fn runs(&self) -> bool {
        self.unfit.is_none()
    }

    /// Returns the architecture it was compiled for.
    pub(super) fn arch(&self) -> Option<Arch> {
        self.stamp.as_ref().and_then(arch)
    }

    /// Returns the description, for people.
    pub(super) fn lines(&self, name: &str, has_component: bool) -> Vec<String> {
        let mut lines = vec![format!("machine code: {name} ({})", size(self.bytes))];
        if let Some(stamp) = &self.stamp {
            let fingerprint = &stamp.fingerprint;
            let target = arch(stamp).map_or(fingerprint.target.as_str(), |arch| arch.name());
            lines.push(format!(
                "  compiled by: Bootstream {}, Wasmtime {}",
                stamp.bootstream, fingerprint.wasmtime
            ));
            lines.push(format!("  for: {target}, {} or later", fingerprint.cpu));
            if !has_component {
                lines.push(format!(
                    "  from: a component of {} with SHA-256 {}, which is not beside it; only the component \
                     shows its world",
                    size(usize::try_from(stamp.component.checksum.bytes).unwrap_or(usize::MAX)),
                    stamp.component.sha256
                ));
            }
        }
        lines.push(match &self.unfit {
            None => "  fits: a host of this release".to_owned(),
            Some(why) => format!("  not run by a host of this release: {why}"),
        });
        lines
    }

    /// Returns the description, for programs.
    pub(super) fn to_json(&self, name: &str) -> Value {
        let stamp = self.stamp.as_ref();
        let fingerprint = stamp.map(|stamp| &stamp.fingerprint);
        json!({
            "file": name,
            "bytes": self.bytes,
            "architecture": stamp.and_then(arch).map(Arch::name),
            "cpu": fingerprint.map(|it| &it.cpu),
            "bootstream": stamp.map(|stamp| &stamp.bootstream),
            "wasmtime": fingerprint.map(|it| &it.wasmtime),
            "componentSha256": stamp.map(|stamp| &stamp.component.sha256),
            "componentBytes": stamp.map(|stamp| stamp.component.checksum.bytes),
            "refused": self.unfit,
        })
    }
}

fn arch(stamp: &Stamp) -> Option<Arch> {
    Arch::from_triple(&stamp.fingerprint.target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::precompile::precompile;

    #[test]
    fn machine_code_of_the_other_architecture_fits_a_host_there() {
        let component = b"(component (core module (func (export \"f\"))))";
        for arch in Arch::ALL {
            let code = precompile(component, arch).unwrap();

            let facts = CodeFacts::read(&code, Some(component));

            assert!(facts.runs());
            assert_eq!(facts.arch(), Some(arch));
            let json = facts.to_json("x.cwasm");
            assert_eq!(json["architecture"], arch.name());
            assert_eq!(json["refused"], Value::Null);
            let stale = CodeFacts::read(&code, Some(b"another"));
            assert!(!stale.runs());
            let lines = stale.lines("x.cwasm", true).join("\n");
            assert!(lines.contains("compiled from another component"), "{lines}");
        }
    }

    #[test]
    fn code_of_another_program_is_described_too() {
        let facts = CodeFacts::read(b"\x7fELF and so on", None);

        let lines = facts.lines("x.cwasm", false).join("\n");
        assert!(lines.contains("has no stamp"), "{lines}");
        assert_eq!(facts.to_json("x.cwasm")["wasmtime"], Value::Null);
    }
}
