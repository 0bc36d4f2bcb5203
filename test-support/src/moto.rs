//! A stand-in for AWS that verifies signatures: moto's server behind botocore. See `cli/tests/clients`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{PATIENCE, built, wait_on};

/// The credentials that the stand-in accepts.
pub const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
pub const TOKEN: &str = "IQoJb3JpZ2luX2VjEXAMPLE//token+of/a/role==";

/// The region of the tests.
pub const REGION: &str = "eu-central-1";

/// A running stand-in. Stopped when dropped.
pub struct Moto {
    child: Child,
    /// The stand-in ends with this pipe, so it does not outlive a test that is killed.
    commands: ChildStdin,
    ports: Value,
    seen: Arc<Seen>,
    folder: TempDir,
}

#[derive(Default)]
struct Seen {
    reports: Mutex<Vec<Value>>,
    more: Condvar,
}

impl Moto {
    #[track_caller]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the certificate");
        let mut child = Command::new(built("clients/python/bin/python"))
            .arg(built("clients/python/aws.py"))
            .args([KEY_ID, SECRET, TOKEN])
            .arg(certificate_in(&folder))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // moto logs each request.
            .stderr(Stdio::null())
            .spawn()
            .expect("the stand-in starts");
        let commands = child.stdin.take().expect("stdin is piped");
        let stdout = child.stdout.take().expect("stdout is piped");
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        let ports = lines.next().expect("the stand-in prints its ports");
        let seen = Arc::new(Seen::default());
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            for line in lines {
                let report = serde_json::from_str(&line).expect("a report in JSON");
                let reports = shared.reports.lock();
                reports.unwrap_or_else(PoisonError::into_inner).push(report);
                shared.more.notify_all();
            }
        });
        Self {
            child,
            commands,
            ports: serde_json::from_str(&ports).expect("ports in JSON"),
            seen,
            folder,
        }
    }

    /// URL of the server that verifies signatures.
    pub fn http(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports["http"])
    }

    /// URL of the server that verifies signatures and has TLS, with the certificate of
    /// [`certificate`](Self::certificate).
    pub fn https(&self) -> String {
        format!("https://127.0.0.1:{}", self.ports["https"])
    }

    /// URL of moto itself, which verifies nothing.
    pub fn unverified(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports["moto"])
    }

    /// File with the certificate for TLS, in PEM form.
    pub fn certificate(&self) -> PathBuf {
        certificate_in(&self.folder)
    }

    /// The requests so far that went through a server that verifies, each as the README of the clients has
    /// it.
    pub fn requests(&self) -> Vec<Value> {
        let mut reports = self.reports();
        reports.retain(|report| report.get("method").is_some());
        reports
    }

    /// Waits for `count` requests, and returns all so far. A response may arrive before the report of its request.
    #[track_caller]
    pub fn requests_of(&self, count: usize) -> Vec<Value> {
        let reports = self.seen.reports.lock();
        let reports = reports.unwrap_or_else(PoisonError::into_inner);
        let found = wait_on(reports, &self.seen.more, |reports| {
            let requests = reports.iter().filter(|it| it.get("method").is_some());
            let requests: Vec<_> = requests.cloned().collect();
            (requests.len() >= count).then_some(requests)
        });
        // The reports are unlocked before the panic.
        let found = found.map_err(drop);
        found.unwrap_or_else(|()| panic!("waited in vain for {count} in {:#?}", self.reports()))
    }

    /// Waits for a request for which `fits` returns true.
    #[track_caller]
    pub fn request(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        self.report(what, |report| {
            report.get("method").is_some() && fits(report)
        })
    }

    fn reports(&self) -> Vec<Value> {
        let reports = self.seen.reports.lock();
        reports.unwrap_or_else(PoisonError::into_inner).clone()
    }

    #[track_caller]
    fn report(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let reports = self.seen.reports.lock();
        let reports = reports.unwrap_or_else(PoisonError::into_inner);
        let found = wait_on(reports, &self.seen.more, |reports| {
            reports.iter().find(|report| fits(report)).cloned()
        });
        // The reports are unlocked before the panic.
        let found = found.map_err(drop);
        found.unwrap_or_else(|()| panic!("waited in vain for {what} in {:#?}", self.reports()))
    }

    /// Cuts the next response after `bytes` bytes of its body.
    #[track_caller]
    pub fn cut_next(&mut self, bytes: u64) {
        writeln!(self.commands, "{}", json!({ "cut": bytes })).expect("the stand-in runs");
        self.report("the acknowledgement", |report| report["cutting"] == bytes);
    }

    /// Lets the model of Bedrock send `count` more words.
    pub fn allow_words(&mut self, count: u32) {
        writeln!(self.commands, "{}", json!({ "words": count })).expect("the stand-in runs");
    }

    /// Calls a service that speaks JSON, past the verification: `target` is `DynamoDB_20120810.PutItem`.
    /// Returns the response's body.
    #[track_caller]
    pub fn call(&self, service: &str, target: &str, body: &Value) -> Value {
        let headers = format!(
            "x-amz-target: {target}\r\ncontent-type: application/x-amz-json-1.0\r\n{}",
            unverified_authorization(service)
        );
        let response = self.send("POST", "/", &headers, body.to_string().as_bytes());
        serde_json::from_slice(&response).expect("a response in JSON")
    }

    /// Calls a service that speaks JSON by paths, past the verification. Returns the response's body.
    #[track_caller]
    pub fn post(&self, service: &str, path: &str, body: &Value) -> Value {
        let headers = format!(
            "content-type: application/json\r\n{}",
            unverified_authorization(service)
        );
        let response = self.send("POST", path, &headers, body.to_string().as_bytes());
        serde_json::from_slice(&response).expect("a response in JSON")
    }

    /// Makes a bucket, past the verification.
    #[track_caller]
    pub fn make_bucket(&self, bucket: &str) {
        let body = format!(
            "<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint>\
             </CreateBucketConfiguration>"
        );
        let headers = unverified_authorization("s3");
        self.send("PUT", &format!("/{bucket}"), &headers, body.as_bytes());
    }

    /// Stores an object, past the verification. `path` is `/BUCKET/KEY`, encoded.
    #[track_caller]
    pub fn put_object(&self, path: &str, content: &[u8]) {
        let headers = format!(
            "content-type: text/plain\r\n{}",
            unverified_authorization("s3")
        );
        self.send("PUT", path, &headers, content);
    }

    /// Reads an object, past the verification.
    #[track_caller]
    pub fn object(&self, path: &str) -> Vec<u8> {
        self.send("GET", path, &unverified_authorization("s3"), b"")
    }

    /// Sends a request to moto and returns the body of its response, which must be a success.
    #[track_caller]
    fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
        let address = self.unverified().replace("http://", "");
        let mut stream = TcpStream::connect(&address).expect("moto listens");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("sockets have timeouts");
        let head = format!(
            "{method} {path} HTTP/1.0\r\nhost: {address}\r\n{headers}content-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("moto reads");
        stream.write_all(body).expect("moto reads");
        let mut response = Vec::new();
        stream.read_to_end(&mut response).expect("moto answers");
        let end = response.windows(4).position(|part| part == b"\r\n\r\n");
        let body = response.split_off(end.expect("a head") + 4);
        let status = response.get(9..12).expect("a status");
        assert!(
            status.starts_with(b"2"),
            "{method} {path}: {}{}",
            String::from_utf8_lossy(&response),
            String::from_utf8_lossy(&body)
        );
        body
    }
}

/// moto reads the service from this header, and verifies nothing.
fn unverified_authorization(service: &str) -> String {
    format!(
        "authorization: AWS4-HMAC-SHA256 Credential={KEY_ID}/20260101/{REGION}/{service}/aws4_request, \
         SignedHeaders=host, Signature=0\r\n"
    )
}

fn certificate_in(folder: &TempDir) -> PathBuf {
    let folder: &Path = folder.path();
    folder.join("ca.pem")
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
