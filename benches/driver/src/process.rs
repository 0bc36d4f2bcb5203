//! A runtime's process, with its use of processor and memory.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::guest_pages;
use crate::lambda::Lambda;
use crate::place::Processors;
use crate::target::Target;
use crate::upstream::Upstream;

/// A running runtime and the Runtime API it polls. Killed when dropped.
pub(crate) struct Process {
    pub(crate) lambda: Lambda,
    /// The server that a proxy asks.
    pub(crate) upstream: Option<Upstream>,
    pub(crate) spawned: Instant,
    child: Child,
}

impl Process {
    /// Starts `target` for `concurrency` invocations at once, and waits for its polls.
    pub(crate) fn start(target: &Target, concurrency: usize) -> anyhow::Result<Self> {
        Self::spawn(target, target.command(), concurrency)
    }

    /// Starts `command`, which runs `target`.
    pub(crate) fn spawn(
        target: &Target,
        mut command: Command,
        concurrency: usize,
    ) -> anyhow::Result<Self> {
        let all = Processors::all()?;
        let driver = all.of_driver(target.place);
        driver.keep()?;
        let lambda = Lambda::start()?;
        let upstream = target.start_upstream(&mut command)?;
        if concurrency > 1 {
            command.env("AWS_LAMBDA_MAX_CONCURRENCY", concurrency.to_string());
        }
        all.of_runtime(target.place).keep()?;
        let spawned = Instant::now();
        let child = command
            .env("AWS_LAMBDA_RUNTIME_API", lambda.address().to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("starting `{}`", target.executable.display()))?;
        driver.keep()?;
        let process = Self {
            lambda,
            upstream,
            spawned,
            child,
        };
        let polls = if target.is_concurrent { concurrency } else { 1 };
        process.lambda.polled(polls)?;
        Ok(process)
    }

    /// CPU time of its threads so far.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        let mut nanos = 0;
        for task in self.path("task").read_dir()? {
            // A thread may end between the listing and the read.
            if let Ok(text) = std::fs::read_to_string(task?.path().join("schedstat")) {
                let first = text.split(' ').next().unwrap_or_default();
                nanos += first.parse::<u64>()?;
            }
        }
        Ok(Duration::from_nanos(nanos))
    }

    /// CPU time of its child processes that have ended, in steps of 10 ms.
    pub(crate) fn children_cpu(&self) -> anyhow::Result<Duration> {
        // "proc_pid_stat(5)": fields 16 and 17, in ticks of USER_HZ, which is 100. The second field is
        // the name in parentheses, which may hold spaces.
        const TICK: Duration = Duration::from_millis(10);
        let stat = std::fs::read_to_string(self.path("stat"))?;
        let (_, fields) = stat.rsplit_once(") ").context("no name in `stat`")?;
        let ticks: Result<Vec<u32>, _> =
            fields.split(' ').skip(13).take(2).map(str::parse).collect();
        Ok(TICK * ticks?.iter().sum())
    }

    /// Bytes that it has read from storage, by calls and by page faults.
    pub(crate) fn storage_bytes(&self) -> anyhow::Result<u64> {
        let text = std::fs::read_to_string(self.path("io"))?;
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix("read_bytes:"));
        Ok(value.context("no `read_bytes`")?.trim().parse()?)
    }

    /// Resident memory, in KiB.
    pub(crate) fn resident_kib(&self) -> anyhow::Result<u64> {
        self.status("VmRSS:")
    }

    /// The part of [`resident_kib`](Self::resident_kib) that is in the memories of guests.
    pub(crate) fn guests_kib(&self) -> anyhow::Result<u64> {
        let smaps = std::fs::read_to_string(self.path("smaps"))?;
        Ok(guest_pages::resident_kib(&smaps))
    }

    /// Peak resident memory, in KiB.
    pub(crate) fn peak_kib(&self) -> anyhow::Result<u64> {
        self.status("VmHWM:")
    }

    /// Sends SIGTERM and waits for the end.
    pub(crate) fn terminate(mut self) -> anyhow::Result<()> {
        let id = self.child.id().to_string();
        Command::new("kill").arg("-TERM").arg(id).status()?;
        self.child.wait()?;
        Ok(())
    }

    fn status(&self, name: &str) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(self.path("status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let value = line.and_then(|rest| rest.trim().strip_suffix(" kB"));
        Ok(value.with_context(|| format!("no `{name}`"))?.parse()?)
    }

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.child.id()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
