//! The line that the terminal gets for each invocation.

use std::fmt::Write as _;
use std::time::Duration;

use http::StatusCode;
use serde_json::json;
use tokio::time::Instant;

use super::answer::Failure;
use crate::printer::{Printer, Tone};

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

    /// A piece of the body went to the caller.
    pub(crate) fn chunk(&mut self, bytes: usize) {
        self.first_byte
            .get_or_insert_with(|| self.started.elapsed());
        self.bytes += bytes;
        self.chunks += 1;
    }

    /// The response is complete.
    pub(crate) fn complete(&mut self) {
        self.print(Tone::Good, None);
    }

    /// The invocation failed.
    pub(crate) fn failed(&mut self, failure: &Failure) {
        self.print(Tone::Bad, Some(&failure.to_string()));
    }

    /// The request was not carried out.
    pub(crate) fn refused(&mut self, reason: &str) {
        self.print(Tone::Bad, Some(reason));
    }

    fn print(&mut self, tone: Tone, remark: Option<&str>) {
        if std::mem::replace(&mut self.printed, true) {
            return;
        }
        let mut line = format!("{}  {}", self.request, self.status.as_u16());
        if let Some(first_byte) = self.first_byte {
            let _ = write!(line, "  first byte {} ms", first_byte.as_millis());
        }
        let total = self.started.elapsed().as_millis();
        let (bytes, chunks) = (self.bytes, self.chunks);
        let _ = write!(line, "  total {total} ms  {bytes} bytes in {chunks} chunks");
        if let Some(remark) = remark {
            let _ = write!(line, "  {remark}");
        }
        let object = json!({
            "type": "invocation",
            "request": self.request,
            "requestId": self.request_id,
            "status": self.status.as_u16(),
            "firstByteMs": self.first_byte.map(|it| u64::try_from(it.as_millis()).ok()),
            "totalMs": u64::try_from(total).ok(),
            "bytes": bytes,
            "chunks": chunks,
            "error": remark,
        });
        self.printer.record(tone, &line, &object);
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.print(Tone::Faint, Some("the caller left; the handler goes on"));
    }
}
