//! The HTTPS server that proxies ask: one thread for each connection, certificates of its own authority.

use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use anyhow::Context as _;
use bench_workload::{Answer, stamp};
use bootstream_test_support::wire::{Wire, is_gone};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Size of the read and write buffers of a connection, in bytes.
const BUFFER_BYTES: usize = 64 * 1024;

/// A server on loopback. Stops accepting when dropped.
pub(crate) struct Upstream {
    address: SocketAddr,
    ca_file: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    connections: AtomicUsize,
    closed: AtomicBool,
}

impl Upstream {
    /// Starts a server and writes the certificate of its authority into `folder`.
    pub(crate) fn start(folder: &Path) -> anyhow::Result<Self> {
        let (authority, config) = identity()?;
        std::fs::create_dir_all(folder)?;
        let ca_file = folder.join("upstream-ca.pem");
        std::fs::write(&ca_file, authority)?;
        let ca_file = ca_file
            .to_str()
            .context("the folder is not UTF-8")?
            .to_owned();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &config, &accepting));
        Ok(Self {
            address,
            ca_file,
            shared,
        })
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Path of its authority's certificate, in PEM form.
    pub(crate) fn ca_file(&self) -> String {
        self.ca_file.clone()
    }

    /// Number of connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Relaxed);
        // Wakes the accepting thread, so that it sees the end.
        TcpStream::connect(self.address).ok();
    }
}

/// The authority's certificate in PEM form, and a configuration with a certificate that it signed.
fn identity() -> anyhow::Result<(String, Arc<ServerConfig>)> {
    let mut params = CertificateParams::new([])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate()?;
    let authority = params.self_signed(&key)?;
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate()?;
    let host = Ipv4Addr::LOCALHOST.to_string();
    let certificate = CertificateParams::new([host])?.signed_by(&key, &issuer)?;
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.into())?;
    Ok((authority.pem(), Arc::new(config)))
}

fn accept(listener: &TcpListener, config: &Arc<ServerConfig>, shared: &Shared) {
    for stream in listener.incoming() {
        if shared.closed.load(Ordering::Relaxed) {
            return;
        }
        let Ok(stream) = stream else { continue };
        shared.connections.fetch_add(1, Ordering::Relaxed);
        let config = Arc::clone(config);
        // A request that fails is seen where its response arrives.
        thread::spawn(move || serve(stream, config).ok());
    }
}

fn serve(stream: TcpStream, config: Arc<ServerConfig>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let session = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut wire = Wire::with_buffer(StreamOwned::new(session, stream), BUFFER_BYTES);
    loop {
        let head = match wire.head() {
            Err(error) if is_gone(&error) => return Ok(()),
            head => String::from_utf8_lossy(&head?).into_owned(),
        };
        let path = head.split(' ').nth(1).unwrap_or_default();
        let answer = Answer::from_path(path);
        let answer =
            answer.ok_or_else(|| io::Error::other(format!("the proxy asked for `{path}`")))?;
        write_answer(wire.source(), &answer)?;
        if answer.close {
            let StreamOwned { conn, sock } = wire.source();
            conn.send_close_notify();
            conn.write_tls(sock)?;
            return Ok(());
        }
    }
}

/// Writes an answer of known length; one with pauses in chunks, each as soon as it is there.
fn write_answer(stream: &mut impl Write, answer: &Answer) -> io::Result<()> {
    let mut writer = BufWriter::with_capacity(BUFFER_BYTES, stream);
    let streamed = !answer.pause.is_zero();
    writer.write_all(head(answer, streamed).as_bytes())?;
    let mut chunk = vec![b'x'; answer.chunk_bytes];
    for _ in 0..answer.chunks {
        if streamed {
            writer.flush()?;
            pause(answer.pause);
        }
        if answer.stamp {
            stamp(&mut chunk);
        }
        if streamed {
            write!(writer, "{:x}\r\n", chunk.len())?;
        }
        writer.write_all(&chunk)?;
        if streamed {
            writer.write_all(b"\r\n")?;
        }
    }
    if streamed {
        writer.flush()?;
        writer.write_all(b"0\r\n\r\n")?;
    }
    writer.flush()
}

fn head(answer: &Answer, streamed: bool) -> String {
    let mut head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n".to_owned();
    if answer.close {
        head.push_str("connection: close\r\n");
    }
    let written = if streamed {
        write!(head, "transfer-encoding: chunked\r\n\r\n")
    } else {
        let length = answer.chunks * answer.chunk_bytes as u64;
        write!(head, "content-length: {length}\r\n\r\n")
    };
    written.expect("a text takes all");
    head
}

#[expect(
    clippy::disallowed_methods,
    reason = "a thread of its own for each connection"
)]
fn pause(time: std::time::Duration) {
    thread::sleep(time);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn written(answer: Answer) -> String {
        let mut stream = Vec::new();
        write_answer(&mut stream, &answer).unwrap();
        String::from_utf8(stream).unwrap()
    }

    const ANSWER: Answer = Answer {
        chunks: 2,
        chunk_bytes: 3,
        pause: Duration::ZERO,
        stamp: false,
        close: false,
    };

    #[test]
    fn an_answer_without_pauses_has_a_length() {
        let text = written(ANSWER);
        assert!(text.ends_with("content-length: 6\r\n\r\nxxxxxx"), "{text}");
    }

    #[test]
    fn an_answer_with_pauses_has_chunks() {
        let text = written(Answer {
            pause: Duration::from_micros(1),
            close: true,
            ..ANSWER
        });
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("\r\nconnection: close\r\n"), "{head}");
        assert_eq!(body, "3\r\nxxx\r\n3\r\nxxx\r\n0\r\n\r\n");
    }
}
