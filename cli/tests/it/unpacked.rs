//! The packages where Lambda unpacks them: the layer at `/opt`, the function at `/var/task`, both
//! read-only, an unprivileged user, nothing else but `/tmp`.
//!
//! The system around them is this machine's, or the one in the folder `BOOTSTREAM_LAMBDA_ROOT`, in the
//! control group `BOOTSTREAM_LAMBDA_CGROUP` if that is set: see `scripts/test-lambda-root.sh`.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;
use zip::ZipArchive;

use crate::support::{Dev, End, packages, script};

/// Writes a program that starts `/opt/bootstrap` with the folders `opt` and `task` of `folder`.
fn launcher(folder: &Path) -> PathBuf {
    let root = std::env::var_os("BOOTSTREAM_LAMBDA_ROOT").map_or("/".into(), PathBuf::from);
    let root = root.display();
    let cgroup = std::env::var_os("BOOTSTREAM_LAMBDA_CGROUP").map(PathBuf::from);
    let enter = cgroup.map_or_else(String::new, |cgroup| {
        format!("echo $$ > {}/cgroup.procs", cgroup.display())
    });
    let path = folder.join("launch");
    let folder = folder.display();
    let script = format!(
        "#!/bin/sh
        set -e
        {enter}
        ulimit -n 1024
        exec bwrap --die-with-parent --unshare-user --unshare-pid --unshare-ipc \
        --uid 993 --gid 990 --cap-drop ALL --tmpfs / \
        --ro-bind {root}/usr /usr --ro-bind {root}/etc /etc \
        --symlink usr/lib /lib --symlink usr/lib64 /lib64 --symlink usr/bin /bin \
        --dir /var/runtime --ro-bind {folder}/task /var/task --ro-bind {folder}/opt /opt \
        --tmpfs /tmp --proc /proc --dev /dev --remount-ro / \
        --setenv LAMBDA_TASK_ROOT /var/task --chdir /var/task /opt/bootstrap\n"
    );
    std::fs::write(&path, script).expect("a script");
    std::fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("an own file");
    path
}

#[test]
fn the_packages_stream_where_lambda_unpacks_them() {
    let folder = tempfile::tempdir().unwrap();
    for (zip, place) in [("host-layer.zip", "opt"), ("function.zip", "task")] {
        let zip = File::open(packages().join(zip)).unwrap();
        let mut zip = ZipArchive::new(zip).unwrap();
        zip.extract(folder.path().join(place)).unwrap();
    }
    let launcher = launcher(folder.path());
    let dev = Dev::run(&["--memory", "128", "--bootstrap", launcher.to_str().unwrap()]);
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
