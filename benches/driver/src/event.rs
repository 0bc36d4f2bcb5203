//! The events of the benchmarks: Function URL events of about 1 KB.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One event, and what to expect of its response.
#[derive(Clone, Debug, Default)]
pub(crate) struct Event {
    /// Name and value, for [`bench_workload::Work`].
    query: Vec<(&'static str, u64)>,
    /// Delay between the poll and the event.
    pub(crate) pause_before: Duration,
    /// Whether the handler answers something of its own.
    is_foreign: bool,
}

impl Event {
    /// One chunk of five bytes.
    pub(crate) fn tiny() -> Self {
        Self::default()
    }

    pub(crate) fn chunks(chunks: u64, chunk_bytes: u64) -> Self {
        Self::tiny()
            .with("chunks", chunks)
            .with("chunk_bytes", chunk_bytes)
    }

    pub(crate) fn with(mut self, name: &'static str, value: u64) -> Self {
        self.query.push((name, value));
        self
    }

    pub(crate) fn after(mut self, pause: Duration) -> Self {
        self.pause_before = pause;
        self
    }

    /// For a handler that is not the benchmarks' own.
    pub(crate) fn foreign() -> Self {
        Self {
            is_foreign: true,
            ..Self::default()
        }
    }

    /// Size of the response body, in bytes, if it is known.
    pub(crate) fn body_bytes(&self) -> Option<u64> {
        let bytes = self.value("chunks").unwrap_or(1) * self.value("chunk_bytes").unwrap_or(5);
        (!self.is_foreign).then_some(bytes)
    }

    /// Size of each chunk, if the handler stamps them.
    pub(crate) fn stamped(&self) -> Option<usize> {
        self.value("stamp")?;
        usize::try_from(self.value("chunk_bytes")?).ok()
    }

    fn value(&self, name: &str) -> Option<u64> {
        let mut pairs = self.query.iter();
        pairs.find(|pair| pair.0 == name).map(|pair| pair.1)
    }

    /// The HTTP response to a poll.
    pub(crate) fn message(&self, id: &str) -> String {
        let document = self.document();
        let deadline = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |now| (now + Duration::from_secs(300)).as_millis());
        format!(
            "HTTP/1.1 200 OK\r\n\
             content-type: application/json\r\n\
             lambda-runtime-aws-request-id: {id}\r\n\
             lambda-runtime-deadline-ms: {deadline}\r\n\
             lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-west-1:123456789012:function:f\r\n\
             lambda-runtime-trace-id: Root=1-67891233-abcdef012345678912345678;Sampled=1\r\n\
             content-length: {}\r\n\r\n{document}",
            document.len()
        )
    }

    fn document(&self) -> String {
        let joined = |pair: fn(&(&str, u64)) -> String, separator| {
            let pairs: Vec<_> = self.query.iter().map(pair).collect();
            pairs.join(separator)
        };
        let parameters = joined(|(name, value)| format!("\"{name}\":\"{value}\""), ",");
        let raw = joined(|(name, value)| format!("{name}={value}"), "&");
        include_str!("event.json")
            .replace("\"QUERY\"", &format!("{{{parameters}}}"))
            .replace("RAW", &raw)
    }
}

#[cfg(test)]
mod tests {
    use bench_workload::Work;

    use super::*;

    #[test]
    fn an_event_says_what_the_handler_reads() {
        let work = Work::parse(Event::chunks(3, 64).document().as_bytes()).unwrap();
        assert_eq!((work.chunks, work.chunk_bytes), (3, 64));
        let work = Work::parse(Event::tiny().document().as_bytes()).unwrap();
        assert_eq!((work.chunks, work.chunk_bytes), (1, 5));
    }
}
