//! What a start reads of its handler: a small part, whatever the size of the file.

use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use artifact::Stamp;
use bootstream_test_support::process::{Bootstrap, Running, executable};
use bootstream_test_support::recorder::Recorder;
use bootstream_test_support::{PATIENCE, built, guests, pause};
use rustix::fs::{Advice, fadvise};

/// The most that a start may read of a handler, in bytes.
const LIMIT_BYTES: u64 = 1024 * 1024;

const DATA_BYTES: usize = 40 * 1024 * 1024;

/// What a process has read up to its first poll, in bytes.
#[derive(Debug)]
struct Reads {
    /// With calls such as `read`.
    by_calls: u64,
    /// From storage, by calls and by page faults, read-ahead included.
    from_storage: u64,
    /// Pages of the handler that it has mapped and touched, and their neighbours that the kernel maps with them.
    touched: u64,
}

impl Reads {
    /// Starts a host with these files in its package, none of which is in the page cache.
    fn of_start(files: &[(&str, &Path)]) -> Self {
        // The file is read beside the poll otherwise.
        let (_lambda, host) = started(files, &[("BOOTSTREAM_INIT_WARM", "off")]);
        let touched = files.iter().map(|(_, file)| mapped_bytes(&host, file));
        Self {
            touched: touched.sum(),
            by_calls: counter(&host, "rchar:"),
            from_storage: from_storage(&host),
        }
    }

    #[track_caller]
    fn assert_few(&self) {
        for bytes in [self.by_calls, self.from_storage, self.touched] {
            assert!(bytes <= LIMIT_BYTES, "{self:?}");
        }
    }
}

/// A host that has polled, with these files in its package, none of which was in the page cache.
fn started(files: &[(&str, &Path)], variables: &[(&str, &str)]) -> (Recorder, Running) {
    let lambda = Recorder::start();
    let bootstrap = Bootstrap::with_package(&lambda, &executable());
    for (name, file) in files {
        std::os::unix::fs::symlink(file, bootstrap.package().join(name)).expect("a link");
        evict(file);
    }
    let variables = variables.iter();
    let bootstrap = variables.fold(bootstrap, |it, (name, value)| it.env(name, value));
    let host = bootstrap.start();
    lambda.polls(1);
    (lambda, host)
}

/// Writes a file to its storage and removes it from the page cache. Has no effect on a `tmpfs`.
fn evict(file: &Path) {
    let file = File::open(file).expect("a file");
    file.sync_all().expect("a file on a disk");
    fadvise(&file, 0, None, Advice::DontNeed).expect("a file");
}

/// What a process has read from storage, in bytes.
fn from_storage(host: &Running) -> u64 {
    counter(host, "read_bytes:")
}

/// A value of `/proc/PID/io`.
fn counter(host: &Running, name: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/io", host.pid()));
    let text = text.expect("the process runs");
    let value = text.lines().find_map(|line| line.strip_prefix(name));
    value.expect("a counter").trim().parse().expect("a number")
}

/// The resident part of all mappings of a file, in bytes.
fn mapped_bytes(host: &Running, file: &Path) -> u64 {
    let file = file.canonicalize().expect("a file");
    let maps = std::fs::read_to_string(format!("/proc/{}/smaps", host.pid()));
    let mut is_of_file = false;
    let mut kib = 0;
    for line in maps.expect("the process runs").lines() {
        match line.strip_prefix("Rss:") {
            Some(size) if is_of_file => {
                let size = size.trim().strip_suffix(" kB").expect("a size");
                kib += size.parse::<u64>().expect("a number");
            }
            Some(_) => {}
            // The first line of a mapping has its addresses and its file, the others a name with a colon.
            None => {
                let name = line.split(' ').next().unwrap_or_default();
                if !name.ends_with(':') {
                    is_of_file = line.ends_with(file.to_str().expect("a path in UTF-8"));
                }
            }
        }
    }
    kib * 1024
}

/// A folder on a disk rather than in memory.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(built("test-components")).expect("a folder beside the artefacts")
}

/// A handler with much data and much code, neither of which a start needs.
fn large(folder: &Path) -> PathBuf {
    let mut parts = String::with_capacity(DATA_BYTES + 4 * 1024 * 1024);
    for number in 0..300 {
        write!(
            parts,
            "(func (export \"f{number}\") (param i32) (result i32)"
        )
        .expect("a text");
        for step in 0..500 {
            let factor = number * 500 + step + 3;
            write!(
                parts,
                "(local.set 0 (i32.rotl (i32.mul (local.get 0) (i32.const {factor})) (i32.const 7)))"
            )
            .expect("a text");
        }
        parts.push_str("(local.get 0))\n");
    }
    parts.push_str("(data (i32.const 65536) \"");
    let letters = (b'a'..=b'z').map(char::from).cycle();
    parts.extend(letters.take(DATA_BYTES));
    parts.push_str("\")\n");
    guests::text_with("large_memory.wat", ";; More code and data", &parts, folder)
}

#[test]
fn a_start_reads_no_more_of_a_large_handler_than_a_megabyte() {
    let folder = folder();
    let code = large(folder.path());
    let stamp = Stamp::read(&std::fs::read(&code).expect("a file")).expect("a stamp");
    let code_bytes = stamp.code.bytes - DATA_BYTES as u64;
    assert!(code_bytes > 2 * LIMIT_BYTES, "{code_bytes}");

    Reads::of_start(&[("handler.wasm", &code)]).assert_few();

    // The rest is read for the first call, beside the poll or before it.
    let files = [("handler.wasm", code.as_path())];
    let most = DATA_BYTES as u64;
    let until = Instant::now() + PATIENCE;
    let (_lambda, host) = started(&files, &[]);
    while from_storage(&host) < most {
        assert!(Instant::now() < until, "{} bytes", from_storage(&host));
        pause(Duration::from_millis(5));
    }
    for kind in ["provisioned-concurrency", "lambda-managed-instances"] {
        let variable = ("AWS_LAMBDA_INITIALIZATION_TYPE", kind);
        let (_lambda, host) = started(&files, &[variable]);
        assert!(
            from_storage(&host) >= most,
            "{kind}: {}",
            from_storage(&host)
        );
        let (_lambda, host) = started(&files, &[variable, ("BOOTSTREAM_INIT_WARM", "off")]);
        assert!(from_storage(&host) <= LIMIT_BYTES, "{kind}");
    }
}

#[test]
fn a_start_does_not_read_the_component_beside_its_code() {
    let folder = folder();
    let [component, code] = ["handler.wasm", "handler.cwasm"].map(|name| folder.path().join(name));
    let source = guests::source("scripted_guest");
    std::fs::copy(&source, &component).expect("a copy");
    std::fs::copy(guests::component("scripted_guest"), &code).expect("a copy");

    let reads = Reads::of_start(&[("handler.wasm", &component), ("handler.cwasm", &code)]);

    reads.assert_few();
    let alone = Reads::of_start(&[("handler.wasm", &code)]);
    // The start looks at its first bytes to learn that it is a component, for which the kernel reads ahead.
    let more = reads.from_storage.saturating_sub(alone.from_storage);
    assert!(more <= LIMIT_BYTES / 2, "{reads:?} {alone:?}");
    assert!(reads.by_calls <= alone.by_calls + 64, "{reads:?} {alone:?}");
    assert!(reads.touched <= alone.touched, "{reads:?} {alone:?}");
}
