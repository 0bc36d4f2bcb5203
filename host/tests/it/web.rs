//! A web server on loopback for the handlers' requests, which it records.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use bootstream_test_support::{PATIENCE, pause};
use rcgen::CertifiedKey;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use socket2::SockRef;

/// What a server has seen.
#[derive(Default)]
struct Seen {
    /// The raw head of each request, with the number of its connection.
    requests: Vec<(usize, String)>,
    connections: usize,
    /// The open connections.
    sockets: HashMap<usize, TcpStream>,
}

type Shared = Arc<Mutex<Seen>>;

fn locked(seen: &Shared) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A server. [`answer`] has the response of each path.
pub(crate) struct Web {
    address: SocketAddr,
    seen: Shared,
}

/// One accepted connection.
struct Accepted {
    number: usize,
    seen: Shared,
}

impl Accepted {
    fn record(&self, head: String) {
        locked(&self.seen).requests.push((self.number, head));
    }

    /// Closes the connection with a reset.
    fn reset(&self) {
        let socket = locked(&self.seen).sockets.remove(&self.number);
        let socket = socket.expect("it is open");
        SockRef::from(&socket)
            .set_linger(Some(Duration::ZERO))
            .expect("a socket has this option");
    }
}

impl Drop for Accepted {
    fn drop(&mut self) {
        locked(&self.seen).sockets.remove(&self.number);
    }
}

impl Web {
    pub(crate) fn start() -> Self {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into())
    }

    pub(crate) fn start_at(address: SocketAddr) -> Self {
        Self::listen(address, serve)
    }

    fn listen(
        address: SocketAddr,
        serve: impl Fn(TcpStream, &Accepted) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let serve = Arc::new(serve);
        let listener = TcpListener::bind(address).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let seen = Shared::default();
        let shared = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let accepted = accept(&shared, &stream);
                let serve = Arc::clone(&serve);
                // Some tests are about clients that hang up.
                thread::spawn(move || serve(stream, &accepted).ok());
            }
        });
        Self { address, seen }
    }

    /// A server that speaks TLS with a certificate for `name`, and that certificate in PEM form.
    pub(crate) fn start_tls(name: &str) -> (Self, String) {
        let (config, certificate) = tls(name);
        let address = (Ipv4Addr::LOCALHOST, 0).into();
        let web = Self::listen(address, move |stream, accepted| {
            let session = ServerConnection::new(Arc::clone(&config));
            let session = session.map_err(io::Error::other)?;
            serve(StreamOwned::new(session, stream), accepted)
        });
        (web, certificate)
    }

    /// `http://127.0.0.1:port` with no server at the port.
    pub(crate) fn closed_url() -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        format!("http://{}", listener.local_addr().expect("it is bound"))
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// `http://127.0.0.1:port` and this path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The heads of all requests so far, with the bodies of those to `/body`.
    pub(crate) fn heads(&self) -> Vec<String> {
        let seen = locked(&self.seen);
        seen.requests.iter().map(|(_, head)| head.clone()).collect()
    }

    /// The number of the connection of each request so far, counted from 0.
    pub(crate) fn connections(&self) -> Vec<usize> {
        let seen = locked(&self.seen);
        seen.requests.iter().map(|(number, _)| *number).collect()
    }

    /// Number of connections that were accepted so far.
    pub(crate) fn accepted(&self) -> usize {
        locked(&self.seen).connections
    }

    /// Number of connections that are open.
    pub(crate) fn open(&self) -> usize {
        locked(&self.seen).sockets.len()
    }

    /// Closes the open connections.
    pub(crate) fn close_all(&self) {
        for (_, socket) in locked(&self.seen).sockets.drain() {
            // Ends the thread that reads from it, which closes it.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

/// The configuration of a server with a certificate for `name`, and that certificate in PEM form.
pub(crate) fn tls(name: &str) -> (Arc<ServerConfig>, String) {
    let certified = rcgen::generate_simple_self_signed([name.to_owned()]);
    let CertifiedKey { cert, signing_key } = certified.expect("a certificate");
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has them")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key.into())
        .expect("the key is of the certificate");
    (Arc::new(config), cert.pem())
}

fn accept(seen: &Shared, stream: &TcpStream) -> Accepted {
    let socket = stream.try_clone().expect("a file descriptor");
    let mut locked = locked(seen);
    let number = locked.connections;
    locked.connections += 1;
    locked.sockets.insert(number, socket);
    Accepted {
        number,
        seen: Arc::clone(seen),
    }
}

/// What follows a response.
enum After {
    /// The next request.
    Next,
    /// The end of the connection.
    Close,
    /// A reset of the connection, when the next request comes.
    Reset,
    /// Silence, whatever comes.
    Silence,
    /// These bytes, although nothing was requested.
    Stray(&'static [u8]),
}

fn serve(mut stream: impl Read + Write, accepted: &Accepted) -> io::Result<()> {
    while let Some(mut head) = read_head(&mut stream)? {
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let is_recorded = path == "/body";
        if is_recorded {
            let body = read_body(&head, &mut stream)?;
            head.push_str(&body);
        }
        accepted.record(head.clone());
        if path == "/reset" {
            accepted.reset();
            return Ok(());
        }
        let after = answer(&path, &head, &mut stream)?;
        match after {
            After::Next => {}
            After::Close => return Ok(()),
            After::Reset => {
                stream.read_exact(&mut [0])?;
                accepted.reset();
                return Ok(());
            }
            After::Silence => {
                pause(PATIENCE);
                return Ok(());
            }
            After::Stray(bytes) => {
                stream.write_all(bytes)?;
                stream.flush()?;
            }
        }
        if !is_recorded {
            read_body(&head, &mut stream)?;
        }
    }
    Ok(())
}

/// Reads the head of a request. `None` if the client has hung up.
fn read_head(stream: &mut impl Read) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte)? == 0 {
            return Ok(None);
        }
        head.extend(byte);
    }
    Ok(Some(String::from_utf8_lossy(&head).into_owned()))
}

/// Reads the body that follows this head. Returns it if it has a length.
fn read_body(head: &str, stream: &mut impl Read) -> io::Result<String> {
    let mut body = String::new();
    let length = head
        .lines()
        .find_map(|it| it.strip_prefix("content-length: "));
    if let Some(length) = length {
        let length = length.trim().parse().map_err(io::Error::other)?;
        stream.take(length).read_to_string(&mut body)?;
    } else if head.contains("transfer-encoding: chunked") {
        let mut end = [0; 5];
        stream.read_exact(&mut end)?;
        while end != *b"0\r\n\r\n" {
            end.rotate_left(1);
            stream.read_exact(&mut end[4..])?;
        }
    }
    Ok(body)
}

fn body(text: &str) -> String {
    headed("", text)
}

/// A response with these header lines.
fn headed(lines: &str, text: &str) -> String {
    let length = text.len();
    format!("HTTP/1.1 200 OK\r\n{lines}content-length: {length}\r\n\r\n{text}")
}

fn answer(path: &str, head: &str, stream: &mut impl Write) -> io::Result<After> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let is_head = head.starts_with("HEAD ");
    let (response, after) = match path {
        "/redirect" => (
            format!("HTTP/1.1 302 Found\r\nlocation: {query}\r\ncontent-length: 0\r\n\r\n"),
            After::Next,
        ),
        "/echo" => (body(head), After::Next),
        "/large" => (body(&"x".repeat(5_000_000)), After::Next),
        "/large-head" => {
            let line = format!("x-large: {}\r\n", "x".repeat(300_000));
            (headed(&line, ""), After::Next)
        }
        "/slow" => {
            pause(Duration::from_millis(300));
            (body("slow"), After::Next)
        }
        "/silent" => (String::new(), After::Silence),
        "/cut" => (CUT.to_owned(), After::Close),
        "/stall" => (CUT.to_owned(), After::Silence),
        "/garbage" => ("this is no HTTP\r\n\r\n".to_owned(), After::Next),
        "/then-close" => (body("hello"), After::Close),
        "/then-reset" => (body("hello"), After::Reset),
        "/then-silence" => (body("hello"), After::Silence),
        "/half-head" => ("HTTP/1.1 200 O".to_owned(), After::Close),
        "/then-stray" => (body("hello"), After::Stray(POISON)),
        "/closing" => (headed("connection: close\r\n", "hello"), After::Next),
        "/header" => (
            headed(&format!("{}\r\n", query.replace('_', " ")), "hello"),
            After::Next,
        ),
        "/old" => (body("hello").replace("HTTP/1.1", "HTTP/1.0"), After::Next),
        "/to-the-end" => ("HTTP/1.1 200 OK\r\n\r\nhello".to_owned(), After::Close),
        "/chunked" => (CHUNKED.to_owned(), After::Next),
        "/length-twice" => (headed("content-length: 5\r\n", "hello"), After::Next),
        "/not-modified" => (
            "HTTP/1.1 304 Not Modified\r\ncontent-length: 1000\r\n\r\n".to_owned(),
            After::Next,
        ),
        "/nothing" => ("HTTP/1.1 204 No Content\r\n\r\n".to_owned(), After::Next),
        _ => (body("hello"), After::Next),
    };
    let end = response
        .find("\r\n\r\n")
        .map(|at| at + 4)
        .filter(|_| is_head);
    let response = response.get(..end.unwrap_or(response.len()));
    stream.write_all(response.unwrap_or_default().as_bytes())?;
    stream.flush()?;
    Ok(after)
}

/// A response that nobody asked for.
const POISON: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison";

const CHUNKED: &str =
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";

/// A response that lacks its end.
const CUT: &str = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart";
