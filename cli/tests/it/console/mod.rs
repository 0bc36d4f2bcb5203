//! The console of `dev`: in headless Chromium, and from raw sockets. The cases of the browser are in
//! `tests/clients/browser`.

mod api;
mod guard;
mod prediction;
mod trace;

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::process::{ChildStdout, Command, Stdio};

use bootstream_test_support::built;
use serde_json::{Value, json};

use crate::load::resident;
use crate::support::{Dev, PATIENCE, Response, ready_guest};

/// The longest task of the page, in milliseconds.
const LONGEST_TASK_MS: u32 = 200;

impl Dev {
    /// Returns the address of the console.
    #[track_caller]
    pub(crate) fn console(&mut self) -> String {
        self.wait_until_seen("console: http://");
        let line = self
            .lines()
            .iter()
            .find(|line| line.contains("console: http://"));
        let address = line.and_then(|line| line.split("http://").nth(1)?.split('/').next());
        address.expect("an address").to_owned()
    }
}

/// Sends bytes to the console, and reads the response.
#[track_caller]
fn send_to(address: &str, bytes: &[u8]) -> Response {
    let mut stream = TcpStream::connect(address).expect("the console listens");
    stream
        .set_read_timeout(Some(PATIENCE))
        .expect("sockets have timeouts");
    std::io::Write::write_all(&mut stream, bytes).expect("the console reads");
    Response::read(stream, bytes)
}

/// Measures up to three times, because another process may take the processor in the middle.
#[track_caller]
fn one_of_three(measure: impl Fn() -> Result<(), String>) {
    let tried = (0..3).map(|_| measure());
    let failures: Vec<_> = tried.map_while(Result::err).collect();
    assert!(failures.len() < 3, "{failures:#?}");
}

#[track_caller]
pub(crate) fn get(address: &str, path: &str) -> Response {
    send_to(
        address,
        format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n").as_bytes(),
    )
}

/// Runs cases in a browser. Calls `told` for each line that they print.
#[track_caller]
fn browse(dev: &mut Dev, cases: &[&str], more: Value, mut told: impl FnMut(&str, &mut Dev)) {
    let mut plan = json!({
        "front": dev.endpoint(),
        "console": format!("http://{}", dev.console()),
        "cases": cases,
        "longestTask": LONGEST_TASK_MS,
    });
    let (Some(plan_object), Value::Object(more)) = (plan.as_object_mut(), more) else {
        panic!("both are objects");
    };
    plan_object.extend(more);
    let mut child = Command::new("node")
        .arg(built("clients/browser/console.mjs"))
        .arg(plan.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("node starts");
    let stdout: ChildStdout = child.stdout.take().expect("stdout is piped");
    let mut passed = Vec::new();
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        told(&line, dev);
        passed.push(line);
    }
    let output = child.wait_with_output().expect("node ends");
    let said = crate::support::text(&output.stderr);
    assert!(output.status.success(), "after {passed:?}: {said}");
    for case in cases {
        assert!(passed.iter().any(|line| line == case), "{case} did not run");
    }
}

#[track_caller]
fn run(args: &[&str], cases: &[&str]) {
    let mut dev = Dev::start(&ready_guest(), args);
    browse(&mut dev, cases, json!({}), |_, _| {});
}

#[test]
fn streams_are_shown_while_they_run() {
    run(&[], &["grows", "fails", "fastReader", "events"]);
}

#[test]
fn a_slow_reader_is_shown() {
    run(&["--slow", "64KiB/s"], &["slowReader"]);
}

#[test]
fn every_kind_of_body_has_its_view() {
    run(&[], &["views", "large", "preludes", "archives"]);
}

#[test]
fn an_archive_is_imported_by_the_network_panel_of_chromium() {
    let folder = tempfile::tempdir().expect("temporary files are writable");
    let mut dev = Dev::start(&ready_guest(), &[]);
    let more = json!({ "folder": folder.path() });
    browse(&mut dev, &["networkImport"], more, |_, _| {});
}

#[test]
fn events_are_sent_again_edited_and_compared() {
    run(&[], &["resends", "compares"]);
}

#[test]
fn a_keyboard_and_a_small_screen_are_enough() {
    run(&[], &["keys", "accessible"]);
}

#[test]
fn other_pages_and_hostile_functions_reach_nothing() {
    let mut dev = Dev::start(&ready_guest(), &[]);
    browse(&mut dev, &["foreignPages", "hostile"], json!({}), |_, _| {});
}

#[test]
fn the_page_survives_a_restart() {
    let mut dev = Dev::start(&ready_guest(), &[]);
    let front = dev.endpoint();
    let port = front.rsplit(':').next().expect("a port").to_owned();
    let console = dev.console();
    let console_port = console.rsplit(':').next().expect("a port").to_owned();
    let ports = ["--port", &port, "--console-port", &console_port];
    let mut next: Option<Dev> = None;
    browse(
        &mut dev,
        &["restart"],
        json!({ "tolerates": "ERR_" }),
        |line, dev| match line {
            "stop" => assert_eq!(dev.terminate(), Some(0)),
            "start" => next = Some(Dev::start(&ready_guest(), &ports)),
            _ => {}
        },
    );
    assert!(next.is_some());
}

/// The pictures of the guide. To renew them, copy them from `target/clients/pictures` to `docs/guide/images`.
#[test]
fn the_guide_has_pictures() {
    let folder = built("clients").join("pictures");
    std::fs::create_dir_all(&folder).expect("it may be written");
    let mut dev = Dev::start(&trace::otel_guest(), &[]);
    browse(
        &mut dev,
        &["pictures"],
        json!({ "pictures": folder }),
        |_, _| {},
    );
}

#[test]
fn five_thousand_invocations_leave_memory_flat_and_the_page_awake() {
    let mut dev = Dev::start(&ready_guest(), &[]);
    let mut warm = 0;
    browse(
        &mut dev,
        &["many"],
        json!({ "total": 5000, "tolerates": "404" }),
        |line, dev| {
            if line == "warm" {
                warm = resident(dev.pid());
            }
        },
    );
    let end = resident(dev.pid());
    assert!(
        warm > 0 && end < warm + 20 * 1024 * 1024,
        "{warm} bytes became {end}"
    );
}
