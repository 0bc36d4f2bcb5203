//! The host of a case: what it is told, and what it reports.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use bootstream_host::config::REHEARSAL_VARIABLE;
use bootstream_host::rehearsal::{Event, FakeClock, Rehearsal};
use bytes::Bytes;
use tempfile::TempDir;

use super::case::{Case, Reader};
use super::observed::{End, Observed, Request};

/// Credentials that sign requests to doubles: those of AWS's documentation.
const CREDENTIALS: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
    (
        "AWS_SECRET_ACCESS_KEY",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    ),
];

/// The files between the command and the host of one case.
#[derive(Debug)]
pub(super) struct Stage {
    folder: TempDir,
    /// The rate of the reader and the timeout of the function, by a fake clock.
    fake: Option<Fake>,
}

/// What a fake clock measures.
#[derive(Clone, Copy, Debug)]
struct Fake {
    bytes_per_second: Option<u32>,
    timeout: Duration,
}

impl Stage {
    /// Writes what the host is told. Files of the case are relative to `folder`; `timeout` is that of the function.
    ///
    /// # Errors
    ///
    /// A file cannot be read or written.
    pub(super) fn new(case: &Case, folder: &Path, timeout: Duration) -> Result<Self> {
        let stage = Self {
            folder: tempfile::tempdir().context("cannot create a folder for a case")?,
            fake: case.clock.map(|_| Fake {
                bytes_per_second: case.reader.bytes_per_second,
                timeout,
            }),
        };
        let doubles = case.outbound.iter().map(|it| it.double(folder));
        let doubles = doubles.collect::<Result<_>>();
        let doubles = doubles.with_context(|| format!("case `{}`", case.name))?;
        let rehearsal = Rehearsal {
            clock: case.clock.map(|start| FakeClock {
                start_unix_ms: start.0,
                timeout_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
            }),
            outbound: Some(doubles),
            report: Some(stage.report()),
            leaves_after: case
                .reader
                .leaves_after
                .and_then(|bytes| u64::try_from(bytes).ok()),
            bytes_per_second: stage.fake.and_then(|it| it.bytes_per_second),
        };
        let settings = serde_json::to_vec(&rehearsal)?;
        std::fs::write(stage.settings(), settings)
            .context("cannot write the settings of a case")?;
        Ok(stage)
    }

    fn settings(&self) -> PathBuf {
        self.folder.path().join("rehearsal.json")
    }

    fn report(&self) -> PathBuf {
        self.folder.path().join("report.jsonl")
    }

    /// Returns the variables of the function, which come before its own.
    pub(super) fn variables(&self) -> Vec<(String, String)> {
        let settings = self.settings().to_string_lossy().into_owned();
        let variables = CREDENTIALS.into_iter();
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let mut variables: Vec<_> = variables.map(owned).collect();
        variables.push((REHEARSAL_VARIABLE.to_owned(), settings));
        variables
    }

    /// Adds what the host has reported. With a fake clock, times are those of that clock.
    ///
    /// # Errors
    ///
    /// The report cannot be read.
    pub(super) fn complete(&self, observed: &mut Observed) -> Result<()> {
        // A host that did not start has written none.
        let report = std::fs::read_to_string(self.report()).unwrap_or_default();
        let events = report.lines().map(serde_json::from_str);
        let events: Vec<Event> = events
            .collect::<Result<_, _>>()
            .context("the report of the host is not complete")?;
        if let Some(fake) = self.fake {
            retime(observed, &events, fake);
        }
        for event in events {
            match event {
                Event::Request {
                    double,
                    url,
                    headers,
                    body,
                    ..
                } => observed.requests.push(Request {
                    double,
                    url,
                    headers,
                    body,
                }),
                Event::Undeclared { method, url } => observed.undeclared.push((method, url)),
                Event::Began { .. }
                | Event::Wrote { .. }
                | Event::Took { .. }
                | Event::Ended { .. } => {}
            }
        }
        Ok(())
    }
}

/// Divides the body into chunks anew: one for each moment at which the guest wrote, or at which a slow reader took more.
fn retime(observed: &mut Observed, events: &[Event], fake: Fake) {
    let began = events.iter().find_map(|event| match event {
        Event::Began { at } => Some(*at),
        _ => None,
    });
    let Some(began) = began else { return };
    let since = |at: u64| Duration::from_nanos(at.saturating_sub(began));
    let is_slow = fake.bytes_per_second.is_some();
    let mut end = Duration::ZERO;
    let mut moments: Vec<(Duration, u64)> = Vec::new();
    for event in events {
        match event {
            Event::Wrote { at, total } if !is_slow => moments.push((since(*at), *total)),
            Event::Took { at, total } => moments.push((since(*at), *total)),
            Event::Ended { at } => end = end.max(since(*at)),
            _ => {}
        }
    }
    end = moments.iter().fold(end, |end, (at, _)| end.max(*at));
    let mut body = Bytes::from(observed.body());
    let length = u64::try_from(body.len()).unwrap_or(u64::MAX);
    if moments.last().is_none_or(|(_, total)| *total < length) {
        // What arrived is not what was written: a document with all of it, at the end.
        moments = vec![(end, length)];
    }
    let mut chunks: Vec<(Duration, Bytes)> = Vec::new();
    let mut before = 0;
    for (index, (moment, total)) in moments.iter().enumerate() {
        if moments
            .get(index + 1)
            .is_some_and(|(next, _)| next == moment)
        {
            continue;
        }
        let bytes = usize::try_from(total - before).unwrap_or(usize::MAX);
        before = *total;
        let chunk = body.split_to(bytes.min(body.len()));
        if !chunk.is_empty() {
            chunks.push((*moment, chunk));
        }
    }
    observed.total = end.max(read_by(&chunks, fake));
    observed.chunks = chunks;
    if is_slow && observed.total > fake.timeout {
        time_out(observed, fake.timeout);
    }
}

/// Returns when a slow reader has read the last chunk.
fn read_by(chunks: &[(Duration, Bytes)], fake: Fake) -> Duration {
    let last = chunks.last().zip(fake.bytes_per_second);
    last.map_or(Duration::ZERO, |((at, chunk), rate)| {
        *at + Reader::time_for(chunk.len(), rate)
    })
}

/// Ends a response that has a reader for longer than the function has time, as Lambda does.
fn time_out(observed: &mut Observed, timeout: Duration) {
    observed.chunks.retain(|(at, _)| *at <= timeout);
    observed.total = timeout;
    if matches!(observed.end, End::ReaderLeft) {
        return;
    }
    observed.end = End::Failed {
        kind: "Sandbox.Timedout".to_owned(),
        message: format!(
            "the reader had not taken the response when the function timed out after {:.2} seconds",
            timeout.as_secs_f64()
        ),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    const FAKE: Fake = Fake {
        bytes_per_second: None,
        timeout: Duration::from_secs(10),
    };

    fn observed(body: &'static str, events: &[Event], fake: Fake) -> Observed {
        let mut observed = Observed::nothing();
        observed.end = End::Complete;
        observed.chunks = vec![(Duration::ZERO, body.into())];
        retime(&mut observed, events, fake);
        observed
    }

    fn texts(observed: &Observed) -> Vec<(u128, String)> {
        let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        let chunks = observed.chunks.iter();
        chunks
            .map(|(at, chunk)| (at.as_millis(), text(chunk)))
            .collect()
    }

    fn chunks(body: &'static str, writes: &[(u64, u64)]) -> (Vec<(u128, String)>, u128) {
        let mut events = vec![Event::Began { at: 7 * MS }];
        let writes = writes.iter();
        events.extend(writes.map(|(ms, total)| Event::Wrote {
            at: (7 + ms) * MS,
            total: *total,
        }));
        events.push(Event::Ended { at: 1007 * MS });
        let observed = observed(body, &events, FAKE);
        (texts(&observed), observed.total.as_millis())
    }

    #[test]
    fn a_slow_reader_has_chunks_when_it_takes_them_and_needs_time_for_the_last() {
        let took = |ms, total| Event::Took { at: ms * MS, total };
        let events = [
            Event::Began { at: 0 },
            Event::Wrote { at: 0, total: 6 },
            took(0, 4),
            Event::Ended { at: 1 },
            took(4000, 6),
        ];
        let slow = Fake {
            bytes_per_second: Some(1),
            ..FAKE
        };
        let whole = observed("abcdef", &events, slow);
        let expected = [(0, "abcd"), (4000, "ef")];
        assert_eq!(
            texts(&whole),
            expected.map(|(at, text)| (at, text.to_owned()))
        );
        assert_eq!(whole.total, Duration::from_secs(6));
        assert!(matches!(whole.end, End::Complete));

        let timeout = Duration::from_secs(3);
        let cut = observed("abcdef", &events, Fake { timeout, ..slow });
        assert_eq!(texts(&cut), [(0, "abcd".to_owned())]);
        assert_eq!(cut.total, timeout);
        assert!(matches!(cut.end, End::Failed { kind, .. } if kind == "Sandbox.Timedout"));
    }

    #[test]
    fn what_is_written_at_one_moment_is_a_chunk() {
        let (chunks, total) = chunks("abcdef", &[(0, 1), (0, 2), (500, 5), (900, 6)]);
        let expected = [(0, "ab"), (500, "cde"), (900, "f")];
        assert_eq!(chunks, expected.map(|(at, text)| (at, text.to_owned())));
        assert_eq!(total, 1000);
    }

    #[test]
    fn a_reader_that_has_left_has_less_than_was_written() {
        let (chunks, _) = chunks("abc", &[(0, 2), (500, 5), (900, 6)]);
        let expected = [(0, "ab"), (500, "c")];
        assert_eq!(chunks, expected.map(|(at, text)| (at, text.to_owned())));
    }

    #[test]
    fn a_document_arrives_at_the_end() {
        let (chunks, _) = chunks("{\"body\":\"ab\"}", &[(0, 1), (500, 2)]);
        assert_eq!(chunks, [(1000, "{\"body\":\"ab\"}".to_owned())]);
    }
}
