//! What the guest logs: each line of its standard output and standard error, and its log records.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use super::crash::{Crash, CrashReport};
use super::metrics::{DOCUMENT_START, Stamp, stamped};
use super::traceback::{Taken, Traceback};
use crate::logging::{self, EVENT_LIMIT_BYTES, Fields, Level, LogContext, LogFormat, Record};

/// Longest log line, in bytes. Longer lines are split.
pub(super) const LINE_LIMIT_BYTES: usize = 32 * 1024;

/// Largest write that a guest is offered, in bytes.
const WRITE_BUDGET_BYTES: usize = 64 * 1024;

/// How a Rust guest announces a panic on standard error; the message follows on the next lines.
const PANIC_MARK: &str = " panicked at ";

/// Longest panic message kept for the error report, in bytes.
const PANIC_LIMIT_BYTES: usize = 4 * 1024;

/// The stream that a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Logged as INFO.
    Stdout,
    /// Logged as WARN: programs write diagnostics to it, not only errors.
    Stderr,
}

impl Source {
    fn level(self) -> Level {
        match self {
            Self::Stdout => Level::INFO,
            Self::Stderr => Level::WARN,
        }
    }
}

/// One stream of one instance. Clones share the unfinished line.
#[derive(Clone, Debug)]
pub(crate) struct GuestOutput {
    lines: Arc<Mutex<Lines>>,
}

#[derive(Debug)]
struct Lines {
    source: Source,
    of: LogContext,
    partial: Vec<u8>,
    panic: Option<String>,
    in_panic: bool,
    traceback: Traceback,
    crash: Crash,
    crashed: Option<CrashReport>,
}

impl GuestOutput {
    pub(crate) fn new(source: Source) -> Self {
        let lines = Lines {
            source,
            of: LogContext::default(),
            partial: Vec::new(),
            panic: None,
            in_panic: false,
            traceback: Traceback::default(),
            crash: Crash::default(),
            crashed: None,
        };
        Self {
            lines: Arc::new(Mutex::new(lines)),
        }
    }

    /// Attributes what is written from now on to this invocation.
    pub(crate) fn begin(&self, of: &LogContext) {
        let mut lines = self.lock();
        lines.of = of.clone();
        lines.panic = None;
        lines.in_panic = false;
        lines.crashed = None;
    }

    /// Logs an unfinished line.
    pub(crate) fn flush_line(&self) {
        let mut lines = self.lock();
        lines.flush();
        if let Some(traceback) = lines.traceback.end() {
            lines.log(&traceback);
        }
        if let Some(report) = lines.crash.report() {
            lines.crashed = Some(report);
        }
        if let Some(crash) = lines.crash.end() {
            lines.log_line(&crash);
        }
    }

    /// The crash of Go's runtime seen on this stream.
    pub(crate) fn crash_report(&self) -> Option<CrashReport> {
        let lines = self.lock();
        lines.crashed.clone().or_else(|| lines.crash.report())
    }

    /// The panic message seen on this stream, with its source location.
    pub(crate) fn panic_message(&self) -> Option<String> {
        self.lock()
            .panic
            .as_ref()
            .map(|message| message.trim_end().to_owned())
    }

    fn write_bytes(&self, bytes: &[u8]) {
        self.lock().write(bytes);
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    fn write(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let mut rest = piece;
            while !rest.is_empty() {
                let limit = self.limit(rest);
                let room = limit.saturating_sub(self.partial.len()).max(1);
                let (part, behind) = rest.split_at(room.min(rest.len()));
                self.partial.extend_from_slice(part);
                rest = behind;
                if self.partial.ends_with(b"\n") {
                    self.flush();
                } else if self.partial.len() >= limit {
                    self.flush_part();
                }
            }
        }
    }

    /// Length limit of the line that continues with `next`. Metrics must not be split: `CloudWatch` reads them only
    /// from a whole event.
    fn limit(&self, next: &[u8]) -> usize {
        match self.partial.first().or(next.first()) {
            Some(&DOCUMENT_START) => EVENT_LIMIT_BYTES,
            _ => LINE_LIMIT_BYTES,
        }
    }

    /// Logs the beginning of an overlong line, up to the start of its last character.
    fn flush_part(&mut self) {
        let cut = last_start(&self.partial);
        let rest = self.partial.split_off(cut);
        self.flush();
        self.partial = rest;
    }

    /// Logs the line as far as it has been written.
    fn flush(&mut self) {
        if self.partial.is_empty() {
            return;
        }
        let line = std::mem::take(&mut self.partial);
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches(['\n', '\r']);
        if let Some(document) = stamped(line, &self.of, stamp) {
            logging::write_event(&document, LogFormat::Json);
            return;
        }
        if self.source == Source::Stderr && (self.is_of_traceback(line) || self.is_of_crash(line)) {
            return;
        }
        self.log_line(line);
    }

    /// Logs a line, in parts if it is overlong.
    fn log_line(&mut self, line: &str) {
        let mut rest = line;
        loop {
            let part = beginning(rest, LINE_LIMIT_BYTES);
            self.log(part);
            rest = rest.get(part.len()..).unwrap_or_default();
            if rest.is_empty() {
                return;
            }
        }
    }

    /// Collects a line of a traceback, and logs the traceback as one record with its last line. Returns
    /// whether the line is done with.
    fn is_of_traceback(&mut self, line: &str) -> bool {
        match self.traceback.take(line) {
            Taken::Kept => true,
            Taken::Whole(traceback) => {
                self.log(&traceback);
                true
            }
            Taken::Other => false,
            Taken::TooLong(beginning) => {
                self.log(&beginning);
                false
            }
        }
    }

    /// Collects a line of a crash of Go's runtime. Returns whether the line is done with.
    fn is_of_crash(&mut self, line: &str) -> bool {
        match self.crash.take(line) {
            Taken::Kept => true,
            Taken::TooLong(beginning) => {
                for line in beginning.lines() {
                    self.log(line);
                }
                false
            }
            Taken::Other | Taken::Whole(_) => false,
        }
    }

    fn log(&mut self, line: &str) {
        let record = Record {
            of: &self.of,
            level: self.source.level(),
            target: None,
            message: line,
            fields: &Fields::default(),
        };
        record.write();
        if self.source == Source::Stderr {
            self.note_panic(line);
        }
    }

    /// Collects a panic message: from its mark to the hint on backtraces or an empty line.
    fn note_panic(&mut self, line: &str) {
        if let Some((_thread, place)) = line.split_once(PANIC_MARK) {
            self.panic = Some(format!("panicked at {place} "));
            self.in_panic = true;
        } else if line.is_empty() || line.starts_with("note: run with `RUST_BACKTRACE") {
            self.in_panic = false;
        } else if let (true, Some(panic)) = (self.in_panic, &mut self.panic)
            && panic.len() + line.len() <= PANIC_LIMIT_BYTES
        {
            panic.push_str(line);
            panic.push('\n');
        }
    }
}

fn stamp() -> Stamp {
    Stamp {
        timestamp: logging::timestamp(),
        level: logging::event_level(),
    }
}

/// Start of the last character of `text`, or its end if it has only one.
fn last_start(text: &[u8]) -> usize {
    let is_start = |byte: &u8| (*byte & 0xc0) != 0x80;
    let start = text.iter().rposition(is_start);
    start.filter(|start| *start > 0).unwrap_or(text.len())
}

/// Truncates a text of the guest to at most `limit` bytes.
pub(crate) fn beginning(text: &str, limit: usize) -> &str {
    text.get(..text.floor_char_boundary(limit))
        .unwrap_or_default()
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.flush();
    }
}

impl IsTerminal for GuestOutput {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for GuestOutput {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for GuestOutput {
    async fn ready(&mut self) {
        logging::room().await;
    }
}

impl OutputStream for GuestOutput {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.write_bytes(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(if logging::has_room() {
            WRITE_BUDGET_BYTES
        } else {
            0
        })
    }
}

impl AsyncWrite for GuestOutput {
    fn poll_write(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.write_bytes(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(source: Source) -> GuestOutput {
        let of = LogContext {
            request_id: "r".to_owned(),
            tenant_id: None,
        };
        let output = GuestOutput::new(source);
        output.begin(&of);
        output
    }

    #[test]
    fn a_panic_message_is_recognised_wherever_the_writes_are_cut() {
        let text = "\nthread '<unnamed>' (1) panicked at src/lib.rs:10:5:\nboom\nmore\n\
                    note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n";
        for cut in 0..text.len() {
            let output = output(Source::Stderr);
            output.write_bytes(&text.as_bytes()[..cut]);
            output.write_bytes(&text.as_bytes()[cut..]);
            output.flush_line();
            assert_eq!(
                output.panic_message().as_deref(),
                Some("panicked at src/lib.rs:10:5: boom\nmore")
            );
        }
    }

    #[test]
    fn other_output_is_no_panic() {
        let output = output(Source::Stderr);
        output.write_bytes(b"all is well\n");
        assert_eq!(output.panic_message(), None);
    }

    #[test]
    fn a_line_without_end_is_not_gathered_for_ever() {
        let output = output(Source::Stdout);
        for _ in 0..100 {
            output.write_bytes(&[b'x'; 10_000]);
        }
        assert!(output.lock().partial.len() < LINE_LIMIT_BYTES);

        let document = self::output(Source::Stdout);
        document.write_bytes(b"{");
        for _ in 0..200 {
            document.write_bytes(&[b'x'; 10_000]);
        }
        assert!(document.lock().partial.len() < EVENT_LIMIT_BYTES);
    }
}
