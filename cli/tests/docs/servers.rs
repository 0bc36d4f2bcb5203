//! The servers that documents start, each in a terminal of its own and at a port of its own.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command as Process, Stdio};

/// A server whose command documents have.
struct Kind {
    /// What the command begins with.
    command: &'static str,
    /// The port in the documents, as they write it.
    port: [&'static str; 2],
}

const KINDS: [Kind; 3] = [
    Kind {
        command: "bootstream dev ",
        port: ["--port 7000", ":7000"],
    },
    Kind {
        command: "moto_server ",
        port: ["-p 5000", ":5000"],
    },
    Kind {
        command: "python3 model.py ",
        port: ["model.py 9000", ":9000"],
    },
];

/// The servers of one reader. Stopped when dropped.
pub(crate) struct Servers {
    ports: [u16; KINDS.len()],
    running: [Option<Child>; KINDS.len()],
}

impl Servers {
    pub(crate) fn new() -> Self {
        Self {
            // Several documents, which name the same ports, are followed at once.
            ports: std::array::from_fn(|_| free_port()),
            running: std::array::from_fn(|_| None),
        }
    }

    /// The port of the local Lambda.
    pub(crate) fn local_lambda(&self) -> u16 {
        self.ports[0]
    }

    /// Returns which server a command starts.
    pub(crate) fn started_by(line: &str) -> Option<usize> {
        KINDS.iter().position(|kind| line.starts_with(kind.command))
    }

    /// Returns the command with the ports of this reader.
    pub(crate) fn with_ports(&self, line: &str) -> String {
        let mut line = line.to_owned();
        for (kind, port) in KINDS.iter().zip(self.ports) {
            for written in kind.port {
                let own = written.replace(|c: char| c.is_ascii_digit(), "") + &port.to_string();
                line = line.replace(written, &own);
            }
        }
        line
    }

    /// Starts a server in place of the one before it, and waits until it reports that it listens.
    pub(crate) fn start(&mut self, server: usize, mut shell: Process) {
        self.stop(server);
        let mut child = shell.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = format!(":{}", self.ports[server]);
        let listens = lines.by_ref().map_while(Result::ok).any(|line| {
            println!("{line}");
            line.contains(&port)
        });
        // Its output must be read, or the pipe would fill up and block it.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        self.running[server] = Some(child);
        assert!(listens, "`{shell:?}` ended without listening");
    }

    fn stop(&mut self, server: usize) {
        if let Some(mut child) = self.running[server].take() {
            // The signal of Ctrl-C, so that it can stop its own processes.
            let _ = Process::new("kill").arg(child.id().to_string()).status();
            let _ = child.wait();
        }
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for server in 0..KINDS.len() {
            self.stop(server);
        }
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
