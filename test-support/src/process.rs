//! The real `bootstrap` in a process of its own.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::recorder::Recorder;
use crate::{PATIENCE, built, guests, pause, wait_on};

/// File name of a handler in its package.
const HANDLER: &str = "handler.wasm";

/// Interval of the checks whether a process has ended.
const EXIT_POLL: Duration = Duration::from_millis(5);

/// The executable under test.
#[track_caller]
pub fn executable() -> PathBuf {
    let Some(other) = std::env::var_os("CONFORMANCE_BOOTSTRAP") else {
        return built("lambda/bootstrap");
    };
    let path = PathBuf::from(other);
    // Tests run in the folder of their crate, where a relative path would not resolve as intended.
    assert!(
        path.is_absolute(),
        "`CONFORMANCE_BOOTSTRAP` is not absolute"
    );
    path
}

/// The build with WASI 0.3.
#[track_caller]
pub fn executable_with_wasi_p3() -> PathBuf {
    built("lambda/bootstrap-wasi-p3")
}

/// A running host of the scripted guest, and its Runtime API.
#[track_caller]
pub fn serving() -> (Recorder, Running) {
    serving_with(&[])
}

/// The same with these environment variables.
#[track_caller]
pub fn serving_with(variables: &[(&str, &str)]) -> (Recorder, Running) {
    let lambda = Recorder::start();
    let host = Bootstrap::scripted(&lambda);
    let host = variables
        .iter()
        .fold(host, |host, (name, value)| host.env(name, value));
    let host = host.start();
    (lambda, host)
}

/// A `bootstrap` to start, with a package of its own and without this process's environment.
pub struct Bootstrap {
    command: Command,
    package: TempDir,
}

impl Bootstrap {
    /// With the scripted guest as its handler.
    #[track_caller]
    pub fn scripted(lambda: &Recorder) -> Self {
        Self::with_handler(lambda, &guests::scripted())
    }

    /// With this file as its handler.
    #[track_caller]
    pub fn with_handler(lambda: &Recorder, handler: &Path) -> Self {
        Self::with_executable(lambda, &executable(), handler)
    }

    /// With this file as its handler, and another executable.
    #[track_caller]
    pub fn with_executable(lambda: &Recorder, executable: &Path, handler: &Path) -> Self {
        let bootstrap = Self::with_package(lambda, executable);
        std::os::unix::fs::symlink(handler, bootstrap.package.path().join(HANDLER))
            .expect("a link in a fresh folder");
        bootstrap
    }

    /// With these bytes as its handler.
    #[track_caller]
    pub fn with_handler_bytes(lambda: &Recorder, handler: &[u8]) -> Self {
        let bootstrap = Self::with_package(lambda, &executable());
        std::fs::write(bootstrap.package.path().join(HANDLER), handler)
            .expect("a file in a fresh folder");
        bootstrap
    }

    /// With an empty package, and another copy of the executable.
    pub fn with_package(lambda: &Recorder, executable: &Path) -> Self {
        let package = tempfile::tempdir().expect("a folder for the package");
        let mut command = Command::new(executable);
        command
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", lambda.address())
            .env("LAMBDA_TASK_ROOT", package.path())
            .env("_HANDLER", HANDLER)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self { command, package }
    }

    /// The folder of the package.
    pub fn package(&self) -> &Path {
        self.package.path()
    }

    /// With these settings in its package.
    #[must_use]
    pub fn settings(self, text: &str) -> Self {
        std::fs::write(self.package().join("bootstream.toml"), text)
            .expect("a file in a fresh folder");
        self
    }

    pub fn args(mut self, args: impl IntoIterator<Item: AsRef<OsStr>>) -> Self {
        self.command.args(args);
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn without_env(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    #[track_caller]
    pub fn start(self) -> Running {
        let mut running = self.start_unread();
        running.read_log();
        running
    }

    /// Starts it, and leaves its standard output unread in the pipe.
    #[track_caller]
    pub fn start_unread(mut self) -> Running {
        let started = Instant::now();
        let mut child = self.command.spawn().expect("`bootstrap` starts");
        let log = Arc::new(Log::default());
        let stderr = child.stderr.take().expect("a pipe");
        let readers = vec![gather(stderr, Arc::clone(&log), Stream::Stderr)];
        Running {
            started,
            child,
            log,
            readers,
            _package: self.package,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stream {
    Stdout,
    Stderr,
}

/// The lines the process has written.
#[derive(Default)]
struct Log {
    lines: Mutex<Vec<(Stream, String)>>,
    more: Condvar,
}

impl Log {
    fn of(&self, stream: Stream) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = lines.iter().filter(|(found, _)| *found == stream);
        lines.map(|(_, line)| line.clone()).collect()
    }
}

fn gather(output: impl Read + Send + 'static, log: Arc<Log>, stream: Stream) -> JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n') {
            let Ok(line) = line else { return };
            let line = String::from_utf8_lossy(&line).into_owned();
            let mut lines = log.lines.lock().unwrap_or_else(PoisonError::into_inner);
            lines.push((stream, line));
            log.more.notify_all();
        }
    })
}

/// A running `bootstrap`. Killed when dropped.
pub struct Running {
    pub started: Instant,
    child: Child,
    log: Arc<Log>,
    readers: Vec<JoinHandle<()>>,
    _package: TempDir,
}

impl Running {
    /// Starts to read the log.
    #[track_caller]
    pub fn read_log(&mut self) {
        let stdout = self.child.stdout.take().expect("an unread pipe");
        let reader = gather(stdout, Arc::clone(&self.log), Stream::Stdout);
        self.readers.push(reader);
    }

    /// Closes the reading end of the unread log.
    pub fn close_log(&mut self) {
        self.child.stdout = None;
    }

    /// The current content of the unread log.
    #[track_caller]
    pub fn in_the_pipe(&mut self) -> String {
        let stdout = self.child.stdout.as_mut().expect("an unread pipe");
        let count = rustix::io::ioctl_fionread(&*stdout).expect("a pipe");
        let mut bytes = vec![0; usize::try_from(count).expect("a pipe is small")];
        stdout.read_exact(&mut bytes).expect("they are there");
        String::from_utf8(bytes).expect("a log is text")
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The lines on standard output so far.
    pub fn stdout(&self) -> Vec<String> {
        self.log.of(Stream::Stdout)
    }

    /// The lines on standard error so far. The host writes none.
    pub fn stderr(&self) -> Vec<String> {
        self.log.of(Stream::Stderr)
    }

    /// Waits for a line on standard output for which `fits` returns true.
    #[track_caller]
    pub fn line(&self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        let lines = self
            .log
            .lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let found = wait_on(lines, &self.log.more, |lines| {
            lines.iter().find(|(_, line)| fits(line)).cloned()
        });
        // The lines are unlocked before the panic, which prints them.
        let found = found.map_err(drop);
        let Ok((_, line)) = found else {
            panic!("waited in vain for {what} in the log");
        };
        line
    }

    /// Waits for a line on standard output that contains `text`.
    #[track_caller]
    pub fn logged(&self, text: &str) -> String {
        self.line(&format!("`{text}`"), |line| line.contains(text))
    }

    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a process id"), signal).expect("the process can be signalled");
    }

    /// Waits for the process to end, and for the rest of its output.
    #[track_caller]
    pub fn exit(&mut self) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                break status;
            }
            assert!(Instant::now() < until, "the process does not end");
            pause(EXIT_POLL);
        };
        for reader in self.readers.drain(..) {
            reader.join().expect("reading lines does not panic");
        }
        status
    }

    #[track_caller]
    pub fn assert_running(&mut self) {
        let ended = self.child.try_wait().expect("a child");
        assert!(ended.is_none(), "the process has ended: {ended:?}");
    }

    /// Resident memory, in KiB.
    #[track_caller]
    pub fn resident_kib(&self) -> u64 {
        status_kib(self.pid(), "VmRSS:")
    }

    /// Resident memory that is not of a file, in KiB. How much of a file is mapped depends on how the system has read it.
    #[track_caller]
    pub fn anonymous_kib(&self) -> u64 {
        status_kib(self.pid(), "RssAnon:")
    }

    /// Reserved address space, in KiB.
    #[track_caller]
    pub fn reserved_kib(&self) -> u64 {
        status_kib(self.pid(), "VmSize:")
    }

    /// Peak resident memory, in KiB.
    #[track_caller]
    pub fn peak_resident_kib(&self) -> u64 {
        peak_resident_kib(self.pid())
    }

    /// Number of threads.
    #[track_caller]
    pub fn threads(&self) -> usize {
        let path = format!("/proc/{}/task", self.pid());
        std::fs::read_dir(path).expect("the process runs").count()
    }

    /// Number of open files and sockets.
    #[track_caller]
    pub fn open_files(&self) -> usize {
        let path = format!("/proc/{}/fd", self.pid());
        std::fs::read_dir(path).expect("the process runs").count()
    }
}

/// Peak resident memory of a process, in KiB.
#[track_caller]
pub fn peak_resident_kib(pid: u32) -> u64 {
    status_kib(pid, "VmHWM:")
}

#[track_caller]
fn status_kib(pid: u32, name: &str) -> u64 {
    let path = format!("/proc/{pid}/status");
    let status = std::fs::read_to_string(path).expect("the process runs");
    let line = status.lines().find(|line| line.starts_with(name));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.expect("a size").parse().expect("a number")
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let ended = self.child.wait();
        if thread::panicking() {
            println!("`bootstrap` ended with {ended:?} after writing:");
            println!("{}", self.stdout().join("\n"));
            println!("and to standard error:\n{}", self.stderr().join("\n"));
        }
    }
}
