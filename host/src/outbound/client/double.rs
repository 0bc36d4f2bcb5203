//! Connections to the doubles of a rehearsal, in place of other hosts.

use std::net::{IpAddr, SocketAddr};

use http::request::Parts;
use rustix::io::Errno;
use tokio::io::DuplexStream;
use wasmtime_wasi_http::Error;

use super::connect::{Failure, Route};
use crate::rehearsal::{self, Doubles, Event, Failing, Reaction};

/// Opens a connection to the double of a request, or fails as the double says.
pub(super) async fn connect(route: Route<'_>, doubles: &Doubles) -> Result<DuplexStream, Failure> {
    let head = route.head.ok_or(Error::HttpRequestDenied)?;
    check_address(route)?;
    let method = head.method.as_str();
    let path = head.uri.path_and_query();
    let path = path.map_or("/", |path| path.as_str());
    let url = route.destination.url(path);
    let Some(chosen) = doubles.choose(method, &url) else {
        let method = method.to_owned();
        rehearsal::note(&Event::Undeclared { method, url });
        return Err(Error::HttpRequestDenied.into());
    };
    let failing = match chosen.reaction {
        Reaction::Answer(_) | Reaction::Fail(Failing::Closed | Failing::Timeout) => {
            return Ok(rehearsal::connect(chosen, url));
        }
        Reaction::Fail(failing) => failing,
    };
    note_unsent(chosen.index, head, url);
    Err(failure(failing).await.into())
}

/// The error of a connection that does not come about.
async fn failure(failing: Failing) -> Error {
    match failing {
        Failing::NameLookup => Error::DnsError {
            rcode: Some("the double has no address".to_owned()),
            info_code: None,
        },
        Failing::Certificate => Error::TlsCertificateError,
        Failing::ConnectTimeout => std::future::pending().await,
        Failing::Refused | Failing::Closed | Failing::Timeout => {
            Error::Connect(Errno::CONNREFUSED.into())
        }
    }
}

/// Checks a host that is an address. Any other is taken to have a public one.
fn check_address(route: Route<'_>) -> Result<(), Failure> {
    let Ok(address) = route.destination.host.parse::<IpAddr>() else {
        return Ok(());
    };
    let found = SocketAddr::new(address, route.destination.port);
    let policy = route.policy;
    let chosen = policy.choose(route.destination, route.reach, &[found], &[]);
    chosen.map(drop).ok_or(Failure::Prohibited(vec![found]))
}

/// Reports a request of which nothing is sent.
fn note_unsent(double: usize, head: &Parts, url: String) {
    rehearsal::note(&Event::Request {
        double,
        method: head.method.to_string(),
        url,
        headers: rehearsal::pairs(&head.headers),
        body: Vec::new(),
    });
}
