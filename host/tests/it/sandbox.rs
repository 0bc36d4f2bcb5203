//! A handler that uses the standard library to leave its sandbox.

use std::path::Path;

use bootstream_test_support::process::Running;
use bootstream_test_support::recorder::Recorder;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::reaching::{fetch, host, outcomes};
use crate::web::Web;

#[track_caller]
fn assert_all_fail(steps: &[Value]) {
    let lambda = Recorder::start();
    let _host = host(&lambda, "").start();
    let outcomes = outcomes(&lambda, "id-1", &json!(steps));
    assert_eq!(outcomes.len(), steps.len());
    for (outcome, step) in outcomes.iter().zip(steps) {
        assert!(outcome.starts_with("error: "), "{step}: {outcome}");
    }
}

#[test]
fn there_are_no_sockets() {
    let web = Web::start();
    let address = format!("127.0.0.1:{}", web.port());
    assert_all_fail(&[
        json!({"connect": address}),
        json!({"connect": "169.254.169.254:80"}),
        json!({"connect": "localhost:80"}),
        json!({"listen": "127.0.0.1:0"}),
        json!({"datagram": address}),
        json!({"resolve": "localhost"}),
        json!({"resolve": "example.com"}),
    ]);
    assert!(web.heads().is_empty());
}

#[test]
fn there_are_no_files() {
    assert_all_fail(&[
        json!({"read_file": "/etc/passwd"}),
        json!({"read_file": "handler.wasm"}),
        json!({"read_file": "/proc/self/environ"}),
        json!({"list": "/"}),
        json!({"list": "."}),
        json!({"write_file": {"path": "/tmp/x", "bytes": 1}}),
        json!({"list": "/var/task"}),
    ]);
}

#[test]
fn the_package_can_be_read_and_not_left_or_changed() {
    let lambda = Recorder::start();
    let start = host(&lambda, "files.task-root = 'read-only'");
    let package = start.package().to_owned();
    std::fs::write(package.join("data.txt"), "12345").expect("a file in a fresh folder");
    std::os::unix::fs::symlink("/etc/passwd", package.join("out")).expect("a link");
    let _host = start.start();

    std::fs::create_dir(package.join("web")).expect("a folder");
    std::fs::write(package.join("web/index.html"), "123").expect("a file");

    let steps = json!([
        {"read_file": "/var/task/data.txt"},
        {"list": "/var/task"},
        {"read_file": "data.txt"},
        {"read_file": "./data.txt"},
        {"read_file": "web/index.html"},
        {"read_file": "web/../web/index.html"},
        {"list": "web"},
        {"list": "."},
        {"read_file": "../data.txt"},
        {"read_file": "../../etc/passwd"},
        {"read_file": "web/../../data.txt"},
        {"read_file": "out"},
        {"write_file": {"path": "new", "bytes": 1}},
        {"write_file": {"path": "data.txt", "bytes": 1}},
        {"remove_file": "data.txt"},
        {"read_file": "/var/task/../../etc/passwd"},
        {"read_file": "/var/task/out"},
        {"read_file": "/etc/passwd"},
        {"write_file": {"path": "/var/task/new", "bytes": 1}},
        {"write_file": {"path": "/var/task/data.txt", "bytes": 1}},
        {"remove_file": "/var/task/data.txt"},
    ]);
    let outcomes = outcomes(&lambda, "id-1", &steps);

    assert_eq!(outcomes[0], "ok: 5 bytes");
    let package_list = "ok: bootstream.toml data.txt handler.wasm out web";
    assert_eq!(outcomes[1], package_list);
    let relative = [
        "ok: 5 bytes",
        "ok: 5 bytes",
        "ok: 3 bytes",
        "ok: 3 bytes",
        "ok: index.html",
    ];
    assert_eq!(outcomes[2..7], relative);
    assert_eq!(outcomes[7], package_list);
    for outcome in &outcomes[8..] {
        assert!(outcome.starts_with("error: "), "{outcomes:?}");
    }
    let data = std::fs::read_to_string(package.join("data.txt"));
    assert_eq!(data.expect("it is still there"), "12345");
}

#[test]
fn a_private_tmp_is_bounded_and_gone_with_its_invocation() {
    let temporary = tempfile::tempdir().expect("a folder");
    let lambda = Recorder::start();
    let mut host = host(&lambda, "[files]\ntmp = 'private'\ntmp-mib = 1\n")
        .env(
            "TMPDIR",
            temporary.path().to_str().expect("a path in UTF-8"),
        )
        .start();
    let file = |name: &str, bytes: usize| json!({"write_file": {"path": name, "bytes": bytes}});

    let steps = json!([
        {"list": "/tmp"},
        file("/tmp/a", 600_000),
        {"read_file": "/tmp/a"},
        file("/tmp/b", 600_000),
        file("/tmp/c", 1_000),
        file("/elsewhere", 1),
    ]);
    let first = outcomes(&lambda, "id-1", &steps);
    let second = outcomes(
        &lambda,
        "id-2",
        &json!([{"list": "/tmp"}, file("/tmp/a", 600_000)]),
    );
    lambda.script("id-3", &json!([file("/tmp/a", 1), "trap"]));
    lambda.failed_response("id-3", "Function.Trap");

    assert_eq!(first[..3], ["ok: ", "ok: wrote 600000", "ok: 600000 bytes"]);
    assert!(first[3].starts_with("error: "), "{first:?}");
    assert_eq!(first[4], "ok: wrote 1000");
    assert!(first[5].starts_with("error: "), "{first:?}");
    assert_eq!(second, ["ok: ", "ok: wrote 600000"]);
    assert_nothing_left(&mut host, temporary.path());
}

/// Asserts that a host leaves no file behind when it ends.
#[track_caller]
fn assert_nothing_left(host: &mut Running, temporary: &Path) {
    host.signal(Signal::TERM);
    assert!(host.exit().success());
    let left: Vec<_> = std::fs::read_dir(temporary).expect("a folder").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_tmp_of_an_instance_that_waits_for_its_next_event_is_gone_when_the_process_ends() {
    let temporary = tempfile::tempdir().expect("a folder");
    let lambda = Recorder::start();
    let mut host = host(&lambda, "files.tmp = 'private'\nreuse.invocations = 9")
        .env(
            "TMPDIR",
            temporary.path().to_str().expect("a path in UTF-8"),
        )
        .start();
    let write = json!([{"write_file": {"path": "/tmp/a", "bytes": 1}}]);
    assert_eq!(outcomes(&lambda, "id-1", &write), ["ok: wrote 1"]);
    let kept = outcomes(&lambda, "id-2", &json!([{"list": "/tmp"}]));
    assert_eq!(kept, ["ok: a"]);

    assert_nothing_left(&mut host, temporary.path());
}

/// A thread whose stack takes more address space than there is cannot be started.
#[test]
fn without_another_thread_a_handler_has_no_files_and_no_lookups() {
    let lambda = Recorder::start();
    let web = Web::start();
    let by_name = format!("http://localhost:{}", web.port());
    let settings = format!(
        "files.tmp = 'private'\nfiles.task-root = 'read-only'\noutbound.allow = ['{by_name}', '{}']",
        web.url("")
    );
    let mut host = host(&lambda, &settings)
        .env("RUST_MIN_STACK", &(1_u64 << 48).to_string())
        .start();
    let steps = json!([
        {"list": "/tmp"},
        {"write_file": {"path": "/tmp/a", "bytes": 1}},
        {"read_file": "handler.wasm"},
        fetch(&by_name),
        fetch(&web.url("/")),
    ]);

    for id in ["id-1", "id-2"] {
        let outcomes = outcomes(&lambda, id, &steps);
        for outcome in &outcomes[..4] {
            assert!(outcome.starts_with("error: "), "{outcomes:?}");
        }
        assert!(outcomes[4].starts_with("ok: "), "{outcomes:?}");
    }
    host.logged("the system refuses the thread that reads and writes them");
    host.logged("the system refuses the thread that looks up names");
    host.assert_running();
}
