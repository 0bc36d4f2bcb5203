//! Which release an executable of this project is of, as a text inside it. That also works for executables of
//! another architecture, and starts none.

/// The release this was built from.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The text by which `bootstrap` and `bootstream-compile` are known.
pub const MARK: &str = concat!("bootstream-release=", env!("CARGO_PKG_VERSION"), ";");

const BEFORE: &[u8] = b"bootstream-release=";
const AFTER: u8 = b';';

/// Longest version that is read, in bytes.
const LONGEST: usize = 64;

/// Returns the release of an executable, if it is one of this project.
#[must_use]
pub fn of(executable: &[u8]) -> Option<&str> {
    let mut rest = executable;
    while let Some(at) = find(rest) {
        rest = rest.get(at + BEFORE.len()..)?;
        if let Some(version) = version(rest) {
            return Some(version);
        }
    }
    None
}

/// Returns where the text before a version starts.
fn find(bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(BEFORE.len())
        .position(|at| at.first() == BEFORE.first() && at == BEFORE)
}

/// Returns the version at the start of `bytes`. The text before it is also in programs that look for it.
fn version(bytes: &[u8]) -> Option<&str> {
    let end = bytes.iter().take(LONGEST).position(|byte| *byte == AFTER)?;
    let version = std::str::from_utf8(bytes.get(..end)?).ok()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
    let is_version =
        version.starts_with(|c: char| c.is_ascii_digit()) && version.chars().all(plain);
    is_version.then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_executable_says_which_release_it_is_of() {
        for (executable, expected) in [
            (format!("\x7fELF text{MARK}text"), Some(VERSION)),
            (MARK.to_owned(), Some(VERSION)),
            ("bootstream-release=0.1.1;".to_owned(), Some("0.1.1")),
            (
                "bootstream-release=2.0.0-rc.1+a;".to_owned(),
                Some("2.0.0-rc.1+a"),
            ),
            // A program that looks for the text has it too.
            (
                format!("bootstream-release=%s;bootstream-release={MARK}"),
                Some(VERSION),
            ),
            (
                format!("bootstream-release=\u{fe}\u{ff};{MARK}"),
                Some(VERSION),
            ),
        ] {
            assert_eq!(of(executable.as_bytes()), expected, "{executable:?}");
        }
    }

    #[test]
    fn another_file_is_of_no_release() {
        let long = format!("bootstream-release=1{};", "0".repeat(LONGEST));
        for file in [
            "",
            "\x7fELF",
            "#!/bin/sh\n",
            "bootstream-release=",
            "bootstream-release=0.1.0",
            "bootstream-release=;",
            "bootstream-release=v1;",
            "bootstream-release=1 0;",
            "ootstream-release=0.1.0;",
            long.as_str(),
        ] {
            assert_eq!(of(file.as_bytes()), None, "{file:?}");
        }
    }
}
