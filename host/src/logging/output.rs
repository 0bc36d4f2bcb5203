//! Writes `tracing` events to standard output.

use std::borrow::Cow;
use std::io::{self, Write as _};
use std::sync::OnceLock;
#[cfg(feature = "rehearsal")]
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};

use super::Level;
use super::backlog::{Backlog, Work};
use super::escape::escaped;
use super::settings::LogFormat;

/// Bytes per write. Less than the 64 KiB that a pipe holds, so that a slow reader still shows progress.
const WRITE_BYTES: usize = 16 * 1024;

static BACKLOG: Backlog = Backlog::new();

/// Whether the log's thread runs. It starts with the first line, so that a silent start does not pay
/// for it.
static THREAD: OnceLock<bool> = OnceLock::new();

static FORMAT: OnceLock<LogFormat> = OnceLock::new();

/// The level of events that pass the log's level.
static EVENT_LEVEL: OnceLock<&'static str> = OnceLock::new();

/// Sets the level that `event_level` returns. Call once.
pub fn set_event_level(level: &'static str) {
    // Fails if it was set.
    let _ = EVENT_LEVEL.set(level);
}

/// The level to give to an event of [`write_event`], with which it passes Lambda's own filter.
pub(crate) fn event_level() -> &'static str {
    EVENT_LEVEL.get().copied().unwrap_or("INFO")
}

/// Installs the log of this process. Call once.
pub fn init(format: LogFormat, level: Level) {
    let _ = FORMAT.set(format);
    let log = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(false)
        // Whole lines are escaped, and more characters.
        .with_ansi_sanitization(false)
        .with_writer(Lines(format));
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .init(),
    }
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!("a bug in the host: {panic}");
        flush();
    }));
}

/// Blocks until everything logged is written, unless the log is stalled. Call last.
pub fn flush() {
    BACKLOG.flush();
}

/// Waits until everything logged so far is written, unless the log is stalled.
pub(crate) async fn settled() {
    BACKLOG.settled(BACKLOG.mark()).await;
}

/// Waits while the log is behind, unless it is stalled. For callers with unbounded output.
pub(crate) async fn room() {
    if !has_room() {
        BACKLOG.room().await;
    }
}

/// Whether [`room`] would return at once.
pub(crate) fn has_room() -> bool {
    BACKLOG.has_room()
}

/// The format of the log.
pub(super) fn format() -> LogFormat {
    FORMAT.get().copied().unwrap_or(LogFormat::Text)
}

/// Returns the time as the log has it: in UTC, by RFC 3339.
pub(crate) fn timestamp() -> String {
    let mut text = String::with_capacity(192);
    // A string takes any text.
    let _ = SystemTime.format_time(&mut Writer::new(&mut text));
    text
}

#[cfg(feature = "rehearsal")]
static IS_SILENT: AtomicBool = AtomicBool::new(false);

/// Drops events from now on: standard output belongs to a command.
#[cfg(feature = "rehearsal")]
pub(crate) fn silence() {
    IS_SILENT.store(true, Ordering::Relaxed);
}

/// Writes one event of the log past its level: `line` is complete, in this format.
pub(crate) fn write_event(line: &str, format: LogFormat) {
    #[cfg(feature = "rehearsal")]
    if IS_SILENT.load(Ordering::Relaxed) {
        return;
    }
    write_line(&escaped(line, format));
}

/// Writes `line`, which has no line break, verbatim.
fn write_line(line: &str) {
    let mut whole = String::with_capacity(line.len() + 1);
    whole.push_str(line);
    whole.push('\n');
    push(whole.as_bytes());
}

fn push(line: &[u8]) {
    if *THREAD.get_or_init(start_thread) {
        BACKLOG.push(line);
    } else {
        // Waiting for the pipe is better than losing the line, and a broken pipe cannot be reported.
        let _ = io::stdout().write_all(line);
    }
}

/// The writer for `tracing`: one call for each event.
#[derive(Clone, Copy)]
pub(super) struct Lines(pub(super) LogFormat);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        *self
    }
}

impl io::Write for Lines {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        match escaped(line, self.0) {
            Cow::Borrowed(_) => push(event),
            Cow::Owned(line) => write_line(&line),
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn start_thread() -> bool {
    let thread = thread::Builder::new().name("log".to_owned());
    thread.spawn(|| serve(&BACKLOG)).is_ok()
}

fn serve(backlog: &Backlog) {
    loop {
        match backlog.work() {
            Work::Write(lines) => {
                for part in lines.chunks(WRITE_BYTES) {
                    // A failure of the log cannot be reported.
                    let _ = write(part);
                    backlog.wrote(part.len());
                }
            }
            Work::ReportLoss(lines) => {
                tracing::warn!(lines, "log lines were dropped because the log was not read");
            }
        }
    }
}

fn write(piece: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(piece)?;
    stdout.flush()
}
