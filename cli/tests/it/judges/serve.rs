//! A running `wasmtime serve`.

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use bootstream_test_support::built;

use crate::support::{Response, exchange, request};

/// The server. Stopped when dropped.
pub(super) struct Serve {
    child: Child,
    address: String,
}

impl Serve {
    /// Starts it with options of `wasmtime serve`.
    #[track_caller]
    pub(super) fn start(component: &Path, options: &[&str]) -> Self {
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
        let address = banner.trim_end_matches('/').rsplit("http://").next();
        let address = address.expect("an address").to_owned();
        Self { child, address }
    }

    pub(super) fn port(&self) -> &str {
        self.address.rsplit(':').next().expect("a port")
    }

    pub(super) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response {
        let stream = TcpStream::connect(&self.address).expect("the server listens");
        let request = request(&self.address, method, path, headers, body);
        exchange(stream, &request)
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
