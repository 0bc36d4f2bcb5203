//! Prints the reports of a local Lambda.

use std::fmt::{Display, Formatter, Write as _};
use std::time::Duration;

use local_lambda::{
    Observer, OutboundRequest, Report, RequestOutcome, RequestReport, SpanKind, TraceSpan, Usage,
};
use serde_json::{Value, json};

use crate::printer::{Printer, Tone};

/// Most stack frames shown of a failed function. The log has them all.
const SHOWN_FRAMES: usize = 12;

/// An observer that prints every report.
pub(crate) fn observer(printer: Printer) -> Observer {
    Observer::new(move |report| print(printer, &report))
}

fn print(printer: Printer, report: &Report<'_>) {
    match report {
        Report::Request(request) => print_request(printer, request),
        Report::Warning { request_id, text } => printer.warning(*request_id, text),
        Report::Output { request_id, line } => printer.log(line, *request_id),
        Report::Usage(usage) => {
            let request_id = Some(usage.request_id.as_str());
            printer.record(
                Tone::Faint,
                request_id,
                &usage_text(usage),
                &usage.to_json(),
            );
        }
        Report::Outbound(request) => {
            let request_id = Some(request.request_id.as_str());
            printer.record(
                Tone::Faint,
                request_id,
                &outbound_text(request),
                &request.to_json(),
            );
        }
        Report::Span(span) => {
            printer.record(Tone::Faint, None, &span_text(span), &span_object(span));
        }
        Report::FailedAfterResponse(failure) => {
            printer.message(Tone::Bad, &format!("after its response: {failure}"));
        }
        Report::IdleProcessEnded => {
            printer.message(Tone::Faint, "an idle environment has ended by itself");
        }
        Report::ErrorWhileResponding => printer.message(
            Tone::Bad,
            "the runtime called /error while its response was open: Lambda leaves that call hanging; an \
             error after the first byte belongs in trailers",
        ),
        Report::NotHttp { peer, error } => {
            printer.message(Tone::Bad, &format!("refused what {peer} sent: {error}"));
        }
        // Reports of a later version of the crate.
        _ => {}
    }
}

fn print_request(printer: Printer, report: &RequestReport<'_>) {
    let (tone, remark, frames) = match report.outcome {
        RequestOutcome::Complete => (Tone::Good, None, &[][..]),
        RequestOutcome::Failed(failure) => (
            Tone::Bad,
            Some(failure.to_string()),
            failure.stack_trace.as_slice(),
        ),
        RequestOutcome::Rejected(reason) => (Tone::Bad, Some(reason.to_owned()), &[][..]),
        RequestOutcome::Abandoned => (
            Tone::Faint,
            Some("the caller left; the handler continues".to_owned()),
            &[][..],
        ),
    };
    let line = request_text(report, remark.as_deref(), frames);
    let object = json!({
        "type": "invocation",
        "request": report.request,
        "requestId": report.request_id,
        "status": report.status.as_u16(),
        "firstByteMs": report.first_byte.map(milliseconds),
        "totalMs": milliseconds(report.total),
        "bytes": report.bytes,
        "chunks": report.chunks,
        "error": remark,
        "stackTrace": frames,
    });
    printer.record(tone, report.request_id, &line, &object);
}

fn request_text(report: &RequestReport<'_>, remark: Option<&str>, frames: &[String]) -> String {
    let mut line = format!("{}  {}", report.request, report.status.as_u16());
    if let Some(first_byte) = report.first_byte {
        let _ = write!(line, "  first byte {}", Span(first_byte));
    }
    let chunks = report.chunks;
    let plural = if chunks == 1 { "" } else { "s" };
    let (span, size) = (Span(report.total), Size(report.bytes));
    let _ = write!(line, "  total {span}  {size} in {chunks} chunk{plural}");
    if let Some(remark) = remark {
        let _ = write!(line, "  {remark}");
    }
    for frame in frames.iter().take(SHOWN_FRAMES) {
        let _ = write!(line, "\n            in {}", frame.replace('\n', " "));
    }
    line
}

fn milliseconds(duration: Duration) -> Option<u64> {
    u64::try_from(duration.as_millis()).ok()
}

/// Formats usage for people.
fn usage_text(usage: &Usage) -> String {
    let (memory, time) = (usage.memory_mib, usage.milliseconds);
    format!("the handler used {memory} MiB of memory and took {time} ms")
}

/// Formats the cost of a handler's request for people.
fn outbound_text(request: &OutboundRequest) -> String {
    let mut line = format!(
        "the handler requested {} {}",
        request.method, request.destination
    );
    match request.status {
        Some(status) => {
            let _ = write!(line, "  {status}");
        }
        None => line.push_str("  no response"),
    }
    if let Some(connection) = &request.connection {
        let _ = write!(line, "  {connection} connection");
    }
    let times = [
        ("wait", request.wait_ms),
        ("first byte", request.first_byte_ms),
        ("total", Some(request.milliseconds)),
    ];
    for (name, time) in times {
        if let Some(time) = time {
            let _ = write!(line, "  {name} {time:.1} ms");
        }
    }
    let size = |bytes| Size(usize::try_from(bytes).unwrap_or(usize::MAX));
    let (sent, received) = (size(request.bytes_out), size(request.bytes_in));
    let _ = write!(line, "  {sent} out, {received} in");
    line
}

/// Formats a span for people.
fn span_text(span: &TraceSpan) -> String {
    let mut line = match &span.request {
        Some((method, url)) => format!("the handler requested {method} {url}"),
        None if span.kind == SpanKind::Client => format!("the handler requested {}", span.name),
        None if !span.phases.is_empty() => "the process started".to_owned(),
        None => format!("span {}", span.name),
    };
    if let Some(status) = span.status {
        let _ = write!(line, "  {status}");
    }
    if span.is_failure {
        line.push_str("  failed");
    }
    let _ = write!(line, "  total {:.1} ms", total_ms(span));
    for phase in &span.phases {
        let _ = write!(line, "  {} {:.2} ms", phase.name, phase.milliseconds);
    }
    line
}

/// Formats a span for programs.
fn span_object(span: &TraceSpan) -> Value {
    let phases = span.phases.iter();
    let phases: serde_json::Map<String, Value> = phases
        .map(|phase| (format!("{}Ms", phase.name), phase.milliseconds.into()))
        .collect();
    json!({
        "type": "span",
        "name": span.name,
        "method": span.request.as_ref().map(|(method, _)| method),
        "url": span.request.as_ref().map(|(_, url)| url),
        "status": span.status,
        "failed": span.is_failure,
        "totalMs": total_ms(span),
        "phases": phases,
    })
}

fn total_ms(span: &TraceSpan) -> f64 {
    span.duration().as_secs_f64() * 1e3
}

/// Formats a duration for people.
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

/// Formats a number of bytes for people.
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

    #[test]
    fn usage_is_for_people_and_for_programs() {
        let usage = Usage {
            request_id: "r-1".to_owned(),
            memory_mib: 14,
            milliseconds: 3,
            bytes: 1200,
        };

        assert_eq!(
            usage_text(&usage),
            "the handler used 14 MiB of memory and took 3 ms"
        );
        assert_eq!(usage.to_json()["bytesWritten"], 1200);
    }
}
