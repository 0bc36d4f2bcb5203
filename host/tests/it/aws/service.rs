//! A service on loopback that records requests with their bodies, and verifies their signatures.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use bootstream_test_support::pause;
use bootstream_test_support::wire::Wire;
use rustls::{ServerConnection, StreamOwned};

use super::signature;
use crate::web::tls;

/// One request as received.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(super) head: String,
    pub(super) body: Vec<u8>,
    /// Counts connections from 0.
    pub(super) connection: usize,
}

impl Received {
    /// The only value of a header, whose name is in lower case.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> String {
        let values = self.headers(name);
        assert_eq!(values.len(), 1, "`{name}` in {}", self.head);
        values[0].clone()
    }

    pub(super) fn headers(&self, name: &str) -> Vec<String> {
        let lines = self.head.lines().skip(1);
        let fields = lines.filter_map(|line| line.split_once(':'));
        let named = fields.filter(|(field, _)| field.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.trim().to_owned()).collect()
    }
}

/// A part of an answer.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    Bytes(Vec<u8>),
    Pause(Duration),
    /// Closes the connection.
    Close,
}

/// An answer with a length.
pub(super) fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<Part> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{headers}\r\n");
    vec![Part::Bytes([head.as_bytes(), body].concat())]
}

type Answer = dyn Fn(usize, &Received) -> Vec<Part> + Send + Sync;

/// A running service.
pub(crate) struct Service {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Service {
    /// A service that answers 200 with the body `hello` if the signature is that of the test's keys, and 403
    /// with the reason otherwise.
    pub(crate) fn verifying() -> Self {
        Self::start(verified)
    }

    /// A service with these answers to requests, which are counted from 0.
    pub(crate) fn start(
        answer: impl Fn(usize, &Received) -> Vec<Part> + Send + Sync + 'static,
    ) -> Self {
        Self::listen(answer, |stream, connection, received, answer| {
            serve(stream, connection, received, answer)
        })
    }

    /// A verifying service that speaks TLS with a certificate for `name`, and that certificate in PEM form.
    pub(super) fn verifying_tls(name: &str) -> (Self, String) {
        let (config, certificate) = tls(name);
        let service = Self::listen(verified, move |stream, connection, received, answer| {
            let session = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
            serve(
                StreamOwned::new(session, stream),
                connection,
                received,
                answer,
            )
        });
        (service, certificate)
    }

    fn listen(
        answer: impl Fn(usize, &Received) -> Vec<Part> + Send + Sync + 'static,
        serve: impl Fn(TcpStream, usize, &Mutex<Vec<Received>>, &Answer) -> io::Result<()>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let (answer, serve): (Arc<Answer>, _) = (Arc::new(answer), Arc::new(serve));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let received = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&received);
        thread::spawn(move || {
            for (connection, stream) in listener.incoming().flatten().enumerate() {
                let (received, answer) = (Arc::clone(&shared), Arc::clone(&answer));
                let serve = Arc::clone(&serve);
                // Parts of an answer must not wait for each other.
                let _ = stream.set_nodelay(true);
                // Some tests are about clients that hang up.
                thread::spawn(move || serve(stream, connection, &received, &*answer).ok());
            }
        });
        Self { address, received }
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        lock(&self.received).clone()
    }

    /// The only request.
    #[track_caller]
    pub(crate) fn only(&self) -> Received {
        let received = self.received();
        assert_eq!(received.len(), 1, "{received:?}");
        received[0].clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn verified(_: usize, request: &Received) -> Vec<Part> {
    match signature::verify(request) {
        Ok(()) => answer("200 OK", "", b"hello"),
        Err(reason) => answer("403 Forbidden", "", reason.as_bytes()),
    }
}

fn serve(
    stream: impl Read + Write,
    connection: usize,
    received: &Mutex<Vec<Received>>,
    answer: &Answer,
) -> io::Result<()> {
    let mut wire = Wire::new(stream);
    loop {
        let head = String::from_utf8_lossy(&wire.head()?).into_owned();
        let mut request = Received {
            head,
            body: Vec::new(),
            connection,
        };
        if let [length] = &request.headers("content-length")[..] {
            let length = length.parse().map_err(io::Error::other)?;
            request.body = wire.exactly(length)?;
        } else if !request.headers("transfer-encoding").is_empty() {
            wire.chunks(|block, _| request.body.extend_from_slice(block))?;
        }
        let count = {
            let mut received = lock(received);
            received.push(request.clone());
            received.len() - 1
        };
        for part in answer(count, &request) {
            match part {
                Part::Bytes(bytes) => {
                    wire.source().write_all(&bytes)?;
                    wire.source().flush()?;
                }
                Part::Pause(time) => pause(time),
                Part::Close => return Ok(()),
            }
        }
    }
}
