//! The console of `dev`: its port and its files.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::{Context as _, Result};
use local_lambda::Asset;
use tokio::net::TcpListener;

/// The port, unless an argument names one.
const DEFAULT_PORT: u16 = 7001;

/// How many ports are tried if no argument names one.
const ATTEMPTS: u16 = 100;

macro_rules! asset {
    ($name:literal, $content_type:literal) => {
        Asset {
            path: concat!("/", $name),
            content_type: $content_type,
            bytes: include_bytes!(concat!("../../../assets/console/", $name)),
        }
    };
}

macro_rules! module {
    ($name:literal) => {
        asset!($name, "text/javascript; charset=utf-8")
    };
}

/// The files of the page.
pub(super) static ASSETS: [Asset; 17] = [
    asset!("index.html", "text/html; charset=utf-8"),
    asset!("style.css", "text/css; charset=utf-8"),
    asset!("icon.svg", "image/svg+xml"),
    module!("app.js"),
    module!("api.js"),
    module!("dom.js"),
    module!("format.js"),
    module!("list.js"),
    module!("timeline.js"),
    module!("lanes.js"),
    module!("details.js"),
    module!("body.js"),
    module!("sse.js"),
    module!("edit.js"),
    module!("compare.js"),
    module!("copy.js"),
    module!("trace.js"),
];

/// Listens on a port of 127.0.0.1 and of [::1]: on `port`, or else on the first free one from the default
/// on. Port 0 is a free one.
///
/// # Errors
///
/// The port is in use.
pub(super) async fn listen(port: Option<u16>) -> Result<Vec<TcpListener>> {
    let candidates: Vec<u16> = match port {
        // The port that is free on one address may be in use on the other.
        Some(0) => vec![0; usize::from(ATTEMPTS)],
        Some(port) => vec![port],
        None => (DEFAULT_PORT..DEFAULT_PORT + ATTEMPTS).collect(),
    };
    let last = candidates.last().copied().unwrap_or_default();
    for candidate in candidates {
        match both(candidate).await {
            Ok(listeners) => return Ok(listeners),
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            Err(error) => return Err(error).context("cannot listen for the console"),
        }
    }
    let first = port.unwrap_or(DEFAULT_PORT);
    anyhow::bail!(
        "the ports {first} to {last} for the console are in use: choose another --console-port, 0 for a free \
         one, or --no-console"
    )
}

/// Listens on both addresses of this machine. Some machines have no IPv6.
async fn both(port: u16) -> std::io::Result<Vec<TcpListener>> {
    let first = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = SocketAddr::from((Ipv6Addr::LOCALHOST, first.local_addr()?.port()));
    match TcpListener::bind(address).await {
        Ok(second) => Ok(vec![first, second]),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(error),
        Err(_) => Ok(vec![first]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_in_use_is_named() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = taken.local_addr().unwrap().port();

        let error = listen(Some(port)).await.unwrap_err().to_string();

        assert!(error.contains(&port.to_string()), "{error}");
        assert!(error.contains("--console-port"), "{error}");
    }

    #[tokio::test]
    async fn both_listeners_have_one_port_and_only_this_machine_reaches_it() {
        let listeners = listen(Some(0)).await.unwrap();

        let addresses: Vec<_> = listeners
            .iter()
            .map(|it| it.local_addr().unwrap())
            .collect();
        assert!(addresses.iter().all(|it| it.ip().is_loopback()));
        assert!(addresses.iter().all(|it| it.port() == addresses[0].port()));
    }

    #[test]
    fn the_page_is_small_and_has_no_file_twice() {
        let bytes: usize = ASSETS.iter().map(|asset| asset.bytes.len()).sum();
        assert!(bytes < 100_000, "{bytes}");
        let mut paths: Vec<_> = ASSETS.iter().map(|asset| asset.path).collect();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), ASSETS.len());
    }
}
