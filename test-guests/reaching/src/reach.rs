//! Files, sockets and memory through the standard library.

use std::cell::Cell;
use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream, ToSocketAddrs as _, UdpSocket};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

thread_local! {
    static COUNT: Cell<u32> = const { Cell::new(0) };
}

fn described(error: impl std::fmt::Display) -> String {
    error.to_string()
}

pub(crate) fn connect(address: &str) -> Result<String, String> {
    let stream = TcpStream::connect(address).map_err(described)?;
    Ok(format!("connected to {:?}", stream.peer_addr()))
}

pub(crate) fn listen(address: &str) -> Result<String, String> {
    let listener = TcpListener::bind(address).map_err(described)?;
    Ok(format!("listens on {:?}", listener.local_addr()))
}

pub(crate) fn datagram(address: &str) -> Result<String, String> {
    let socket = UdpSocket::bind("0.0.0.0:0").map_err(described)?;
    let sent = socket.send_to(b"x", address).map_err(described)?;
    Ok(format!("sent {sent}"))
}

pub(crate) fn resolve(name: &str) -> Result<String, String> {
    let found: Vec<_> = (name, 80).to_socket_addrs().map_err(described)?.collect();
    Ok(format!("{found:?}"))
}

pub(crate) fn read_file(path: &str) -> Result<String, String> {
    let bytes = fs::read(path).map_err(described)?;
    Ok(format!("{} bytes", bytes.len()))
}

pub(crate) fn list(path: &str) -> Result<String, String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(described)? {
        names.push(
            entry
                .map_err(described)?
                .file_name()
                .to_string_lossy()
                .into_owned(),
        );
    }
    names.sort();
    Ok(names.join(" "))
}

pub(crate) fn write_file(path: &str, bytes: usize) -> Result<String, String> {
    let mut file = fs::File::create(path).map_err(described)?;
    file.write_all(&vec![b'x'; bytes]).map_err(described)?;
    file.sync_all().map_err(described)?;
    Ok(format!("wrote {bytes}"))
}

pub(crate) fn remove_file(path: &str) -> Result<String, String> {
    fs::remove_file(path).map_err(described)?;
    Ok("removed".to_owned())
}

pub(crate) fn count() -> u32 {
    COUNT.with(|count| {
        count.set(count.get() + 1);
        count.get()
    })
}

/// Reads both clocks, and takes random numbers of each source.
pub(crate) fn surroundings() -> Result<String, String> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_err(described)?;
    let random = wasip2::random::random::get_random_u64();
    let insecure = wasip2::random::insecure::get_insecure_random_u64();
    let seed = wasip2::random::insecure_seed::insecure_seed();
    Ok(format!(
        "now={now:?} monotonic={:?} random={random} insecure={insecure} seed={seed:?}",
        Instant::now()
    ))
}
