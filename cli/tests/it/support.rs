//! Starts the commands, and an HTTP client that sees chunks as they are on the wire.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

pub(crate) use bootstream_test_support::guests::source as component;
use bootstream_test_support::wire::{Field, Wire, field};
use bootstream_test_support::{built, cache_home, toolchain};
use serde_json::{Value, json};

/// Timeout of every wait. Only a failing test reaches it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A server that answers each head with `answer` of it, and keeps its connections. Returns its URL.
pub(crate) fn serve(answer: fn(&[u8]) -> Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer_all(stream, answer).ok());
        }
    });
    url
}

fn answer_all(mut stream: TcpStream, answer: fn(&[u8]) -> Vec<u8>) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while stream.read(&mut byte)? > 0 {
        head.extend(byte);
        if head.ends_with(b"\r\n\r\n") {
            let body = answer(&head);
            head.clear();
            write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n",
                body.len()
            )?;
            stream.write_all(&body)?;
        }
    }
    Ok(())
}

/// The `bootstrap` that the emulator runs.
#[track_caller]
pub(crate) fn bootstrap() -> PathBuf {
    std::env::var_os("BOOTSTREAM_BOOTSTRAP")
        .map_or_else(|| built("lambda/bootstrap"), PathBuf::from)
}

#[track_caller]
pub(crate) fn scripted_guest() -> PathBuf {
    component("scripted_guest")
}

/// The scripted guest as machine code: few tests are about compilation.
pub(crate) fn ready_guest() -> PathBuf {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    ready(&MADE, "scripted_guest")
}

/// A component as machine code, compiled once: by the first that asks, into `made`.
pub(crate) fn ready(made: &OnceLock<PathBuf>, name: &str) -> PathBuf {
    made.get_or_init(|| {
        let code = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.cwasm"));
        succeed(bootstream(&["compile", "-o"]).args([&code, &component(name)]));
        code
    })
    .clone()
}

/// A folder with the packages of the scripted guest, built once: `host-layer.zip` and `function.zip`.
pub(crate) fn packages() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("packages");
        succeed(bootstream(&["package", "--out-dir"]).args([&folder, &scripted_guest()]));
        folder
    })
}

/// The content type of a script.
pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");

/// An event for the scripted guest.
pub(crate) fn script(steps: &Value) -> String {
    json!({ "steps": steps }).to_string()
}

/// The `bootstream` command, isolated from this machine's settings.
pub(crate) fn bootstream(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bootstream"));
    command
        .args(args)
        .env("XDG_CACHE_HOME", cache_home(env!("CARGO_TARGET_TMPDIR")))
        .env("WASM_TOOLCHAIN_DIR", toolchain())
        .env_remove("LOCAL_LAMBDA_HOST")
        .env_remove("LOCAL_LAMBDA_PORT")
        .env("BOOTSTREAM_BOOTSTRAP", bootstrap())
        .stdin(Stdio::null());
    command
}

pub(crate) fn run(command: &mut Command) -> Output {
    command.output().expect("the command starts")
}

/// Runs a command that must succeed.
#[track_caller]
pub(crate) fn succeed(command: &mut Command) -> Output {
    exit_with(0, command)
}

/// Runs a command that must fail.
#[track_caller]
pub(crate) fn fail(command: &mut Command) -> Output {
    exit_with(1, command)
}

/// Runs a command that must fail. Returns what it says.
#[track_caller]
pub(crate) fn failure(command: &mut Command) -> String {
    text(&fail(command).stderr)
}

/// Runs a command whose arguments are wrong. Returns what it says.
#[track_caller]
pub(crate) fn wrong_usage(command: &mut Command) -> String {
    text(&exit_with(2, command).stderr)
}

#[track_caller]
fn exit_with(code: i32, command: &mut Command) -> Output {
    let output = run(command);
    let said = [&output.stdout[..], &output.stderr].concat();
    let seen = output.status.code();
    assert_eq!(seen, Some(code), "{command:?}: {}", text(&said));
    output
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A running `bootstream dev`. Stopped when dropped.
pub(crate) struct Dev {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
    address: String,
}

impl Dev {
    #[track_caller]
    pub(crate) fn start(handler: &Path, args: &[&str]) -> Self {
        let handler = handler.to_str().expect("a path in UTF-8");
        Self::run(&[args, &[handler]].concat())
    }

    #[track_caller]
    pub(crate) fn run(args: &[&str]) -> Self {
        Self::run_with(args, &[])
    }

    #[track_caller]
    pub(crate) fn run_with(args: &[&str], variables: &[(&str, &OsStr)]) -> Self {
        let free_port = ["--port", "0"];
        let has_port = args.contains(&"--port");
        let mut child = bootstream(&["dev"])
            .args(free_port.iter().filter(|_| !has_port))
            .args(args)
            .envs(variables.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let stderr = child.stderr.take().expect("stderr is piped");
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut dev = Self {
            child,
            lines,
            seen: Vec::new(),
            address: String::new(),
        };
        let banner = dev.wait_for(" at http://");
        dev.address = banner
            .rsplit("http://")
            .next()
            .and_then(|address| address.split('"').next())
            .expect("an address")
            .to_owned();
        dev
    }

    /// Waits for a line on the terminal.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        loop {
            let Ok(line) = self.lines.recv_timeout(PATIENCE) else {
                panic!("no line with `{text}` in {:#?}", self.seen);
            };
            self.seen.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Waits for a line on the terminal, which may already be there.
    #[track_caller]
    pub(crate) fn wait_until_seen(&mut self, text: &str) {
        if !self.seen.iter().any(|line| line.contains(text)) {
            self.wait_for(text);
        }
    }

    /// Returns whether a line has been on the terminal, without waiting.
    pub(crate) fn has_seen(&mut self, text: &str) -> bool {
        self.seen.extend(self.lines.try_iter());
        self.seen.iter().any(|line| line.contains(text))
    }

    /// Forgets the terminal's output.
    pub(crate) fn forget(&mut self) {
        self.seen.extend(self.lines.try_iter());
        self.seen.clear();
    }

    /// The terminal's output so far.
    pub(crate) fn lines(&self) -> &[String] {
        &self.seen
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/invoke", self.address)
    }

    pub(crate) fn invoke(&self, event: &str) -> Response {
        self.post("/invoke", event)
    }

    /// Posts JSON.
    pub(crate) fn post(&self, path: &str, body: &str) -> Response {
        self.send("POST", path, &[JSON], body)
    }

    /// Asserts that the scripted guest still responds.
    #[track_caller]
    pub(crate) fn assert_serves(&self) {
        let next = self.invoke(&script(&json!([{"write": "next"}])));
        next.assert_body("next");
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response {
        let request = request(&self.address, method, path, headers, body);
        exchange(self.connect(), &request)
    }

    /// A connection to the server.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).expect("the server listens");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("sockets have timeouts");
        stream
    }

    /// Sends bytes that need not be a request, and reads the response.
    pub(crate) fn send_raw(&self, bytes: &[u8]) -> Response {
        let mut stream = self.connect();
        // The server may close the connection before it has read everything.
        let _ = stream.write_all(bytes);
        Response::read(stream, bytes)
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The processes of this server's environments.
    pub(crate) fn environments(&self) -> Vec<i32> {
        let pid = self.child.id();
        let path = format!("/proc/{pid}/task/{pid}/children");
        let children = std::fs::read_to_string(path).expect("the server runs");
        children
            .split_whitespace()
            .map(|pid| pid.parse().expect("a number"))
            .collect()
    }

    /// Stops the server as a service manager does, and returns its exit code.
    pub(crate) fn terminate(&mut self) -> Option<i32> {
        let pid = i32::try_from(self.child.id()).expect("pids are small");
        signal(pid, rustix::process::Signal::TERM);
        self.wait()
    }

    /// Waits for the server's end, and returns its exit code.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        self.child.wait().expect("the server ends").code()
    }
}

/// A request to the server at `address`.
pub(crate) fn request(
    address: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> String {
    let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    request
}

/// Sends a request, and reads the response.
pub(crate) fn exchange(mut stream: TcpStream, request: &str) -> Response {
    stream
        .write_all(request.as_bytes())
        .expect("the server reads");
    Response::read(stream, request.as_bytes())
}

impl Drop for Dev {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.terminate();
        }
        self.seen.extend(self.lines.try_iter());
        println!("bootstream dev printed {:#?}", self.seen);
    }
}

pub(crate) fn signal(pid: i32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(pid).expect("a pid");
    // The process may have ended.
    let _ = rustix::process::kill_process(pid, signal);
}

/// A response, read on demand.
pub(crate) struct Response {
    /// The beginning of the request, for messages.
    request: String,
    pub(crate) status: u16,
    pub(crate) reason: String,
    headers: Vec<Field>,
    wire: Wire<TcpStream>,
}

/// How a body ended.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum End {
    Complete,
    /// The connection closed before the last chunk: curl's error 18.
    Cut,
}

impl Response {
    /// Reads the response to a request that began so.
    pub(crate) fn read(stream: TcpStream, request: &[u8]) -> Self {
        let line = request.split(|byte| *byte == b'\n').next();
        Self::read_from(Wire::new(stream), text(line.unwrap_or_default()))
    }

    /// Reads the next response on the connection, once this one's body was read.
    pub(crate) fn next(self) -> Self {
        Self::read_from(self.wire, self.request)
    }

    fn read_from(mut wire: Wire<TcpStream>, request: String) -> Self {
        let head = String::from_utf8(wire.head().expect("a head")).expect("a head is text");
        let mut lines = head.lines().filter(|line| !line.is_empty());
        let mut words = lines.next().expect("a status line").splitn(3, ' ').skip(1);
        let status = words.next().and_then(|status| status.parse().ok());
        let reason = words.next().unwrap_or_default().to_owned();
        let headers = lines.map(|line| field(line).expect("a header")).collect();
        Self {
            request,
            status: status.expect("a status"),
            reason,
            headers,
            wire,
        }
    }

    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        let fields = self.headers.iter().filter(|(it, _)| it == name);
        fields.map(|(_, value)| value.as_str()).collect()
    }

    /// Asserts the values of a header.
    #[track_caller]
    pub(crate) fn assert_header(&self, name: &str, values: &[&str]) {
        assert_eq!(self.header(name), values, "{name}: {}", self.request);
    }

    /// Reads the body as JSON.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        serde_json::from_str(&self.rest().0).expect("a JSON document")
    }

    /// Waits for the next chunk on the wire.
    pub(crate) fn chunk(&mut self) -> Result<String, End> {
        self.raw_chunk().map(|chunk| text(&chunk))
    }

    pub(crate) fn raw_chunk(&mut self) -> Result<Vec<u8>, End> {
        let chunk = self.wire.chunk().map_err(cut)?;
        if chunk.is_empty() {
            self.wire.trailers(|_| {}).map_err(cut)?;
            return Err(End::Complete);
        }
        Ok(chunk)
    }

    /// Reads the rest of the body.
    pub(crate) fn rest(self) -> (String, End) {
        let (body, end) = self.raw_rest();
        (text(&body), end)
    }

    /// Asserts that the rest of the body is this text and complete.
    #[track_caller]
    pub(crate) fn assert_body(self, text: &str) {
        self.assert_rest(text, End::Complete);
    }

    /// Asserts that the rest of the body is this text, and its end is missing.
    #[track_caller]
    pub(crate) fn assert_cut(self, text: &str) {
        self.assert_rest(text, End::Cut);
    }

    #[track_caller]
    fn assert_rest(self, text: &str, end: End) {
        let request = self.request.clone();
        assert_eq!(self.rest(), (text.to_owned(), end), "{request}");
    }

    pub(crate) fn raw_rest(mut self) -> (Vec<u8>, End) {
        let mut body = Vec::new();
        if let Some(length) = self.header("content-length").first() {
            let length = length.parse().expect("a length");
            let read = self
                .wire
                .blocks(length, |block| body.extend_from_slice(block));
            return (body, read.map_or_else(cut, |()| End::Complete));
        }
        loop {
            match self.raw_chunk() {
                Ok(chunk) => body.extend(chunk),
                Err(end) => return (body, end),
            }
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn cut(error: std::io::Error) -> End {
    assert_ne!(error.kind(), ErrorKind::InvalidData, "{error}");
    End::Cut
}
