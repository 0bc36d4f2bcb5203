//! From `tracing` to standard output.

use std::borrow::Cow;
use std::io::{self, Write as _};
use std::sync::OnceLock;
use std::thread;

use tracing_subscriber::fmt::MakeWriter;

use super::Level;
use super::backlog::{Backlog, Work};
use super::escape::escaped;
use super::settings::LogFormat;

/// Bytes written in one go. A pipe takes 64 KiB; with less, a reader that is slow but alive is seen
/// to be so.
const PIECE_BYTES: usize = 16 * 1024;

static BACKLOG: Backlog = Backlog::new();

/// Whether the log's thread runs. It starts with the first line, so that a start without one does
/// not pay for it.
static THREAD: OnceLock<bool> = OnceLock::new();

/// Installs the log of this process. To be called once.
pub fn init(format: LogFormat, level: Level) {
    let log = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(false)
        // The lines are escaped as a whole, and more of them.
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

/// Blocks until everything logged is written, unless nobody reads it. To be called last.
pub fn flush() {
    BACKLOG.flush();
}

/// Waits until everything logged so far is written, unless nobody reads it.
pub(crate) async fn settled() {
    BACKLOG.settled(BACKLOG.mark()).await;
}

/// Waits while the log is behind, unless nobody reads it. For those who may log without end.
pub(crate) async fn room() {
    if !has_room() {
        BACKLOG.room().await;
    }
}

/// Whether [`room`] would return at once.
pub(crate) fn has_room() -> bool {
    BACKLOG.has_room()
}

/// Writes this line, which has no line break, as it is.
pub(crate) fn write_line(line: &str) {
    let mut whole = String::with_capacity(line.len() + 1);
    whole.push_str(line);
    whole.push('\n');
    push(whole.as_bytes());
}

fn push(line: &[u8]) {
    if *THREAD.get_or_init(start_thread) {
        BACKLOG.push(line);
    } else {
        // Waiting for the pipe is better than silence, and there is nowhere to say that it is broken.
        let _ = io::stdout().write_all(line);
    }
}

/// Where `tracing` writes: one call for each event.
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
                for piece in lines.chunks(PIECE_BYTES) {
                    // There is nowhere to say that the log cannot be written.
                    let _ = write(piece);
                    backlog.wrote(piece.len());
                }
            }
            Work::TellLoss(lines) => {
                tracing::warn!(
                    lines,
                    "lines of the log were dropped because nobody read it"
                );
            }
        }
    }
}

fn write(piece: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(piece)?;
    stdout.flush()
}
