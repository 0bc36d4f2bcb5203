//! Whether a component needs an engine for concurrent guest tasks.

use serde::{Deserialize, Serialize};

/// How the names of WASI's packages start.
const WASI: &str = "wasi:";

/// How the versions of WASI 0.3 start, release candidates included.
const CONCURRENT_VERSION: &str = "0.3.";

/// Whether an engine supports concurrent tasks, streams and futures of guests. Machine code is compiled for
/// one of the two, and an engine must be configured for the same.
///
/// The bookkeeping costs every call of the host, so only components that need it pay for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Concurrency {
    /// One call at a time, as in WASI 0.2.
    #[default]
    Off,
    /// Concurrent tasks, as in WASI 0.3.
    On,
}

impl Concurrency {
    /// The text by which the executable of a host with [`On`](Self::On) is told from others.
    pub const HOST_MARK: &str = "bootstream-host-with-concurrent-tasks";

    /// Returns what the host in an executable supports.
    #[must_use]
    pub fn of_host(executable: &[u8]) -> Self {
        let mark = Self::HOST_MARK.as_bytes();
        if executable.windows(mark.len()).any(|at| at == mark) {
            Self::On
        } else {
            Self::Off
        }
    }

    /// Returns what a component needs that has these names among its imports and exports.
    #[must_use]
    pub fn for_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        if names.into_iter().any(is_of_wasi_0_3) {
            Self::On
        } else {
            Self::Off
        }
    }

    /// Whether this is [`Off`](Self::Off). Stamps leave it out.
    #[must_use]
    pub fn is_off(&self) -> bool {
        *self == Self::Off
    }
}

fn is_of_wasi_0_3(name: &str) -> bool {
    let version = name.rsplit_once('@').map(|(_, version)| version);
    name.starts_with(WASI) && version.is_some_and(|it| it.starts_with(CONCURRENT_VERSION))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_of_a_host_says_what_it_supports() {
        let mark = Concurrency::HOST_MARK;
        for (executable, expected) in [
            (String::new(), Concurrency::Off),
            ("\x7fELF bootstream-host".to_owned(), Concurrency::Off),
            (mark.chars().skip(1).collect(), Concurrency::Off),
            (mark.to_owned(), Concurrency::On),
            (format!("\x7fELF text{mark}text"), Concurrency::On),
        ] {
            assert_eq!(
                Concurrency::of_host(executable.as_bytes()),
                expected,
                "{executable:?}"
            );
        }
    }

    #[test]
    fn one_interface_of_wasi_0_3_decides() {
        for (names, expected) in [
            (&[][..], Concurrency::Off),
            (
                &["handle", "bootstream:handler/types@0.1.1"],
                Concurrency::Off,
            ),
            (&["wasi:http/incoming-handler@0.2.12"], Concurrency::Off),
            (
                &["wasi:io/poll@0.2.6", "wasi:http/handler@0.3.0"],
                Concurrency::On,
            ),
            (
                &["handle", "wasi:clocks/monotonic-clock@0.3.2"],
                Concurrency::On,
            ),
            (&["wasi:http/handler@0.3.0-rc-2026-03-15"], Concurrency::On),
            (&["wasi:http/handler@0.30.0"], Concurrency::Off),
            (&["wasi:http/handler@0.2.0-rc-0.3.0"], Concurrency::Off),
            (&["wasi:http/handler"], Concurrency::Off),
            (&["acme:http/handler@0.3.0"], Concurrency::Off),
        ] {
            assert_eq!(
                Concurrency::for_names(names.iter().copied()),
                expected,
                "{names:?}"
            );
        }
    }
}
