//! A server for the requests of a handler, which misbehaves as a test wants.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use bootstream_test_support::wire::Wire;

/// A connection after the head of its request.
pub(super) struct Call {
    pub(super) head: String,
    pub(super) wire: Wire<TcpStream>,
}

/// A server. It reads the head of each connection's only request, and a function of the test does the rest.
pub(super) struct Peer {
    address: SocketAddr,
}

impl Peer {
    pub(super) fn start(
        serve: impl Fn(&mut Call) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let serve = Arc::new(serve);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serve = Arc::clone(&serve);
                // Some tests are about clients that hang up.
                thread::spawn(move || {
                    Call::read(stream)
                        .and_then(|mut call| serve(&mut call))
                        .ok()
                });
            }
        });
        Self { address }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Settings that allow the server and its address.
    pub(super) fn allowed(&self) -> String {
        format!(
            "[outbound]\nallow = ['http://{}']\nprivate-addresses = ['127.0.0.1']\n",
            self.address
        )
    }
}

impl Call {
    fn read(stream: TcpStream) -> io::Result<Self> {
        let mut wire = Wire::new(stream);
        let head = String::from_utf8_lossy(&wire.head()?).into_owned();
        Ok(Self { head, wire })
    }

    pub(super) fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.wire.source().write_all(bytes.as_ref())
    }

    /// Sends a whole response.
    pub(super) fn respond(&mut self, status: &str, body: &str) -> io::Result<()> {
        let length = body.len();
        self.send(format!(
            "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
    }

    /// Begins a chunked response.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        self.send("HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n")
    }

    pub(super) fn chunk(&mut self, data: impl AsRef<[u8]>) -> io::Result<()> {
        let data = data.as_ref();
        let size = format!("{:x}\r\n", data.len());
        self.send([size.as_bytes(), data, b"\r\n"].concat())
    }

    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (it, value) = line.split_once(": ")?;
            it.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    /// Reads the request's body. Returns its size.
    pub(super) fn body_bytes(&mut self) -> io::Result<u64> {
        let mut bytes = 0;
        let mut count = |block: &[u8]| bytes += block.len() as u64;
        match self.header("content-length").map(str::parse) {
            Some(length) => {
                let length = length.map_err(|_| io::ErrorKind::InvalidData)?;
                self.wire.blocks(length, &mut count)?;
            }
            None => {
                self.wire.chunks(|block, _| count(block))?;
            }
        }
        Ok(bytes)
    }
}
