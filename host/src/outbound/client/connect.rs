//! Connects to a destination: looks up the name once, checks the addresses, and connects to a checked
//! address. A DNS record that changes meanwhile has no effect.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use http::uri::Scheme;
use rustix::io::Errno;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::Error as TlsError;
use wasmtime_wasi_http::Error;

use super::link::Link;
use super::tls;
use crate::outbound::policy::{Forbidden, Policy, Reach};
use crate::outbound::target::Destination;
use crate::platform::threads::pool_has_thread;

/// A connection, with or without TLS.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A permit for one open request.
pub(super) type Permit = Arc<OwnedSemaphorePermit>;

/// Why a request has no response.
#[derive(Debug)]
pub(super) enum Failure {
    /// The name resolves only to prohibited addresses.
    Prohibited(Vec<SocketAddr>),
    /// The process has no file descriptor for the connection.
    OutOfFiles,
    Other(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// A future whose code is there once for all callers, and whose room only while it runs. For what few requests
/// wait for.
pub(super) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where a connection leads, and for which request.
#[derive(Clone, Copy)]
pub(super) struct Route<'a> {
    pub(super) policy: &'a Policy,
    pub(super) destination: &'a Destination,
    pub(super) reach: Reach,
    /// The head of the first request. `None` if there is none yet.
    #[cfg_attr(
        not(feature = "rehearsal"),
        expect(dead_code, reason = "only a double is chosen by request")
    )]
    pub(super) head: Option<&'a Parts>,
    pub(super) permit: &'a Permit,
    /// Longest time that opening may take.
    pub(super) limit: Duration,
}

/// Opens a connection.
pub(super) fn open(route: Route<'_>) -> Boxed<'_, Result<Link, Failure>> {
    Box::pin(async move {
        let opening = timeout(route.limit, stream(route));
        let stream = opening.await.map_err(|_| Error::ConnectionTimeout)??;
        Ok(Link::over(stream, route.policy.header_bytes).await?)
    })
}

async fn stream(route: Route<'_>) -> Result<Box<dyn Stream>, Failure> {
    let Route {
        policy,
        destination,
        ..
    } = route;
    #[cfg(feature = "rehearsal")]
    if let Some(doubles) = &policy.doubles {
        return Ok(Box::new(super::double::connect(route, doubles).await?));
    }
    let address = resolve(route).await?;
    let stream = TcpStream::connect(address).await.map_err(unconnected)?;
    // Small parts of a request must not wait for each other.
    stream.set_nodelay(true).map_err(Error::Connect)?;
    if destination.scheme == Scheme::HTTP {
        return Ok(Box::new(stream));
    }
    let config = tls::client_config(policy).map_err(|reason| {
        tracing::error!("cannot use `outbound.ca-file`: {reason}");
        Error::ConfigurationError
    })?;
    let name =
        ServerName::try_from(destination.host.clone()).map_err(|_| Error::HttpRequestUriInvalid)?;
    let stream = TlsConnector::from(config).connect(name, stream).await;
    Ok(Box::new(stream.map_err(tls_error)?))
}

async fn resolve(route: Route<'_>) -> Result<SocketAddr, Failure> {
    let Route {
        policy,
        destination,
        reach,
        permit,
        ..
    } = route;
    let found = lookup(&destination.host, destination.port, permit).await?;
    let mut forbidden = Vec::new();
    for Forbidden { host, port } in &policy.forbidden {
        forbidden.extend(lookup(host, *port, permit).await?);
    }
    policy
        .choose(destination, reach, &found, &forbidden)
        .ok_or(Failure::Prohibited(found))
}

async fn lookup(host: &str, port: u16, permit: &Permit) -> Result<Vec<SocketAddr>, Error> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let unresolved = |reason: String| Error::DnsError {
        rcode: Some(reason),
        info_code: None,
    };
    if !pool_has_thread() {
        let reason = "the system refuses the thread that looks up names";
        return Err(unresolved(reason.to_owned()));
    }
    let (host, permit) = (host.to_owned(), Arc::clone(permit));
    let looking = spawn_blocking(move || {
        let found = (host.as_str(), port).to_socket_addrs();
        // The lookup cannot be cancelled, so its request counts as open until here, even if it was
        // dropped: otherwise a handler could start any number of lookups.
        drop(permit);
        found.map(Vec::from_iter)
    });
    let found = looking.await.unwrap_or_else(|stopped| Err(stopped.into()));
    found.map_err(|error| unresolved(error.to_string()))
}

fn unconnected(error: std::io::Error) -> Failure {
    match Errno::from_io_error(&error) {
        Some(Errno::MFILE | Errno::NFILE) => Failure::OutOfFiles,
        _ => Error::Connect(error).into(),
    }
}

fn tls_error(error: std::io::Error) -> Error {
    let rustls_error = error.get_ref().and_then(|inner| inner.downcast_ref());
    match rustls_error {
        Some(TlsError::InvalidCertificate(_)) => Error::TlsCertificateError,
        _ => Error::Tls(error),
    }
}
