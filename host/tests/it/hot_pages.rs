//! Pages that invocations write to are copied ahead of the next one, and hold what the component has in them.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bootstream_test_support::process::{Bootstrap, Running};
use bootstream_test_support::recorder::{Event, Recorder};
use bootstream_test_support::{PATIENCE, guests, pause};

const DATA_BYTES: usize = 512 * 1024;

/// What the handler writes to.
const WRITTEN_KIB: u64 = 400;

/// The handler, which fails if it sees what an earlier invocation wrote.
fn handler(folder: &Path) -> PathBuf {
    let data = format!("(data (i32.const 65536) \"{}\")", "a".repeat(DATA_BYTES));
    let comment = ";; 512 KiB of data from the second page of memory on";
    guests::text_with("writes_to_its_data.wat", comment, &data, folder)
}

/// The pages of data that a process has copied, in KiB.
fn copied_kib(host: &Running) -> u64 {
    let maps = std::fs::read_to_string(format!("/proc/{}/smaps", host.pid()));
    let maps = maps.expect("the process runs");
    let mut is_data = false;
    let mut kib = 0;
    for line in maps.lines() {
        if line.contains("-p ") {
            is_data = line.contains(" rw-p ") && line.ends_with("/handler.cwasm");
        } else if let Some(size) = line.strip_prefix("Anonymous:").filter(|_| is_data) {
            let size = size.trim().strip_suffix(" kB").expect("a size");
            kib += size.parse::<u64>().expect("a number");
        }
    }
    kib
}

/// Waits until only instances that wait for their invocations are left, and have this many KiB of copied data.
#[track_caller]
fn assert_copies(host: &Running, kib: u64) {
    let until = Instant::now() + PATIENCE;
    while copied_kib(host) != kib {
        assert!(Instant::now() < until, "{} KiB", copied_kib(host));
        pause(Duration::from_millis(5));
    }
}

/// Runs invocations one after another, each of which must find the data of the component.
#[track_caller]
fn invoke(lambda: &Recorder, workers: usize, ids: Range<usize>) {
    for number in ids {
        let id = format!("id-{number}");
        lambda.enqueue(Event::new(&id, "{}"));
        lambda.response(&id).assert_clean_end();
        lambda.idle(workers);
    }
}

#[test]
fn pages_are_copied_ahead_once_two_invocations_have_written_to_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let lambda = Recorder::start();
    let host = Bootstrap::with_handler(&lambda, &handler(folder.path())).start();
    lambda.idle(1);
    assert_eq!(copied_kib(&host), 0);

    invoke(&lambda, 1, 0..12);

    assert_copies(&host, WRITTEN_KIB);
    invoke(&lambda, 1, 12..14);
}

#[test]
fn several_workers_copy_nothing_ahead() {
    let folder = tempfile::tempdir().expect("a folder");
    let lambda = Recorder::start();
    let host = Bootstrap::with_handler(&lambda, &handler(folder.path()))
        .env("AWS_LAMBDA_MAX_CONCURRENCY", "2")
        .start();

    invoke(&lambda, 2, 0..12);

    assert_copies(&host, 0);
}
