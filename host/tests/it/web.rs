//! A web server on loopback for the handlers' requests, which it records.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use bootstream_test_support::{PATIENCE, pause};
use rcgen::CertifiedKey;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// The raw heads of the requests so far.
type Heads = Arc<Mutex<Vec<String>>>;

/// A server. [`answer`] has the response of each path.
pub(crate) struct Web {
    address: SocketAddr,
    heads: Heads,
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
        serve: impl Fn(TcpStream, &Heads) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let serve = Arc::new(serve);
        let listener = TcpListener::bind(address).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let heads = Heads::default();
        let shared = Arc::clone(&heads);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (heads, serve) = (Arc::clone(&shared), Arc::clone(&serve));
                // Some tests are about clients that hang up.
                thread::spawn(move || serve(stream, &heads).ok());
            }
        });
        Self { address, heads }
    }

    /// A server that speaks TLS with a certificate for `name`, and that certificate in PEM form.
    pub(crate) fn start_tls(name: &str) -> (Self, String) {
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
        let config = Arc::new(config);
        let address = (Ipv4Addr::LOCALHOST, 0).into();
        let web = Self::listen(address, move |stream, heads| {
            let session = ServerConnection::new(Arc::clone(&config));
            let session = session.map_err(std::io::Error::other)?;
            serve(StreamOwned::new(session, stream), heads)
        });
        (web, cert.pem())
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
        let heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        heads.clone()
    }
}

fn serve(mut stream: impl Read + Write, heads: &Heads) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte)? == 0 {
            return Ok(());
        }
        head.extend(byte);
    }
    let mut head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    if path == "/body" {
        head.push_str(&body_of(&head, &mut stream)?);
    }
    let mut all = heads.lock().unwrap_or_else(PoisonError::into_inner);
    all.push(head.clone());
    drop(all);
    let path = head.split(' ').nth(1).unwrap_or_default();
    let keeps = answer(path, &head, &mut stream)?;
    if keeps {
        // Until the client has gone.
        let _ = stream.read(&mut [0]);
    }
    Ok(())
}

/// Reads a body that has a length. One in chunks stays unread.
fn body_of(head: &str, stream: &mut impl Read) -> std::io::Result<String> {
    let mut lines = head.lines();
    let length = lines.find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// Returns `false` if the connection is to be closed at once.
fn answer(path: &str, head: &str, stream: &mut impl Write) -> std::io::Result<bool> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let body = |text: &str| {
        format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{text}",
            text.len()
        )
    };
    match path {
        "/redirect" => write!(
            stream,
            "HTTP/1.1 302 Found\r\nlocation: {query}\r\ncontent-length: 0\r\n\r\n"
        ),
        "/echo" => stream.write_all(body(head).as_bytes()),
        "/large" => stream.write_all(body(&"x".repeat(5_000_000)).as_bytes()),
        "/large-head" => write!(
            stream,
            "HTTP/1.1 200 OK\r\nx-large: {}\r\ncontent-length: 0\r\n\r\n",
            "x".repeat(300_000)
        ),
        "/slow" => {
            pause(std::time::Duration::from_millis(300));
            stream.write_all(body("slow").as_bytes())
        }
        "/silent" => {
            pause(PATIENCE);
            Ok(())
        }
        "/cut" => {
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart")?;
            return Ok(false);
        }
        "/stall" => {
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart")?;
            pause(PATIENCE);
            Ok(())
        }
        "/garbage" => stream.write_all(b"this is no HTTP\r\n\r\n"),
        _ => stream.write_all(body("hello").as_bytes()),
    }?;
    stream.flush()?;
    Ok(true)
}
