//! The machine code that `invoke` and `dev` cache: when it is used, and when it is not.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use artifact::{Arch, Stamp};
use bootstream_host::engine;
use bootstream_test_support::{OTHER_ARCH, assert_contains};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{
    Dev, bootstream, component, ready_guest, script, scripted_guest, succeed, text,
};

/// A home folder for the cache, and a component of its own.
fn setup() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let handler = folder.path().join("handler.wasm");
    std::fs::copy(component("streaming_numbers"), &handler).unwrap();
    (folder, handler)
}

fn invoke(home: &Path, handler: &Path) -> Output {
    succeed(
        bootstream(&["invoke"])
            .arg(handler)
            .env("XDG_CACHE_HOME", home),
    )
}

fn entries(home: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(home.join("bootstream")).unwrap();
    files.map(|file| file.unwrap().path()).collect()
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn has_compiled(output: &Output) -> bool {
    text(&output.stderr).contains("compiling `")
}

/// Machine code of the scripted guest, stamped as that of `component`. The guest fails with an empty event.
fn plant(component: &Path) -> Vec<u8> {
    let other = std::fs::read(ready_guest()).unwrap();
    let stamp = Stamp::read(&other).unwrap();
    let (code, _) = other.split_at(usize::try_from(stamp.code.bytes).unwrap());
    let component = std::fs::read(component).unwrap();
    Stamp::append(
        code.to_vec(),
        b"",
        stamp.flavour(),
        engine::fingerprint(Arch::HOST, stamp.concurrency),
        &component,
    )
}

/// Asserts a failure that only the scripted guest has, not the component of these tests.
#[track_caller]
fn assert_runs_the_scripted_guest(home: &Path, handler: &Path) {
    let event = script(&json!([{"write": "planted"}]));
    let output = succeed(
        bootstream(&["invoke", "-d", &event])
            .arg(handler)
            .env("XDG_CACHE_HOME", home),
    );
    assert_eq!(text(&output.stdout), "planted");
}

#[test]
fn a_component_is_compiled_once_with_a_line_that_says_so() {
    let (home, handler) = setup();

    let first = invoke(home.path(), &handler);

    let said = text(&first.stderr);
    let line = format!("compiling `{}` (", handler.display());
    assert_contains(&said, &line);
    assert_contains(&said, "the first time takes a while");
    let kept = entries(home.path());
    assert_eq!(kept.len(), 1);
    assert_eq!(mode(&home.path().join("bootstream")), 0o700);
    assert_eq!(mode(&kept[0]), 0o600);

    let second = invoke(home.path(), &handler);

    assert!(!has_compiled(&second), "{}", text(&second.stderr));
    assert_eq!(first.stdout, second.stdout);
}

#[test]
fn what_is_in_the_cache_is_what_runs() {
    let (home, handler) = setup();
    invoke(home.path(), &handler);
    let entry = &entries(home.path())[0];

    std::fs::write(entry, plant(&handler)).unwrap();

    assert_runs_the_scripted_guest(home.path(), &handler);
}

#[test]
fn a_damaged_entry_is_compiled_again_and_mended() {
    let (home, handler) = setup();
    invoke(home.path(), &handler);
    let entry = &entries(home.path())[0];
    let good = std::fs::read(entry).unwrap();
    for broken in [&good[..good.len() / 2], b"", &plant(&scripted_guest())] {
        std::fs::write(entry, broken).unwrap();

        let output = invoke(home.path(), &handler);

        assert!(has_compiled(&output));
        assert!(text(&output.stdout).contains("Number: 1"));
        assert_eq!(std::fs::read(entry).unwrap(), good);
    }
}

#[test]
fn a_folder_that_others_can_write_is_not_used() {
    let (home, handler) = setup();
    invoke(home.path(), &handler);
    let folder = home.path().join("bootstream");
    std::fs::write(&entries(home.path())[0], plant(&handler)).unwrap();
    std::fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();

    let output = invoke(home.path(), &handler);

    assert!(text(&output.stdout).contains("Number: 1"));
    let said = text(&output.stderr);
    assert_contains(&said, "machine code is not kept");
    assert_contains(&said, folder.to_str().unwrap());
    assert_contains(&said, "mode 0700");
}

#[test]
fn a_link_in_the_place_of_the_folder_or_of_an_entry_is_not_followed() {
    let (home, handler) = setup();
    invoke(home.path(), &handler);
    let folder = home.path().join("bootstream");
    let entry = entries(home.path())[0].clone();
    let elsewhere = home.path().join("elsewhere");
    std::fs::write(&elsewhere, plant(&handler)).unwrap();
    std::fs::remove_file(&entry).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &entry).unwrap();

    let output = invoke(home.path(), &handler);

    assert!(text(&output.stdout).contains("Number: 1"));
    assert!(!entry.is_symlink(), "it is replaced");
    std::fs::write(&entry, plant(&handler)).unwrap();
    let moved = home.path().join("moved");
    std::fs::rename(&folder, &moved).unwrap();
    std::os::unix::fs::symlink(&moved, &folder).unwrap();
    let output = invoke(home.path(), &handler);
    assert!(text(&output.stdout).contains("Number: 1"));
    assert!(text(&output.stderr).contains("machine code is not kept"));
}

#[test]
fn without_a_usable_cache_commands_still_work() {
    let (home, handler) = setup();
    let file = home.path().join("file");
    std::fs::write(&file, "").unwrap();
    let output = invoke(&file, &handler);
    assert!(text(&output.stdout).contains("Number: 1"));
    assert!(text(&output.stderr).contains("machine code is not kept"));

    let homeless = succeed(
        bootstream(&["invoke"])
            .arg(&handler)
            .env_remove("HOME")
            .env("XDG_CACHE_HOME", "relative"),
    );
    assert!(!text(&homeless.stderr).contains("not kept"));
}

#[test]
fn commands_at_once_use_one_cache() {
    let (home, handler) = setup();
    std::thread::scope(|scope| {
        let invoke = || invoke(home.path(), &handler);
        for command in [(); 3].map(|()| scope.spawn(invoke)) {
            let output = command.join().unwrap();
            assert!(text(&output.stdout).contains("Number: 1"));
        }
    });
    assert_eq!(entries(home.path()).len(), 1, "nothing is left unfinished");
    assert!(!has_compiled(&invoke(home.path(), &handler)));
}

/// A folder from elsewhere may contain a file that passes every check.
#[test]
fn machine_code_that_lies_beside_the_component_is_not_run() {
    let (home, handler) = setup();
    std::fs::write(handler.with_extension("cwasm"), plant(&handler)).unwrap();

    assert!(text(&invoke(home.path(), &handler).stdout).contains("Number: 1"));
}

#[test]
fn what_another_command_has_compiled_is_not_compiled_again() {
    for command in [
        &["compile"][..],
        &["package", "--only", "function", "--out-dir", "dist"],
    ] {
        let (home, handler) = setup();
        succeed(
            bootstream(command)
                .arg(&handler)
                .current_dir(home.path())
                .env("XDG_CACHE_HOME", home.path()),
        );
        assert_eq!(entries(home.path()).len(), 1, "{command:?}");

        let output = invoke(home.path(), &handler);

        assert!(!has_compiled(&output), "{command:?}");
        assert!(text(&output.stdout).contains("Number: 1"));
    }
    // Code for another machine is not used.
    let (home, handler) = setup();
    succeed(
        bootstream(&["compile", "--arch", OTHER_ARCH])
            .arg(&handler)
            .env("XDG_CACHE_HOME", home.path()),
    );
    assert!(!home.path().join("bootstream").exists());
}

#[test]
fn a_local_lambda_uses_what_an_invocation_has_kept() {
    let (home, handler) = setup();
    invoke(home.path(), &handler);
    std::fs::write(&entries(home.path())[0], plant(&handler)).unwrap();
    let handler = handler.to_str().unwrap();
    let variables = [("XDG_CACHE_HOME", home.path().as_os_str())];

    let dev = Dev::run_with(&[handler], &variables);

    let response = dev.invoke(&script(&json!([{"write": "planted"}])));
    assert_eq!(response.rest().0, "planted");
}

#[test]
fn a_local_lambda_listens_while_it_compiles_and_reports_compile_errors_to_callers() {
    let folder = tempfile::tempdir().unwrap();
    let handler = folder.path().join("handler.wat");
    // The names are right, but the compiler rejects the type of the module's export.
    let wrong = r#"(component (core module $m (func (export "f") (result i32) (i64.const 1)))
        (core instance $i (instantiate $m)) (func $f (canon lift (core func $i "f")))
        (export "handle" (func $f)))"#;
    std::fs::write(&handler, wrong).unwrap();

    let mut dev = Dev::start(&handler, &[]);

    let response = dev.invoke("{}");
    assert_eq!(response.status, 502);
    let (document, _) = response.rest();
    assert_contains(&document, "Runtime.InvalidEntrypoint");
    assert_contains(&document, "does not compile");
    assert_contains(&document, handler.to_str().unwrap());
    dev.wait_until_seen("the handler does not start");

    std::fs::copy(scripted_guest(), &handler).unwrap();
    dev.wait_for("swapped to the new");
    let response = dev.invoke(&script(&json!([{"write": "mended"}])));
    assert_eq!(response.rest().0, "mended");
}
