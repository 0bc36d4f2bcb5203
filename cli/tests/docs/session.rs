//! A reader's terminal for commands, beside those of the servers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use bootstream_test_support::{cache_home, tool_caches, toolchain};

use crate::document::Command;
use crate::servers::Servers;

/// Attempts at a command after a pause, a second apart.
const TRIES: usize = 60;

/// The folder of the readers' cache.
const CACHE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/readers");

/// A path in this repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.join(path).canonicalize().unwrap()
}

pub(crate) struct Session {
    /// The folder the reader starts in; paths of files are relative to it.
    start: PathBuf,
    /// The current folder, after any `cd`.
    folder: PathBuf,
    servers: Servers,
    variables: Vec<(&'static str, &'static str)>,
    written: Vec<PathBuf>,
    /// A folder that the reader's commands create.
    made: Option<PathBuf>,
    /// Whether the last command was a pause.
    paused: bool,
}

impl Session {
    /// A reader in a folder.
    pub(crate) fn new(start: &Path) -> Self {
        Self {
            start: start.to_owned(),
            folder: start.to_owned(),
            servers: Servers::new(),
            variables: Vec::new(),
            written: Vec::new(),
            made: None,
            paused: false,
        }
    }

    /// Adds variables to this machine's.
    pub(crate) fn with(mut self, variables: &[(&'static str, &'static str)]) -> Self {
        self.variables.extend_from_slice(variables);
        self
    }

    /// Removes a folder that the reader's commands create, now and at the end.
    pub(crate) fn makes(mut self, folder: &str) -> Self {
        let folder = self.start.join(folder);
        // It exists only if an earlier run was killed.
        let _ = fs::remove_dir_all(&folder);
        self.made = Some(folder);
        self
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.start.join(path)).unwrap()
    }

    pub(crate) fn write(&mut self, path: &str, text: &str) {
        let path = self.start.join(path);
        let folder = path.parent().unwrap();
        fs::create_dir_all(folder).unwrap();
        fs::write(&path, self.servers.with_ports(text)).unwrap();
        self.written.push(path);
    }

    /// Runs a command that is not in a document.
    pub(crate) fn type_line(&mut self, line: &str) {
        self.run(&Command {
            line: line.to_owned(),
            expected: Vec::new(),
        });
    }

    pub(crate) fn run(&mut self, command: &Command) {
        println!("$ {}", command.line);
        if let Some(folder) = command.line.strip_prefix("cd ") {
            self.folder = self.folder.join(folder);
        } else if let Some(server) = Servers::started_by(&command.line) {
            let shell = self.shell(&format!("exec {} 2>&1", command.line));
            self.servers.start(server, shell);
        } else {
            self.type_in(command);
            if command.line.starts_with("bootstream new ") {
                self.lock_project(&command.line);
            }
        }
    }

    /// Gives the project that a line has created the versions that are already built: without a lock, cargo takes the
    /// newest.
    fn lock_project(&self, line: &str) {
        let mut folders = line.split(' ').map(|word| self.folder.join(word));
        if let Some(project) = folders.find(|folder| folder.join("Cargo.toml").is_file()) {
            fs::copy(repository("Cargo.lock"), project.join("Cargo.lock")).unwrap();
        }
    }

    /// Asserts that the lines of a component's numbers arrive one by one.
    pub(crate) fn assert_streams(&self, component: &str) {
        let line = format!("bootstream invoke {component} --timing -d @event.json");
        let output = self.shell(&line).output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let times: Vec<f64> = printed.lines().filter_map(time_of).collect();
        assert_eq!(times.len(), 3, "{printed}");
        // The project waits for a second between two lines.
        let pauses = times.iter().zip(&times[1..]);
        assert!(
            pauses.clone().all(|(one, next)| next - one > 0.5),
            "{printed}"
        );
    }

    /// The URL of the local Lambda that the reader has started.
    pub(crate) fn local_lambda(&self) -> String {
        format!("http://127.0.0.1:{}", self.servers.local_lambda())
    }

    fn type_in(&mut self, command: &Command) {
        // A reader who waited for something looks again, because the machine may be busy.
        let tries = if self.paused { TRIES } else { 1 };
        self.paused = command.line.starts_with("sleep ");
        for left in (0..tries).rev() {
            let output = self.shell(&command.line).output().unwrap();
            let printed = String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr);
            println!("{printed}");
            let result = if output.status.success() {
                compare(command, &printed)
            } else {
                Err(format!("`{}` failed:\n{printed}", command.line))
            };
            match result {
                Ok(()) => return,
                Err(why) if left == 0 => panic!("{why}"),
                Err(_) => drop(self.shell("sleep 1").status()),
            }
        }
    }

    fn shell(&self, line: &str) -> Process {
        let line = self.servers.with_ports(line);
        let bin = Path::new(env!("CARGO_BIN_EXE_bootstream"))
            .parent()
            .unwrap();
        let path = std::env::var_os("PATH").unwrap_or_default();
        // `moto_server` is among the clients.
        let mut paths = vec![
            bin.to_owned(),
            repository("target").join("clients/python/bin"),
        ];
        paths.extend(std::env::split_paths(&path));
        let mut shell = Process::new("bash");
        shell
            .args(["-c", &line])
            .current_dir(&self.folder)
            .env("PATH", std::env::join_paths(paths).unwrap())
            .env("LOCAL_LAMBDA_PORT", self.servers.local_lambda().to_string())
            // The reader's handlers reuse the compiled dependencies of the examples.
            .env("CARGO_TARGET_DIR", repository("target"))
            .env("XDG_CACHE_HOME", cache_home(CACHE))
            .env("WASM_TOOLCHAIN_DIR", toolchain())
            .envs(tool_caches())
            .envs(self.variables.iter().copied())
            .stdin(Stdio::null());
        shell
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for path in &self.written {
            let _ = fs::remove_file(path);
        }
        if let Some(folder) = &self.made {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// Looks for each expected line in the output, in order.
fn compare(command: &Command, printed: &str) -> Result<(), String> {
    let mut printed_lines = printed.lines();
    for expected in command.expected.iter().filter(|line| *line != "...") {
        let is_it =
            |line: &&str| normalize(line) == normalize(expected) && is_as_large(line, expected);
        if !printed_lines.any(|line| is_it(&line)) {
            return Err(format!(
                "`{}` did not print `{expected}`, in this order; it printed:\n{printed}",
                command.line
            ));
        }
    }
    Ok(())
}

/// Returns the seconds in front of a line of `invoke --timing`.
fn time_of(line: &str) -> Option<f64> {
    let (time, _) = line.strip_prefix('[')?.split_once("s] ")?;
    time.trim().parse().ok()
}

/// Returns whether sizes of files, such as `(123 KiB)`, differ by at most a tenth.
fn is_as_large(printed: &str, expected: &str) -> bool {
    let size = |line: &str| {
        let (_, size) = line.split_once(" KiB)")?.0.rsplit_once('(')?;
        size.parse::<u32>().ok()
    };
    match (size(printed), size(expected)) {
        (Some(printed), Some(expected)) => printed.abs_diff(expected) <= expected / 10,
        (printed, expected) => printed == expected,
    }
}

/// Times and counts differ from run to run: any number equals any other.
fn normalize(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    for c in line.trim().chars() {
        let c = if c.is_ascii_digit() { '#' } else { c };
        if c != '#' || !text.ends_with('#') {
            text.push(c);
        }
    }
    text
}
