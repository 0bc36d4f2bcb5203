//! The cost of a handler's request, read from the log of `bootstrap`.

use serde_json::{Value, json};

use super::usage_line::UsageLine;

/// One request of a handler.
#[derive(Clone, Debug, PartialEq)]
pub struct OutboundRequest {
    /// The invocation.
    pub request_id: String,
    /// Scheme, host and port.
    pub destination: String,
    /// The method.
    pub method: String,
    /// The status of the response. `None` without a response.
    pub status: Option<u16>,
    /// `new`, `kept`, or `retried` on a new one. `None` without a connection.
    pub connection: Option<String>,
    /// Wait for the connection, in milliseconds.
    pub wait_ms: Option<f64>,
    /// Time from the request to the head of the response, in milliseconds.
    pub first_byte_ms: Option<f64>,
    /// Time to the end of the response, in milliseconds.
    pub milliseconds: f64,
    /// Bytes received, with heads and framing.
    pub bytes_in: u64,
    /// Bytes sent, with heads and framing.
    pub bytes_out: u64,
}

impl OutboundRequest {
    /// Returns the request as an object for programs.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "type": "outbound",
            "requestId": self.request_id,
            "destination": self.destination,
            "method": self.method,
            "status": self.status,
            "connection": self.connection,
            "waitMs": self.wait_ms,
            "firstByteMs": self.first_byte_ms,
            "totalMs": self.milliseconds,
            "bytesIn": self.bytes_in,
            "bytesOut": self.bytes_out,
        })
    }

    /// Reads a line of a log in text. `None` if it is about something else.
    pub(crate) fn parse(line: &[u8]) -> Option<Self> {
        let line = UsageLine::parse(line, "requested")?;
        Some(Self {
            request_id: line.text("requestId")?,
            destination: line.text("destination")?,
            method: line.text("method")?,
            status: line.number("status"),
            connection: line.text("connection"),
            wait_ms: line.number("waitMs"),
            first_byte_ms: line.number("firstByteMs"),
            milliseconds: line.number("milliseconds")?,
            bytes_in: line.number("bytesIn").unwrap_or(0),
            bytes_out: line.number("bytesOut").unwrap_or(0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_with_and_without_a_response() {
        let line = "2026-01-02T03:04:05.678901Z  INFO usage: requested requestId=r-1 \
                    destination=https://api.example:443 method=\"GET\" status=200 connection=\"kept\" \
                    waitMs=0.021 firstByteMs=12.5 bytesIn=1200 bytesOut=80 milliseconds=13.0\n";
        let request = OutboundRequest::parse(line.as_bytes()).unwrap();
        assert_eq!(request.destination, "https://api.example:443");
        assert_eq!(
            (request.method.as_str(), request.status),
            ("GET", Some(200))
        );
        assert_eq!(request.connection.as_deref(), Some("kept"));
        assert_eq!(request.wait_ms, Some(0.021));
        assert_eq!(request.first_byte_ms, Some(12.5));
        assert_eq!((request.bytes_in, request.bytes_out), (1200, 80));

        let line = "2026-01-02T03:04:05.678901Z  INFO usage: requested requestId=r-1 \
                    destination=https://api.example:443 method=\"GET\" milliseconds=5000.1\n";
        let request = OutboundRequest::parse(line.as_bytes()).unwrap();
        assert_eq!((request.status, request.connection), (None, None));
        let used = line.replace("requested", "used");
        assert_eq!(OutboundRequest::parse(used.as_bytes()), None);
    }
}
