//! The packages where Lambda unpacks them: the layer at `/opt`, the function at `/var/task`, both
//! read-only, an unprivileged user, nothing else but `/tmp`.
//!
//! The system around them is this machine's, or the one in the folder `BOOTSTREAM_LAMBDA_ROOT`, in the
//! control group `BOOTSTREAM_LAMBDA_CGROUP` if that is set: see `scripts/test-lambda-root.sh`.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::TempDir;
use zip::ZipArchive;

use crate::support::{Dev, End, bootstream, packages, run, script, scripted_guest, target, text};

/// A program that starts `/opt/bootstrap` with the folders `opt` and `task` of `folder`.
fn launcher(folder: &Path) -> PathBuf {
    let root = std::env::var_os("BOOTSTREAM_LAMBDA_ROOT").map_or("/".into(), PathBuf::from);
    let root = root.display();
    let cgroup = std::env::var_os("BOOTSTREAM_LAMBDA_CGROUP").map(PathBuf::from);
    let enter = cgroup.map_or_else(String::new, |cgroup| {
        format!("echo $$ > {}/cgroup.procs", cgroup.display())
    });
    let place = folder.display();
    let script = format!(
        "#!/bin/sh
        set -e
        {enter}
        ulimit -n 1024
        exec bwrap --die-with-parent --unshare-user --unshare-pid --unshare-ipc \
        --uid 993 --gid 990 --cap-drop ALL --tmpfs / \
        --ro-bind {root}/usr /usr --ro-bind {root}/etc /etc \
        --symlink usr/lib /lib --symlink usr/lib64 /lib64 --symlink usr/bin /bin \
        --dir /var/runtime --ro-bind {place}/task /var/task --ro-bind {place}/opt /opt \
        --tmpfs /tmp --proc /proc --dev /dev --remount-ro / \
        --setenv LAMBDA_TASK_ROOT /var/task --chdir /var/task /opt/bootstrap\n"
    );
    program(folder, &script)
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

/// Asserts that an answer arrives in the pieces in which it is written.
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

/// On an emulated core of Graviton2, with Debian's C library for arm64.
#[test]
fn the_packages_for_arm64_stream_as_well() {
    let profile = std::env::var_os("BOOTSTREAM_ARM64_PROFILE");
    let profile = profile.map_or("release".to_owned(), |name| name.into_string().unwrap());
    let bootstrap = target(
        &format!("aarch64-unknown-linux-gnu/{profile}/bootstrap"),
        &format!("BOOTSTREAM_ARM64_PROFILE={profile} scripts/build-arm64.sh"),
    );
    let made = tempfile::tempdir().unwrap();
    let output = run(bootstream(&["package", "--arch", "arm64", "--out-dir"])
        .arg(made.path())
        .arg("--bootstrap")
        .arg(bootstrap)
        .arg(scripted_guest()));
    assert!(output.status.success(), "{}", text(&output.stderr));
    let folder = unpack(made.path());
    let path = folder.path().display();
    let script = format!(
        "#!/bin/sh\nLAMBDA_TASK_ROOT={path}/task exec qemu-aarch64 -cpu neoverse-n1 \
         -L /usr/aarch64-linux-gnu {path}/opt/bootstrap\n"
    );

    assert_streams(&program(folder.path(), &script));
}
