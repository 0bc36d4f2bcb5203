//! Machine code compiled ahead of time: which code runs, which is refused, and when the host falls back to
//! the component.

use std::fs;
use std::ops::Range;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use artifact::{Arch, Concurrency, Fingerprint, Flavour, MemoryInit, Stamp};
use bootstream_host::engine;
use bootstream_test_support::process::{Bootstrap, Running, executable};
use bootstream_test_support::recorder::Recorder;
use bootstream_test_support::steps::write;
use bootstream_test_support::{assert_contains, assert_contains_all, guests};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The scripted guest's machine code with its stamp.
fn stamped() -> Vec<u8> {
    fs::read(guests::scripted()).expect("the guest can be read")
}

/// Asserts that this file is refused at start with these words, and that none of it runs.
#[track_caller]
fn assert_refused(file: &[u8], words: &[&str]) {
    let lambda = Recorder::start();
    lambda.script("id-1", &json!([write("executed")]));
    let mut host = Bootstrap::with_handler_bytes(&lambda, file).start();

    assert!(!host.exit().success());

    let error = lambda.request("/2018-06-01/runtime/init/error").document();
    assert_eq!(error["errorType"], "Runtime.InvalidComponent");
    let message = error["errorMessage"].as_str().expect("a text");
    assert_contains_all(
        message,
        [&["handler.wasm", "bootstream compile"], words].concat(),
    );
    assert_eq!(lambda.look(|seen| seen.exchanges.len()), 1);
}

/// The guest's machine code without its stamp, and the stamp.
fn unstamped() -> (Vec<u8>, Stamp) {
    let mut file = stamped();
    let stamp = Stamp::read(&file).expect("a stamp");
    file.truncate(usize::try_from(stamp.code.bytes).expect("a length"));
    (file, stamp)
}

fn component() -> Vec<u8> {
    fs::read(guests::source("scripted_guest")).expect("the guest can be read")
}

/// The guest's machine code with a changed stamp.
fn restamped(change: impl FnOnce(&mut Fingerprint)) -> Vec<u8> {
    let (code, stamp) = unstamped();
    let mut fingerprint = stamp.fingerprint.clone();
    change(&mut fingerprint);
    Stamp::append(code, &[], stamp.flavour(), fingerprint, &component())
}

#[test]
fn code_of_another_release_is_refused() {
    let release = engine::fingerprint(Arch::HOST, Concurrency::Off).wasmtime;
    let file = restamped(|code| code.wasmtime = "48.0.7".to_owned());
    assert_refused(&file, &["Wasmtime", "48.0.7", &release]);
    let file = restamped(|code| code.settings = "epoch_interruption=false".to_owned());
    assert_refused(&file, &["settings", "epoch_interruption=false"]);
}

#[test]
fn code_with_a_stamp_of_another_layout_is_refused() {
    let mut file = stamped();
    *file.last_mut().expect("a stamp") = 2;
    assert_refused(&file, &["another release of Bootstream", "layout 2"]);
}

/// The host creates the engine that the stamp names, and Wasmtime compares it with the code.
#[test]
fn code_whose_stamp_names_another_memory_initialization_is_refused() {
    let (code, stamp) = unstamped();
    let other = Flavour {
        memory_init: match stamp.memory_init {
            MemoryInit::Copy => MemoryInit::CopyOnWrite,
            MemoryInit::CopyOnWrite => MemoryInit::Copy,
        },
        ..stamp.flavour()
    };
    let file = Stamp::append(code, &[], other, stamp.fingerprint, &component());
    assert_refused(&file, &["memory initialization"]);
}

/// A release that does not know concurrent tasks ignores that entry of the stamp, and sees the settings.
#[test]
fn code_whose_stamp_and_settings_disagree_about_concurrent_tasks_is_refused() {
    let (code, stamp) = unstamped();
    let with = |concurrency, settings| {
        let flavour = Flavour {
            concurrency,
            ..stamp.flavour()
        };
        let fingerprint = engine::fingerprint(Arch::HOST, settings);
        Stamp::append(code.clone(), &[], flavour, fingerprint, &component())
    };
    for (concurrency, settings) in [
        (Concurrency::Off, Concurrency::On),
        (Concurrency::On, Concurrency::Off),
    ] {
        let words = [
            "settings",
            "concurrency_support=true",
            "concurrency_support=false",
        ];
        assert_refused(&with(concurrency, settings), &words);
    }
}

#[test]
fn code_for_another_machine_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let [here, other] = match Arch::HOST {
        Arch::X86_64 => [Arch::X86_64, Arch::Arm64],
        Arch::Arm64 => [Arch::Arm64, Arch::X86_64],
    };
    let file = folder.path().join("handler.cwasm");
    guests::scripted_for(other.triple(), &file);

    let file = fs::read(file).expect("the code can be read");
    assert_refused(&file, &["target", here.triple(), other.triple()]);
}

/// Code from Wasmtime's own tools may have any settings.
#[test]
fn code_without_a_stamp_is_refused() {
    assert_refused(&unstamped().0, &["no stamp"]);
}

#[test]
fn code_that_was_cut_off_or_added_to_is_refused() {
    let file = stamped();
    for length in [9, file.len() / 2, file.len() - 17, file.len() - 1] {
        assert_refused(&file[..length], &["no stamp"]);
    }
    assert_refused(&[file.as_slice(), b"\0"].concat(), &["no stamp"]);
    // A whole stamp, but something is missing from the middle.
    let cut = [&file[..file.len() / 3], &file[file.len() / 2..]].concat();
    assert_refused(&cut, &["damaged"]);
}

/// Bits throughout what a start reads: the tables and the stamp. Unit tests show this for every bit.
#[test]
fn code_with_a_flipped_bit_in_what_is_read_is_refused() {
    let file = stamped();
    let stamp = Stamp::read(&file).expect("a stamp");
    let record = stamp.code.bytes + stamp.sources.bytes..file.len() as u64;
    for (number, range) in (0..).zip(stamp.tables.ranges().chain([record])) {
        let range = range.start.max(4)..range.end;
        let flips = 8;
        for flip in 0..flips {
            // Not ELF's magic number, without which the file would not count as machine code.
            let at = range.start + (range.end - 1 - range.start) * flip / (flips - 1);
            let mut file = file.clone();
            file[usize::try_from(at).expect("an offset")] ^= 1 << ((flip + number) % 8);
            assert_refused(&file, &[]);
        }
    }
}

/// A start does not read the code. Tools do.
#[test]
fn a_flipped_bit_in_the_code_is_found_by_the_checksum_of_the_whole() {
    let mut file = stamped();
    let stamp = Stamp::read(&file).expect("a stamp");
    let tables: Vec<_> = stamp.tables.ranges().collect();
    assert!(tables.len() > 1, "{tables:?}");
    let at = usize::midpoint(
        usize::try_from(tables[0].end).expect("an offset"),
        usize::try_from(tables[1].start).expect("an offset"),
    );
    file[at] ^= 1;

    stamp.check_tables(&file).expect("the tables are intact");
    let error = stamp.check_code(&file).expect_err("the code is not");
    assert_contains(&error.to_string(), "damaged: its machine code");
}

/// The range of the source map in stamped machine code.
fn sources(file: &[u8]) -> Range<usize> {
    let stamp = Stamp::read(file).expect("a stamp");
    let start = usize::try_from(stamp.code.bytes).expect("a length");
    let length = usize::try_from(stamp.sources.bytes).expect("a length");
    assert!(length > 0, "the guest has line tables");
    start..start + length
}

/// Nothing executes the source map, and a failure must be reported even without its location.
#[test]
fn a_damaged_source_map_costs_files_and_lines_only() {
    let mut file = stamped();
    let sources = sources(&file);
    file[sources.start + sources.len() / 2] ^= 1;
    let lambda = Recorder::start();
    lambda.script("id-1", &json!(["trap"]));
    let host = Bootstrap::with_handler_bytes(&lambda, &file).start();

    let document = lambda.reported_error("id-1", "Function.Trap").document();

    let frames = document["stackTrace"].as_array().expect("a list");
    let named = |frame: &Value| frame.as_str().is_some_and(|it| it.contains("Runner::step"));
    assert!(frames.iter().any(named), "{frames:#?}");
    let placed = |frame: &Value| frame.as_str().is_some_and(|it| it.contains(" at "));
    assert!(!frames.iter().any(placed), "{frames:#?}");
    host.logged("the source map differs from its checksum");
}

/// A layer with `bootstrap` and optionally the compile helper, a package, and a temporary folder.
struct Deployment {
    layer: TempDir,
    package: TempDir,
    temporary: TempDir,
}

impl Deployment {
    fn new() -> Self {
        let folder = || tempfile::tempdir().expect("a folder");
        let deployment = Self {
            layer: folder(),
            package: folder(),
            temporary: folder(),
        };
        // A copy, not a link: the host looks for the helper beside its own file.
        fs::copy(executable(), deployment.bootstrap()).expect("a copy");
        deployment
    }

    fn bootstrap(&self) -> PathBuf {
        self.layer.path().join("bootstrap")
    }

    fn with_helper(self) -> Self {
        let helper = self.layer.path().join("bootstream-compile");
        fs::copy(guests::compiler(), helper).expect("a copy");
        self
    }

    fn with_file(self, name: &str, bytes: &[u8]) -> Self {
        fs::write(self.package.path().join(name), bytes).expect("a file");
        self
    }

    /// With the scripted guest as `handler.wasm`.
    fn with_component(self) -> Self {
        self.with_file("handler.wasm", &component())
    }

    fn set_modified(&self, name: &str, time: SystemTime) {
        let file = fs::File::options()
            .write(true)
            .open(self.package.path().join(name));
        file.and_then(|file| file.set_modified(time))
            .expect("an own file");
    }

    fn cache(&self) -> PathBuf {
        let user = rustix::process::geteuid().as_raw();
        self.temporary
            .path()
            .join(format!("bootstream-cache-{user}"))
    }

    fn entries(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.cache()).expect("the cache can be read");
        entries
            .map(|entry| entry.expect("an entry").path())
            .collect()
    }

    fn start_with(&self, lambda: &Recorder, temporary: &Path) -> Running {
        let temporary = temporary.to_str().expect("a path in UTF-8");
        let task_root = self.package.path().to_str().expect("a path in UTF-8");
        Bootstrap::with_package(lambda, &self.bootstrap())
            .env("LAMBDA_TASK_ROOT", task_root)
            .env("TMPDIR", temporary)
            .start()
    }

    fn start(&self, lambda: &Recorder) -> Running {
        self.start_with(lambda, self.temporary.path())
    }

    /// Starts, runs one invocation of the scripted guest, and returns the lines of the log.
    #[track_caller]
    fn serve(&self) -> Vec<String> {
        self.serve_with(self.temporary.path())
    }

    #[track_caller]
    fn serve_with(&self, temporary: &Path) -> Vec<String> {
        let lambda = Recorder::start();
        lambda.script("id-1", &json!([write("served")]));
        let mut host = self.start_with(&lambda, temporary);
        assert_eq!(lambda.complete_response("id-1").body(), "served");
        host.signal(Signal::TERM);
        host.exit();
        host.stdout()
    }

    /// Starts, and returns the message of the init error.
    #[track_caller]
    fn init_error(&self) -> String {
        let lambda = Recorder::start();
        let mut host = self.start(&lambda);
        assert!(!host.exit().success());
        let error = lambda.request("/2018-06-01/runtime/init/error").document();
        assert_eq!(error["errorType"], "Runtime.InvalidComponent");
        error["errorMessage"].as_str().expect("a text").to_owned()
    }
}

#[track_caller]
fn assert_one_line(lines: &[String], words: &[&str]) {
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_contains_all(&lines[0], words);
}

#[test]
fn both_forms_side_by_side_start_silently() {
    let deployment = Deployment::new()
        .with_component()
        .with_file("handler.cwasm", &stamped());

    assert_eq!(deployment.serve(), [""; 0]);
}

#[test]
fn a_component_is_compiled_at_the_start_and_kept_for_the_next_one() {
    let deployment = Deployment::new().with_helper().with_component();

    let first = deployment.serve();
    assert_one_line(
        &first,
        &[
            "compiled and kept",
            " ms",
            "not precompiled",
            "bootstream compile",
        ],
    );
    let entry = deployment.entries();
    assert_eq!(entry.len(), 1, "{entry:?}");

    // Nothing is compiled this time.
    fs::remove_file(deployment.layer.path().join("bootstream-compile")).expect("the helper");
    let second = deployment.serve();
    assert_one_line(&second, &["took from the cache", " ms"]);
}

#[test]
fn stale_code_is_replaced_by_what_the_helper_makes() {
    let stale = restamped(|code| code.wasmtime = "47.0.0".to_owned());
    let deployment = Deployment::new()
        .with_helper()
        .with_component()
        .with_file("handler.cwasm", &stale);

    let lines = deployment.serve();

    assert_one_line(
        &lines,
        &["handler.cwasm", "47.0.0", "compiled and kept", " ms"],
    );
}

#[test]
fn code_of_another_component_is_never_run() {
    let other = fs::read(guests::component("large_download")).expect("the guest can be read");
    let deployment = Deployment::new()
        .with_component()
        .with_file("handler.cwasm", &other);
    let message = deployment.init_error();
    assert_contains_all(
        &message,
        ["another component", "handler.cwasm", "bootstream-compile"],
    );

    let lines = deployment.with_helper().serve();

    assert_one_line(&lines, &["another component", "compiled and kept"]);
}

/// A component that was built again and not compiled, even if nothing of its size tells.
#[test]
fn a_component_that_changed_after_it_was_compiled_is_noticed() {
    let deployment = Deployment::new()
        .with_component()
        .with_file("handler.cwasm", &stamped());
    assert_eq!(deployment.serve(), [""; 0]);
    let mut changed = component();
    let at = changed.len() / 2;
    changed[at] ^= 1;

    let deployment = deployment.with_file("handler.wasm", &changed);

    assert_contains_all(
        &deployment.init_error(),
        ["another component", "handler.cwasm"],
    );
    let longer = [component(), b"\0\x04\x03new".to_vec()].concat();
    let deployment = deployment.with_file("handler.wasm", &longer);
    deployment.set_modified("handler.wasm", UNIX_EPOCH);
    assert_contains(&deployment.init_error(), "another component");
}

/// Files that were copied or unpacked in any order.
#[test]
fn a_component_that_is_newer_than_its_code_and_has_not_changed_is_that_of_the_code() {
    let deployment = Deployment::new()
        .with_component()
        .with_file("handler.cwasm", &stamped());
    let later = SystemTime::now() + Duration::from_secs(60);
    for (component, code) in [
        (later, UNIX_EPOCH),
        (UNIX_EPOCH, later),
        (later, later),
        (UNIX_EPOCH, UNIX_EPOCH),
    ] {
        deployment.set_modified("handler.wasm", component);
        deployment.set_modified("handler.cwasm", code);
        assert_eq!(deployment.serve(), [""; 0]);
    }
}

#[test]
fn stale_code_without_the_helper_is_an_init_error() {
    let stale = restamped(|code| code.wasmtime = "47.0.0".to_owned());
    let message = Deployment::new()
        .with_component()
        .with_file("handler.cwasm", &stale)
        .init_error();

    assert_contains_all(
        &message,
        [
            "47.0.0",
            "bootstream compile",
            "put `bootstream-compile` beside",
        ],
    );
}

#[test]
fn a_component_without_the_helper_is_an_init_error() {
    let message = Deployment::new().with_component().init_error();

    assert_contains_all(
        &message,
        [
            "not precompiled",
            "bootstream-compile",
            "bootstream compile",
        ],
    );
}

#[test]
fn a_component_that_does_not_compile_is_an_init_error() {
    let message = Deployment::new()
        .with_helper()
        .with_file("handler.wasm", b"\0asm\x0d\0\x01\0 and then garbage")
        .init_error();

    assert_contains(&message, "cannot be compiled");
}

#[test]
fn a_helper_that_dies_or_is_of_another_release_is_an_init_error() {
    let old = restamped(|code| code.wasmtime = "47.0.0".to_owned());
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("output");
    fs::write(&output, old).expect("a file");
    for (script, words) in [
        ("kill -9 $$", ["killed", "memory"]),
        ("exit 3", ["printed no error", "3"]),
        ("echo garbage", ["another release", "no stamp"]),
        (
            &*format!("/bin/cat {}", output.display()),
            ["another release", "47.0.0"],
        ),
    ] {
        let deployment = Deployment::new().with_component();
        let helper = deployment.layer.path().join("bootstream-compile");
        fs::write(&helper, format!("#!/bin/sh\n{script}\n")).expect("a script");
        fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).expect("a script");

        let message = deployment.init_error();

        assert_contains_all(&message, words);
    }
}

#[test]
fn a_damaged_entry_of_the_cache_is_compiled_again() {
    let deployment = Deployment::new().with_helper().with_component();
    deployment.serve();
    let [entry] = &deployment.entries()[..] else {
        panic!("one entry");
    };
    let whole = fs::read(entry).expect("an entry");
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    let other = fs::read(guests::component("large_download")).expect("the guest can be read");
    for damaged in [&flipped, &whole[..whole.len() / 2], b"", &other] {
        fs::write(entry, damaged).expect("the cache is writable");

        assert_one_line(&deployment.serve(), &["compiled and kept"]);

        assert_eq!(fs::read(entry).expect("an entry"), whole);
    }
}

#[test]
fn a_cache_that_others_can_write_or_that_leads_elsewhere_is_not_used() {
    let deployment = Deployment::new().with_helper().with_component();
    deployment.serve();
    let cache = deployment.cache();
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o777)).expect("an own folder");
    assert_one_line(&deployment.serve(), &["could not keep", "this user alone"]);

    fs::set_permissions(&cache, fs::Permissions::from_mode(0o700)).expect("an own folder");
    let elsewhere = deployment.temporary.path().join("elsewhere");
    fs::rename(&cache, &elsewhere).expect("a folder");
    symlink(&elsewhere, &cache).expect("a link");
    assert_one_line(&deployment.serve(), &["could not keep"]);
}

#[test]
fn a_component_is_compiled_without_a_writable_temporary_folder_too() {
    let deployment = Deployment::new().with_helper().with_component();
    for folder in ["/nowhere", "/proc"] {
        let lines = deployment.serve_with(Path::new(folder));
        assert_one_line(&lines, &["compiled", "could not keep", " ms"]);
    }
}

/// Many environments of `bootstream dev` start at once and share one `/tmp`.
#[test]
fn several_starts_at_once_do_not_disturb_each_other() {
    let deployment = Deployment::new().with_helper().with_component();
    let hosts: Vec<_> = (0..4)
        .map(|_| {
            let lambda = Recorder::start();
            lambda.script("id-1", &json!([write("served")]));
            let host = deployment.start(&lambda);
            (lambda, host)
        })
        .collect();
    for (lambda, _host) in &hosts {
        assert_eq!(lambda.complete_response("id-1").body(), "served");
    }
    assert_eq!(deployment.entries().len(), 1);
}
