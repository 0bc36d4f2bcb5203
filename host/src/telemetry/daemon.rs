//! X-Ray's daemon, which takes datagrams and answers none.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::OnceLock;

/// The daemon. Its socket is opened with the first datagram.
#[derive(Debug)]
pub(crate) struct Daemon {
    address: SocketAddr,
    socket: OnceLock<Option<UdpSocket>>,
}

impl Daemon {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            socket: OnceLock::new(),
        }
    }

    /// Sends a datagram, or drops it if that would take time.
    pub(super) fn send(&self, datagram: &[u8]) {
        let socket = self.socket.get_or_init(|| {
            let opened = open(self.address);
            opened.inspect_err(|error| tell(self.address, error)).ok()
        });
        // Not connected: the refusal of one datagram would be the error of the next.
        let sent = socket
            .as_ref()
            .map(|socket| socket.send_to(datagram, self.address));
        if let Some(Err(error)) = sent {
            tell(self.address, &error);
        }
    }
}

fn open(address: SocketAddr) -> io::Result<UdpSocket> {
    let any: IpAddr = match address {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Logs the first failure. Nobody waits for a trace.
fn tell(address: SocketAddr, error: &io::Error) {
    static TOLD: OnceLock<()> = OnceLock::new();
    TOLD.get_or_init(
        || tracing::debug!(%error, "cannot send a trace to X-Ray's daemon at {address}"),
    );
}

/// Parses the value of `AWS_XRAY_DAEMON_ADDRESS`: `127.0.0.1:2000`, or `tcp:127.0.0.1:2000 udp:127.0.0.1:2000`.
pub(crate) fn parse_address(value: &str) -> Option<SocketAddr> {
    let mut parts = value.split_whitespace();
    let address = match (parts.next()?, parts.next()) {
        (address, None) => address.strip_prefix("udp:").unwrap_or(address),
        (first, Some(second)) => [first, second]
            .into_iter()
            .find_map(|it| it.strip_prefix("udp:"))?,
    };
    if parts.next().is_some() {
        return None;
    }
    match address.strip_prefix("localhost:") {
        Some(port) => Some((Ipv4Addr::LOCALHOST, port.parse().ok()?).into()),
        None => address.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_the_forms_that_aws_documents() {
        for (value, expected) in [
            ("169.254.79.129:2000", Some("169.254.79.129:2000")),
            (" 127.0.0.1:2000 ", Some("127.0.0.1:2000")),
            ("localhost:2000", Some("127.0.0.1:2000")),
            ("[::1]:2000", Some("[::1]:2000")),
            (
                "tcp:127.0.0.1:2000 udp:127.0.0.2:2001",
                Some("127.0.0.2:2001"),
            ),
            (
                "udp:127.0.0.2:2001 tcp:127.0.0.1:2000",
                Some("127.0.0.2:2001"),
            ),
            ("udp:127.0.0.2:2001", Some("127.0.0.2:2001")),
            ("tcp:127.0.0.1:2000 127.0.0.1:2000", None),
            ("127.0.0.1", None),
            ("127.0.0.1:70000", None),
            ("daemon:2000", None),
            ("", None),
        ] {
            let expected = expected.map(|it| it.parse().unwrap());
            assert_eq!(parse_address(value), expected, "{value}");
        }
    }
}
