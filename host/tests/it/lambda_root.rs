//! A layer and a function package at the paths Lambda uses: see `scripts/in-lambda-root.sh`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use bootstream_test_support::guests;
use bootstream_test_support::process::{Bootstrap, Running, executable, peak_resident_kib};
use bootstream_test_support::recorder::Recorder;
use bootstream_test_support::steps::write;
use rustix::process::Signal;
use serde_json::json;
use tempfile::TempDir;

/// Memory of the smallest function, in MiB.
const MEMORY_MIB: u64 = 128;

/// The folders of a deployment.
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

    /// Copies a file with the mode it would have in a zip.
    fn put(&self, name: &str, from: &Path, mode: u32) {
        let path = self.folder.path().join(name);
        fs::copy(from, &path).expect("a copy");
        set_mode(&path, mode);
    }

    /// Starts with `/tmp` set up by these arguments of bubblewrap.
    fn start(&self, lambda: &Recorder, temporary: &str) -> Running {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/in-lambda-root.sh");
        let mut bootstrap = Bootstrap::with_package(lambda, &script)
            .args([self.folder.path()])
            .args(temporary.split(' '))
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("_HANDLER", "handler")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &MEMORY_MIB.to_string());
        for name in ["BOOTSTREAM_LAMBDA_ROOT", "BOOTSTREAM_LAMBDA_CGROUP"] {
            if let Some(value) = std::env::var_os(name) {
                bootstrap = bootstrap.env(name, value.to_str().expect("a path in UTF-8"));
            }
        }
        bootstrap.start()
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("an own file");
}

/// Asserts that a scripted guest's first chunk arrives while it still computes the last.
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

/// The descendant of `pid` with this name.
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

/// After an update of the layer, or without machine code, the helper compiles within the function's memory.
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
