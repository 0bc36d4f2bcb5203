//! `bootstream --version --verbose`: what a bug report should say of this command.

use std::ffi::OsString;

use artifact::release::VERSION;
use artifact::{Arch, Concurrency};
use bootstream_host::engine;

use crate::bootstrap;

/// Returns whether the arguments, without the command's own name, ask for it, in any order.
pub(crate) fn is_asked(arguments: impl IntoIterator<Item = OsString>) -> bool {
    let mut arguments: Vec<_> = arguments.into_iter().collect();
    arguments.sort();
    let asks = |wanted: &[&str]| arguments.iter().eq(wanted.iter());
    asks(&["--verbose", "--version"]) || asks(&["--verbose", "-V"])
}

/// The C library of this executable.
const LIBRARY: &str = if cfg!(target_env = "musl") {
    "musl"
} else {
    "gnu"
};

/// Returns the version of this command and of what it is made of, and where it finds a `bootstrap`.
pub(crate) fn verbose() -> String {
    let commit =
        option_env!("BOOTSTREAM_COMMIT").unwrap_or("unknown, not a build of `scripts/release.sh`");
    let mut lines = vec![
        format!("bootstream {VERSION}"),
        format!("commit: {commit}"),
        format!(
            "wasmtime: {}",
            engine::fingerprint(Arch::HOST, Concurrency::Off).wasmtime
        ),
        format!("target: {}-unknown-linux-{LIBRARY}", std::env::consts::ARCH),
    ];
    for arch in Arch::ALL {
        let found = bootstrap::find(None, arch, Concurrency::Off);
        let text = found.map_or_else(
            |error| format!("none: {error}"),
            |path| path.display().to_string(),
        );
        lines.push(format!("bootstrap for {arch}: {text}"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_options_ask_for_it_in_any_order() {
        let is_asked = |text: &str| is_asked(text.split(' ').map(OsString::from));
        for text in [
            "--version --verbose",
            "--verbose --version",
            "-V --verbose",
            "--verbose -V",
        ] {
            assert!(is_asked(text), "{text}");
        }
        for text in [
            "--version",
            "--verbose",
            "--version --verbose dev",
            "dev --version",
        ] {
            assert!(!is_asked(text), "{text}");
        }
    }
}
