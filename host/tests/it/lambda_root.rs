//! A layer and a function package where Lambda has them: `/opt` and `/var/task`, read-only, an
//! unprivileged user, nothing else but `/tmp`.
//!
//! The system around them is this machine's, or the one in the folder `BOOTSTREAM_LAMBDA_ROOT`:
//! `scripts/test-lambda-root.sh` makes one that is older than Lambda's.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use serde_json::json;
use tempfile::TempDir;

use crate::support::guests;
use crate::support::process::{Bootstrap, Running, executable, peak_resident_kib};
use crate::support::recorder::Recorder;
use crate::support::steps::write;

/// The memory of the smallest function, in MiB.
const MEMORY_MIB: u64 = 128;

/// The folders of a deployment, and a program that starts `/opt/bootstrap` among them.
struct LambdaRoot {
    folder: TempDir,
}

impl LambdaRoot {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["opt", "task"] {
            let path = folder.path().join(name);
            fs::create_dir(&path).expect("a folder");
            set_mode(&path, 0o755);
        }
        set_mode(folder.path(), 0o755);
        let root = Self { folder };
        root.put("opt/bootstrap", &executable(), 0o755);
        root
    }

    /// Copies a file with the mode it has in a zip.
    fn put(&self, name: &str, from: &Path, mode: u32) {
        let path = self.folder.path().join(name);
        fs::copy(from, &path).expect("a copy");
        set_mode(&path, mode);
    }

    /// Writes the program. It becomes `/opt/bootstrap`, with the variables that it was given.
    fn launcher(&self, temporary: &str) -> PathBuf {
        let root = std::env::var_os("BOOTSTREAM_LAMBDA_ROOT").map_or("/".into(), PathBuf::from);
        let root = root.display();
        let cgroup = std::env::var_os("BOOTSTREAM_LAMBDA_CGROUP").map(PathBuf::from);
        let enter = cgroup.map_or_else(String::new, |cgroup| {
            format!("echo $$ > {}/cgroup.procs", cgroup.display())
        });
        let folder = self.folder.path().display();
        let path = self.folder.path().join("launch");
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
             {temporary} --proc /proc --dev /dev --remount-ro / \
             --setenv LAMBDA_TASK_ROOT /var/task --setenv _HANDLER handler \
             --setenv AWS_LAMBDA_FUNCTION_MEMORY_SIZE {MEMORY_MIB} \
             --chdir /var/task /opt/bootstrap\n"
        );
        fs::write(&path, script).expect("a script");
        set_mode(&path, 0o755);
        path
    }

    /// Starts with this in the place of `/tmp`, in words of bubblewrap.
    fn start(&self, lambda: &Recorder, temporary: &str) -> Running {
        Bootstrap::with_package(lambda, &self.launcher(temporary))
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .start()
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("an own file");
}

/// Asserts that a scripted guest's first words are on their way while it still computes the last.
#[track_caller]
pub(crate) fn assert_streams(lambda: &Recorder, id: &str) {
    lambda.script(
        id,
        &json!([write("first"), {"sleep_ms": 300}, write("second")]),
    );
    let response = lambda.complete_response(id);
    assert_eq!(response.body(), "firstsecond");
    let last = response.chunks.last().map(|chunk| chunk.data.clone());
    assert_eq!(last.as_deref(), Some(b"second".as_slice()));
}

/// The process of this name below `pid`.
fn descendant(pid: u32, name: &str) -> Option<u32> {
    let read = |path: String| fs::read_to_string(path).unwrap_or_default();
    if read(format!("/proc/{pid}/comm")).trim_end() == name {
        return Some(pid);
    }
    let children = read(format!("/proc/{pid}/task/{pid}/children"));
    let mut children = children.split_whitespace().map(str::parse);
    children.find_map(|child| descendant(child.expect("a process id"), name))
}

#[test]
fn a_layer_and_a_package_stream_as_an_unprivileged_user() {
    let root = LambdaRoot::new();
    root.put("task/handler.cwasm", &guests::scripted(), 0o644);
    let lambda = Recorder::start();
    let mut host = root.start(&lambda, "--tmpfs /tmp");

    assert_streams(&lambda, "id-1");

    let bootstrap = descendant(host.pid(), "bootstrap").expect("it runs");
    assert!(peak_resident_kib(bootstrap) < MEMORY_MIB * 1024);
    host.signal(Signal::TERM);
    host.exit();
    assert_eq!(host.stdout(), [""; 0]);
    assert_eq!(host.stderr(), [""; 0]);
}

/// The layer was updated, or the function has no machine code: the helper compiles, in this memory.
#[test]
fn the_helper_compiles_where_lambda_has_it() {
    for (temporary, words) in [
        (
            "--tmpfs /tmp",
            "compiled and kept in `/tmp/bootstream-cache-993`",
        ),
        ("--size 65536 --tmpfs /tmp", "could not keep: No space left"),
        ("--dir /tmp", "could not keep: Read-only file system"),
    ] {
        let root = LambdaRoot::new();
        root.put("opt/bootstream-compile", &guests::compiler(), 0o755);
        root.put(
            "task/handler.wasm",
            &guests::source("scripted_guest"),
            0o644,
        );
        let lambda = Recorder::start();
        let host = root.start(&lambda, temporary);

        assert_streams(&lambda, "id-1");

        host.logged(words);
    }
}
