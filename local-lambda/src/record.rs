//! The line that the terminal gets for each invocation.

use std::fmt::{Display, Formatter, Write as _};
use std::time::Duration;

use http::StatusCode;
use serde_json::json;
use tokio::time::Instant;

use super::answer::Failure;
use crate::printer::{Printer, Tone};

/// Most frames of a function that failed. The log has them all.
const SHOWN_FRAMES: usize = 12;

/// What is known about one invocation. Prints its line once, when it ends or is dropped.
#[derive(Debug)]
pub(crate) struct Record {
    printer: Printer,
    /// Method and path.
    request: String,
    request_id: Option<String>,
    started: Instant,
    status: StatusCode,
    first_byte: Option<Duration>,
    bytes: usize,
    chunks: usize,
    printed: bool,
}

impl Record {
    pub(crate) fn start(printer: Printer, request: String) -> Self {
        Self {
            printer,
            request,
            request_id: None,
            started: Instant::now(),
            status: StatusCode::BAD_GATEWAY,
            first_byte: None,
            bytes: 0,
            chunks: 0,
            printed: false,
        }
    }

    /// The invocation that the request became.
    pub(crate) fn invocation(&mut self, request_id: &str) {
        self.request_id = Some(request_id.to_owned());
    }

    /// The status the caller gets.
    pub(crate) fn status(&mut self, status: StatusCode) {
        self.status = status;
    }

    /// Warns about a response that is delivered anyway.
    pub(crate) fn warn(&self, warnings: &[String]) {
        for warning in warnings {
            self.printer.warning(self.request_id.as_deref(), warning);
        }
    }

    /// A piece of the body went to the caller.
    pub(crate) fn chunk(&mut self, bytes: usize) {
        self.first_byte
            .get_or_insert_with(|| self.started.elapsed());
        self.bytes += bytes;
        self.chunks += 1;
    }

    /// The response is complete.
    pub(crate) fn complete(&mut self) {
        self.print(Tone::Good, None, &[]);
    }

    /// The invocation failed.
    pub(crate) fn failed(&mut self, failure: &Failure) {
        self.print(Tone::Bad, Some(&failure.to_string()), &failure.stack_trace);
    }

    /// The request was not carried out.
    pub(crate) fn refused(&mut self, reason: &str) {
        self.print(Tone::Bad, Some(reason), &[]);
    }

    fn print(&mut self, tone: Tone, remark: Option<&str>, frames: &[String]) {
        if std::mem::replace(&mut self.printed, true) {
            return;
        }
        let total = self.started.elapsed();
        let mut line = format!("{}  {}", self.request, self.status.as_u16());
        if let Some(first_byte) = self.first_byte {
            let _ = write!(line, "  first byte {}", Span(first_byte));
        }
        let plural = if self.chunks == 1 { "" } else { "s" };
        let (bytes, chunks) = (self.bytes, self.chunks);
        let (span, size) = (Span(total), Size(bytes));
        let _ = write!(line, "  total {span}  {size} in {chunks} chunk{plural}");
        if let Some(remark) = remark {
            let _ = write!(line, "  {remark}");
        }
        for frame in frames.iter().take(SHOWN_FRAMES) {
            let _ = write!(line, "\n            in {}", frame.replace('\n', " "));
        }
        let object = json!({
            "type": "invocation",
            "request": self.request,
            "requestId": self.request_id,
            "status": self.status.as_u16(),
            "firstByteMs": self.first_byte.map(|it| u64::try_from(it.as_millis()).ok()),
            "totalMs": u64::try_from(total.as_millis()).ok(),
            "bytes": bytes,
            "chunks": chunks,
            "error": remark,
            "stackTrace": frames,
        });
        let request_id = self.request_id.as_deref();
        self.printer.record(tone, request_id, &line, &object);
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.print(
            Tone::Faint,
            Some("the caller left; the handler goes on"),
            &[],
        );
    }
}

/// A time as people read it.
struct Span(Duration);

impl Display for Span {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        if self.0 < Duration::from_secs(1) {
            write!(f, "{} ms", self.0.as_millis())
        } else {
            write!(f, "{:.2} s", self.0.as_secs_f64())
        }
    }
}

/// A number of bytes as people read it.
struct Size(usize);

impl Display for Size {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        const KIB: usize = 1024;
        const MIB: usize = 1024 * KIB;
        let tenths = |unit: usize| (self.0 / unit, self.0 % unit * 10 / unit);
        let ((whole, tenth), unit) = match self.0 {
            0..KIB => return write!(f, "{} B", self.0),
            KIB..MIB => (tenths(KIB), "KiB"),
            _ => (tenths(MIB), "MiB"),
        };
        write!(f, "{whole}.{tenth} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_short() {
        for (millis, expected) in [(0, "0 ms"), (999, "999 ms"), (1003, "1.00 s")] {
            let span = Span(Duration::from_millis(millis));
            assert_eq!(span.to_string(), expected);
        }
        for (bytes, expected) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1600, "1.5 KiB"),
            (209_715_200, "200.0 MiB"),
        ] {
            assert_eq!(Size(bytes).to_string(), expected);
        }
    }
}
