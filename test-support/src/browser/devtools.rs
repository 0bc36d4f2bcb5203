//! The DevTools protocol over Chromium's pipe: JSON documents, each with a zero byte behind it.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use serde_json::{Value, json};

use crate::wait_on;

/// Chromium reads commands from descriptor 3 and writes to 4. The shell connects them to our pipes.
const ON_A_PIPE: &str = r#"exec "$0" --remote-debugging-pipe "$@" 3<&0 4>&1 </dev/null >/dev/null"#;

/// A running browser. It ends with the pipe, so it does not outlive a test that is killed.
pub(super) struct DevTools {
    child: Child,
    commands: ChildStdin,
    inbox: Arc<Inbox>,
    /// The page to which commands go, once there is one.
    session: Option<String>,
    commands_sent: u64,
}

#[derive(Default)]
struct Inbox {
    received: Mutex<Received>,
    more: Condvar,
}

#[derive(Default)]
struct Received {
    answers: HashMap<u64, Value>,
    complaints: Vec<String>,
    is_over: bool,
}

impl DevTools {
    /// Starts the browser at `program`.
    #[track_caller]
    pub(super) fn start(program: &OsStr, arguments: &[&str]) -> Self {
        let mut child = Command::new("sh")
            .args(["-c", ON_A_PIPE])
            .arg(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // It complains about the desktop, which it has not.
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let commands = child.stdin.take().expect("stdin is piped");
        let reports = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let inbox = Arc::new(Inbox::default());
        let shared = Arc::clone(&inbox);
        thread::spawn(move || shared.fill_from(reports));
        Self {
            child,
            commands,
            inbox,
            session: None,
            commands_sent: 0,
        }
    }

    /// Sends commands to the page with this session from now on.
    pub(super) fn attach(&mut self, session: &str) {
        self.session = Some(session.to_owned());
    }

    /// Runs a command and returns its result.
    #[track_caller]
    pub(super) fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.commands_sent += 1;
        let id = self.commands_sent;
        let mut command = json!({"id": id, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        let sent = self.commands.write_all(format!("{command}\0").as_bytes());
        sent.unwrap_or_else(|error| panic!("the browser has ended before {method}: {error}"));
        let found = wait_on(self.inbox.lock(), &self.inbox.more, |received| {
            let answer = received.answers.get(&id).cloned();
            answer
                .map(Ok)
                .or_else(|| received.is_over.then_some(Err(())))
        });
        // Unlocked before the panic.
        let answer = found.map_err(drop).and_then(|answer| answer);
        let mut answer = answer.unwrap_or_else(|()| panic!("the browser does not answer {method}"));
        if let Some(error) = answer.get("error") {
            panic!("{method}: {error}");
        }
        answer["result"].take()
    }

    /// What the page has complained of: uncaught exceptions, and errors on its console.
    pub(super) fn complaints(&self) -> Vec<String> {
        self.inbox.lock().complaints.clone()
    }
}

impl Drop for DevTools {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fill_from(&self, reports: impl BufRead) {
        for report in reports.split(0).map_while(Result::ok) {
            let report = serde_json::from_slice(&report).expect("a report in JSON");
            self.lock().take(report);
            self.more.notify_all();
        }
        self.lock().is_over = true;
        self.more.notify_all();
    }
}

impl Received {
    fn take(&mut self, report: Value) {
        if let Some(id) = report["id"].as_u64() {
            self.answers.insert(id, report);
            return;
        }
        let details = &report["params"];
        let complaint = match report["method"].as_str() {
            Some("Runtime.exceptionThrown") => &details["exceptionDetails"],
            Some("Runtime.consoleAPICalled") if details["type"] == "error" => &details["args"],
            Some("Log.entryAdded") if details["entry"]["level"] == "error" => &details["entry"],
            _ => return,
        };
        self.complaints.push(complaint.to_string());
    }
}
