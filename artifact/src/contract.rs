//! The contract in `wit/`: its version, its names, and the versions that a host serves.

/// The major and minor version that a host serves.
macro_rules! served {
    () => {
        "0.1"
    };
}

macro_rules! version {
    () => {
        concat!(served!(), ".1")
    };
}

/// The version of the contract.
pub const CONTRACT_VERSION: &str = version!();

/// The versions of the contract that a host serves: every patch of this one.
pub const SERVED_VERSIONS: &str = served!();

/// The world of a handler.
pub const WORLD: &str = concat!("bootstream:handler/handler@", served!());

/// The interface of the response.
pub const RESPONSE_STREAM: &str = concat!("bootstream:handler/response-stream@", version!());

/// The interface of the log.
pub const LOGGING: &str = concat!("bootstream:handler/logging@", version!());

const PACKAGE: &str = "bootstream:handler/";

/// Returns the version of our package in the name of an import, if the import is ours:
/// `bootstream:handler/types@0.1.0` has `0.1.0`.
#[must_use]
pub fn version_of_import(name: &str) -> Option<&str> {
    let interface = name.strip_prefix(PACKAGE)?;
    Some(interface.split_once('@').map_or("", |(_, version)| version))
}

/// Whether a component built against `wanted` can run on this host: the same minor version of `0.x`. A
/// later patch may have items that this host lacks; linking the component then fails.
#[must_use]
pub fn is_served(wanted: &str) -> bool {
    parse(wanted)
        .zip(parse(CONTRACT_VERSION))
        .is_some_and(|(wanted, ours)| wanted[..2] == ours[..2])
}

/// Whether `wanted` is later than this host's version.
#[must_use]
pub fn is_newer(wanted: &str) -> bool {
    parse(wanted) > parse(CONTRACT_VERSION)
}

fn parse(version: &str) -> Option<[u32; 3]> {
    let mut numbers = version.split('.').map(|number| number.parse().ok());
    Some([numbers.next()??, numbers.next()??, numbers.next()??])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_of_our_minor_version_are_served() {
        for (version, served, newer) in [
            ("0.1.0", true, false),
            ("0.1.1", true, false),
            ("0.1.7", true, true),
            ("0.2.0", false, true),
            ("1.0.0", false, true),
            ("0.0.9", false, false),
            ("", false, false),
            ("0.1", false, false),
        ] {
            assert_eq!(is_served(version), served, "{version}");
            assert_eq!(is_newer(version), newer, "{version}");
        }
    }

    /// The folders that have a copy, so that each builds on its own.
    const COPIES: [&str; 2] = [
        "guest-js/wit/deps/bootstream",
        "guest-python/src/bootstream/wit/deps/bootstream",
    ];

    #[test]
    fn copies_of_the_contract_are_current() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for copies in COPIES.map(|copies| root.join(copies)) {
            let mut compared = 0;
            for file in std::fs::read_dir(root.join("wit")).unwrap() {
                let file = file.unwrap();
                let copy = std::fs::read(copies.join(file.file_name()));
                assert_eq!(
                    copy.unwrap(),
                    std::fs::read(file.path()).unwrap(),
                    "{file:?} in {copies:?}"
                );
                compared += 1;
            }
            assert_eq!(std::fs::read_dir(copies).unwrap().count(), compared);
        }
    }

    #[test]
    fn the_version_is_the_one_in_wit() {
        let world = include_str!("../../wit/world.wit");
        assert!(world.contains(&format!("package bootstream:handler@{CONTRACT_VERSION};")));
        assert_eq!(
            RESPONSE_STREAM,
            format!("{PACKAGE}response-stream@{CONTRACT_VERSION}")
        );
        assert_eq!(LOGGING, format!("{PACKAGE}logging@{CONTRACT_VERSION}"));
        assert_eq!(WORLD, format!("{PACKAGE}handler@{SERVED_VERSIONS}"));
        assert_eq!(
            version_of_import("bootstream:handler/types@0.1.0"),
            Some("0.1.0")
        );
        assert_eq!(version_of_import("wasi:io/poll@0.2.6"), None);
    }
}
