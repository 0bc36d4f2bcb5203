//! Everything in which a compiler and a host must match for the host to run the compiler's code.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::hex::hex;

/// Everything besides the component that determines the machine code.
///
/// Two equal fingerprints mean interchangeable code. Wasmtime compares most of this itself, but only the
/// first number of its version: a patch release that fixes its compiler would still run the code of the
/// faulty one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Wasmtime's version, all three numbers.
    pub wasmtime: String,
    /// The triple, see [`Arch::triple`](crate::Arch::triple).
    pub target: String,
    /// The oldest processor that runs the code, see [`Arch::cpu`](crate::Arch::cpu).
    pub cpu: String,
    /// The engine's settings by name.
    pub settings: String,
}

impl Fingerprint {
    /// Returns sixteen hexadecimal digits that identify the fingerprint, for a file name.
    #[must_use]
    pub fn digest(&self) -> String {
        let json = serde_json::to_vec(self).expect("texts are JSON");
        let mut digest = hex(&Sha256::digest(json));
        digest.truncate(16);
        digest
    }

    /// Returns the first difference between code of this fingerprint and a host of fingerprint `host`.
    pub(crate) fn difference(&self, host: &Self) -> Option<Difference> {
        [
            ("Wasmtime", &self.wasmtime, &host.wasmtime),
            ("target", &self.target, &host.target),
            ("processor", &self.cpu, &host.cpu),
            ("settings", &self.settings, &host.settings),
        ]
        .into_iter()
        .find(|(_, code, host)| code != host)
        .map(|(what, code, host)| Difference {
            what,
            code: code.clone(),
            host: host.clone(),
        })
    }
}

/// A difference between a compiler and a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    what: &'static str,
    code: String,
    host: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, code, host } = self;
        write!(
            f,
            "it was compiled for {what} `{code}`, and this is {what} `{host}`"
        )
    }
}
