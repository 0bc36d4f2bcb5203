//! `bootstream dev --watch`: from a source change to a new version.
//!
//! Cargo and rustc are stubs: a build copies a component.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use bootstream_test_support::assert_contains;
use serde_json::json;
use tempfile::TempDir;

use crate::support::{Dev, End, component, script, scripted_guest};

const CARGO: &str = r#"#!/bin/sh
cd "$(dirname "$0")/.."
case $1 in
metadata) printf '{"target_directory":"%s/target","workspace_root":"%s"}' "$PWD" "$PWD" ;;
build)
    echo "$*" >>arguments
    grep -q broken crate/src/lib.rs && exit 101
    mkdir -p target
    cp "$(cat crate/src/lib.rs)" target/next && mv target/next target/handler.wasm
    printf '{"manifest_path":"%s/crate/Cargo.toml","target":{"crate_types":["cdylib"]},"filenames":["%s/target/handler.wasm"]}' "$PWD" "$PWD"
    ;;
esac
"#;

const RUSTC: &str = "#!/bin/sh\ndirname \"$0\"\n";

/// A crate whose source is the path of the component to copy.
fn workshop(source: &Path) -> TempDir {
    let folder = tempfile::tempdir().expect("temporary files are writable");
    for name in ["bin", "crate", "crate/src"] {
        std::fs::create_dir(folder.path().join(name)).expect("a new folder");
    }
    write(folder.path(), "crate/Cargo.toml", "");
    write(
        folder.path(),
        "crate/src/lib.rs",
        source.to_str().expect("a path in UTF-8"),
    );
    write(folder.path(), "bin/libstd.rlib", "");
    for (name, text) in [("bin/cargo", CARGO), ("bin/rustc", RUSTC)] {
        write(folder.path(), name, text);
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path().join(name), mode).expect("an executable");
    }
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("temporary files are writable");
}

#[test]
fn a_change_of_the_sources_is_built_and_taken() {
    let workshop = workshop(&scripted_guest());
    let bin = workshop.path().join("bin");
    let path = std::env::var_os("PATH").unwrap();
    let path = std::env::join_paths(
        [bin.clone()]
            .into_iter()
            .chain(std::env::split_paths(&path)),
    );
    let mut dev = Dev::run_with(
        &["--watch", workshop.path().join("crate").to_str().unwrap()],
        &[
            ("PATH", &path.unwrap()),
            ("RUSTC", bin.join("rustc").as_os_str()),
        ],
    );

    dev.wait_for("is ready");

    write(workshop.path(), "crate/src/lib.rs", "broken");
    dev.wait_for("does not compile");
    let response = dev.invoke(&script(&json!([{"write": "still here"}])));
    response.assert_body("still here");

    let numbers = component("streaming_numbers");
    write(
        workshop.path(),
        "crate/src/lib.rs",
        numbers.to_str().unwrap(),
    );
    dev.wait_for("swapped to the new");
    let (body, end) = dev.invoke("{}").rest();
    assert_contains(&body, "Number: 1");
    assert_eq!(end, End::Complete);

    let builds = std::fs::read_to_string(workshop.path().join("arguments")).unwrap();
    assert_eq!(builds.lines().count(), 3, "{builds}");
    for build in builds.lines() {
        assert_contains(build, "--profile=bootstream-dev");
        assert!(!build.contains("--release"), "{build}");
    }
}
