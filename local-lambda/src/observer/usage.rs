//! The usage of an invocation, read from the log of `bootstrap`.

use serde_json::{Value, json};

use super::usage_line::UsageLine;

/// One invocation's memory, time and bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Usage {
    /// The invocation.
    pub request_id: String,
    /// Peak memory of the handler, in MiB.
    pub memory_mib: u64,
    /// Duration of the invocation.
    pub milliseconds: u64,
    /// Size of the response.
    pub bytes: u64,
}

impl Usage {
    /// Returns the usage as an object for programs.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "type": "usage",
            "requestId": self.request_id,
            "memoryMib": self.memory_mib,
            "milliseconds": self.milliseconds,
            "bytesWritten": self.bytes,
        })
    }

    /// Reads a line of a log in text. `None` if it is about something else.
    pub(crate) fn parse(line: &[u8]) -> Option<Self> {
        let line = UsageLine::parse(line, "used")?;
        Some(Self {
            request_id: line.text("requestId")?,
            memory_mib: line.number("memoryMib")?,
            milliseconds: line.number("milliseconds")?,
            bytes: line.number("bytes")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_host_is_read_and_none_of_a_handler() {
        let line = "2026-01-02T03:04:05.678901Z  INFO usage: used requestId=r-1 tenantId=\"t\" \
                    memoryMib=14 milliseconds=3 bytes=1200\n";
        let usage = Usage::parse(line.as_bytes()).unwrap();
        assert_eq!(usage.request_id, "r-1");
        assert_eq!((usage.memory_mib, usage.milliseconds), (14, 3));
        assert_eq!(usage.bytes, 1200);
        for other in [
            line.replace("usage:", "handler: usage:"),
            line.replace("memoryMib=14", "memoryMib=many"),
            line.replace("2026-01-02T03:04:05.678901Z", "{\"_aws\":"),
            line.replace("used", "lost"),
            String::new(),
        ] {
            assert_eq!(Usage::parse(other.as_bytes()), None, "{other}");
        }
    }
}
