//! X-Ray's daemon, as far as functions see it.

use std::net::UdpSocket;
use std::time::Duration;

use bootstream_test_support::process::Bootstrap;
use bootstream_test_support::recorder::{Event, Recorder};
use serde_json::Value;

pub(crate) const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";
pub(crate) const PARENT: &str = "53995c3f42cd8ad8";

const HEADER: &[u8] = b"{\"format\":\"json\",\"version\":1}\n";

/// Largest datagram that the daemon reads, in bytes.
const DATAGRAM_LIMIT_BYTES: usize = 64 * 1024;

/// Takes datagrams on a port of its own.
pub(crate) struct Daemon(UdpSocket);

impl Daemon {
    pub(crate) fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let patience = Some(Duration::from_secs(20));
        socket
            .set_read_timeout(patience)
            .expect("sockets have timeouts");
        Self(socket)
    }

    /// A host that knows this daemon.
    pub(crate) fn known_to(&self, host: Bootstrap) -> Bootstrap {
        let address = self.0.local_addr().expect("it is bound").to_string();
        host.env("AWS_XRAY_DAEMON_ADDRESS", &address)
    }

    /// Waits for a datagram, and returns its document.
    #[track_caller]
    pub(crate) fn document(&self) -> Value {
        let mut datagram = vec![0; DATAGRAM_LIMIT_BYTES];
        let bytes = self.0.recv(&mut datagram).expect("a datagram");
        let json = datagram[..bytes].strip_prefix(HEADER);
        serde_json::from_slice(json.expect("the daemon's header")).expect("one document")
    }

    /// Checks that nothing has come. Call it after a later poll, which a datagram would have preceded.
    #[track_caller]
    pub(crate) fn assert_silent(&self) {
        self.0.set_nonblocking(true).expect("a socket");
        let came = self.0.recv(&mut [0; 64]);
        assert!(came.is_err(), "a datagram came");
        self.0.set_nonblocking(false).expect("a socket");
    }
}

/// A script in a trace that is recorded.
pub(crate) fn sampled(id: &str, steps: &Value) -> Event {
    let header = format!("Root={ROOT};Parent={PARENT};Sampled=1;Lineage=1:a8d3:0");
    Event::script(id, steps).header("Lambda-Runtime-Trace-Id", header)
}

/// The document of one invocation of the scripted guest.
#[track_caller]
pub(super) fn document_of(steps: &Value) -> Value {
    let (lambda, daemon) = (Recorder::start(), Daemon::start());
    lambda.enqueue(sampled("id-1", steps));
    let _host = daemon.known_to(Bootstrap::scripted(&lambda)).start();
    daemon.document()
}
