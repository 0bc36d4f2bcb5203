//! Accepts HTTP/1.1 connections and owns their tasks.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// How long to wait after a failed `accept`.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Handles the requests of one listener.
pub(crate) trait Handler: Clone + Send + 'static {
    /// Maximum number of headers in a request. hyper allocates space for all of them.
    const MOST_HEADERS: usize = 100;

    type Body: Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>>
        + Send
        + 'static;

    fn handle(
        self,
        request: Request<Incoming>,
        peer: IpAddr,
    ) -> impl Future<Output = Response<Self::Body>> + Send;

    /// Called for input that is not HTTP. hyper has already answered the peer.
    fn not_http(&self, _peer: IpAddr, _error: &hyper::Error) {}
}

/// Serves until dropped. Dropping it closes every connection.
pub(crate) async fn serve<H: Handler>(listener: TcpListener, handler: H) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(serve_connection(stream, peer, handler.clone()));
                }
                // Most likely out of file descriptors: a connection has to end first.
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve_connection<H: Handler>(stream: TcpStream, peer: SocketAddr, handler: H) {
    // Chunks must be sent at once. A socket that refuses the option still works.
    let _ = stream.set_nodelay(true);
    let listening = handler.clone();
    let service = service_fn(move |request| {
        let handler = handler.clone();
        async move { Ok::<_, Infallible>(handler.handle(request, peer.ip()).await) }
    });
    let served = http1::Builder::new()
        .max_headers(H::MOST_HEADERS)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    // Other errors are not about the invocation: the body reports how that ended.
    if let Err(error) = served
        && error.is_parse()
    {
        listening.not_http(peer.ip(), &error);
    }
}

/// Binds a free port that only this machine can reach.
///
/// # Errors
///
/// The machine has no free port.
pub(crate) async fn bind_loopback() -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
}
