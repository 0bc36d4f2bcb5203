//! The packages at the paths where Lambda unpacks them: see `scripts/in-lambda-root.sh`.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use bootstream_test_support::built;
use serde_json::json;
use tempfile::TempDir;
use zip::ZipArchive;

use crate::support::{Dev, End, bootstream, packages, script, scripted_guest, succeed};

/// A program that starts `/opt/bootstrap` with the folders `opt` and `task` of `folder`.
fn launcher(folder: &Path) -> PathBuf {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts");
    // A local Lambda does not pass its own variables on.
    let variables: String = ["BOOTSTREAM_LAMBDA_ROOT", "BOOTSTREAM_LAMBDA_CGROUP"]
        .iter()
        .filter_map(|name| Some(format!("{name}={} ", std::env::var_os(name)?.display())))
        .collect();
    let (scripts, place) = (scripts.display(), folder.display());
    program(
        folder,
        &format!("#!/bin/sh\n{variables}exec {scripts}/in-lambda-root.sh {place}\n"),
    )
}

/// Unpacks a layer and a function beside each other, as `opt` and `task`.
fn unpack(packages: &Path) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (zip, place) in [("host-layer.zip", "opt"), ("function.zip", "task")] {
        let zip = File::open(packages.join(zip)).expect("a package");
        let mut zip = ZipArchive::new(zip).expect("a zip");
        let place = folder.path().join(place);
        zip.extract(place).expect("it can be unpacked");
    }
    folder
}

/// Writes a program that a local Lambda starts as `bootstrap`.
fn program(folder: &Path, script: &str) -> PathBuf {
    let path = folder.join("launch");
    std::fs::write(&path, script).expect("a script");
    std::fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("an own file");
    path
}

/// Asserts that chunks arrive one by one, as they are written.
#[track_caller]
fn assert_streams(launcher: &Path) {
    let launcher = launcher.to_str().expect("a path in UTF-8");
    let dev = Dev::run(&["--memory", "128", "--bootstrap", launcher]);
    let steps = json!([
        {"write_headers": {"status": 201}},
        {"write": "first"},
        {"sleep_ms": 200},
        {"write": "second"},
    ]);

    let mut response = dev.invoke(&script(&steps));

    assert_eq!(response.status, 201);
    let chunks = [response.chunk(), response.chunk(), response.chunk()];
    assert_eq!(
        chunks,
        [Ok("first".into()), Ok("second".into()), Err(End::Complete)]
    );
}

#[test]
fn the_packages_stream_where_lambda_unpacks_them() {
    let folder = unpack(packages());

    assert_streams(&launcher(folder.path()));
}

/// On an emulated core of Graviton2.
#[test]
fn the_packages_for_arm64_stream_as_well() {
    let bootstrap = built("arm64/lambda/bootstrap");
    let made = tempfile::tempdir().unwrap();
    succeed(
        bootstream(&["package", "--arch", "arm64", "--out-dir"])
            .arg(made.path())
            .arg("--bootstrap")
            .arg(bootstrap)
            .arg(scripted_guest()),
    );
    let folder = unpack(made.path());
    let path = folder.path().display();
    let script = format!(
        "#!/bin/sh\nLAMBDA_TASK_ROOT={path}/task exec qemu-aarch64 -cpu neoverse-n1 {path}/opt/bootstrap\n"
    );

    assert_streams(&program(folder.path(), &script));
}
