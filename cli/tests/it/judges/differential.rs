//! The same component and requests in `wasmtime serve` and in `bootstream dev`. See `tests/clients/judges`.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use bootstream_test_support::{built, guests};
use serde_json::Value;

use super::dev;
use crate::support::text;

const REQUESTS: u64 = 1000;

/// A running `wasmtime serve`. Stopped when dropped.
struct Serve {
    child: Child,
    port: String,
}

impl Serve {
    fn start(component: &Path, options: &[&str]) -> Self {
        let mut child = Command::new(built("clients/python/bin/wasmtime"))
            .arg("serve")
            .args(options)
            .args(["--addr", "127.0.0.1:0"])
            .arg(component)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("wasmtime starts");
        let mut lines = BufReader::new(child.stderr.take().expect("stderr is piped")).lines();
        let banner = lines
            .by_ref()
            .map_while(Result::ok)
            .find(|line| line.contains("http://"))
            .expect("wasmtime says where it listens");
        // It prints a backtrace for each trap.
        std::thread::spawn(move || lines.for_each(drop));
        let port = banner.trim_end_matches('/').rsplit(':').next();
        let port = port.expect("a port").to_owned();
        Self { child, port }
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[track_caller]
fn compare(world: &str, component: &str, options: &[&str]) {
    let component = guests::source(component);
    let serve = Serve::start(&component, options);
    let dev = dev(&component);
    let port = dev.endpoint();
    let port = port.rsplit(':').next().expect("a port");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/judges/differential.py");
    let output = Command::new(built("clients/python/bin/python"))
        // The repository stays as it is.
        .arg("-B")
        .arg(script)
        .args([world, &serve.port, port, "1", &REQUESTS.to_string()])
        .output()
        .expect("Python starts");
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}{}", text(&output.stderr));
    let summary: Value = serde_json::from_str(said.lines().last().expect("a summary")).expect("JSON");
    assert_eq!(summary["requests"], REQUESTS);
    // As many as the generator makes: nothing was left out.
    assert!(summary["described"].as_u64() > Some(200), "{summary}");
    assert!(summary["ends"].as_u64() > Some(10), "{summary}");
}

#[test]
fn a_thousand_requests_of_wasi_0_2_get_the_responses_of_wasmtime_serve() {
    compare("proxies", "wasi_http_guest", &["-Scli"]);
}

#[test]
fn a_thousand_requests_of_wasi_0_3_get_the_responses_of_wasmtime_serve() {
    compare("services", "service_guest", &["-Scli,p3", "-Wcomponent-model-async"]);
}
