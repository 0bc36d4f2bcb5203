//! Many callers at once.

use std::io::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr, TcpStream};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;

use crate::support::{Dev, End, Response, ready_guest, script};

const MIB: usize = 1024 * 1024;

/// Sends an event without waiting for a response.
fn send(dev: &Dev, event: &str) -> TcpStream {
    let mut stream = dev.connect();
    let length = event.len();
    let head = format!(
        "POST /invoke HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{event}"
    );
    stream.write_all(head.as_bytes()).expect("the server reads");
    stream
}

/// Raises this process's limit on sockets to the system's maximum.
fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, raised).expect("the limit may be raised");
}

#[test]
fn twenty_swaps_break_none_of_a_thousand_streams() {
    const SWAPS: usize = 20;
    const STREAMS_BETWEEN: usize = 50;
    raise_limit();
    let folder = tempfile::tempdir().expect("temporary files are writable");
    let handler = folder.path().join("handler.cwasm");
    let next = folder.path().join("next");
    std::fs::copy(ready_guest(), &handler).expect("temporary files are writable");
    let mut dev = Dev::start(&handler, &["--concurrency", "1000"]);
    // All of them are open during the last swaps.
    let event = script(&json!([
        {"write_headers": {"status": 200}}, {"write": "first "}, {"sleep_ms": 15_000},
        {"write": "second"},
    ]));

    let mut streams = Vec::new();
    for _ in 0..SWAPS {
        streams.extend((0..STREAMS_BETWEEN).map(|_| send(&dev, &event)));
        std::fs::copy(&handler, &next).expect("temporary files are writable");
        std::fs::rename(&next, &handler).expect("temporary files are writable");
        dev.wait_for("swapped to the new");
    }

    assert_eq!(streams.len(), 1000);
    for (number, stream) in streams.into_iter().enumerate() {
        let response = Response::read(stream, event.as_bytes());
        assert_eq!(response.status, 200, "{number}");
        let body = ("first second".to_owned(), End::Complete);
        assert_eq!(response.rest(), body, "{number}");
    }
}

/// Resident memory of a process, in bytes.
pub(crate) fn resident(pid: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.expect("a size").trim().trim_end_matches(" kB");
    kib.parse::<usize>().expect("a number") * 1024
}

#[test]
fn a_caller_that_does_not_read_holds_the_function_back_and_costs_no_memory() {
    // One environment for the stalled caller, one for the others.
    let mut dev = Dev::start(&ready_guest(), &["--concurrency", "2"]);
    let total = 256 * MIB;
    let event = script(&json!([
        {"write_headers": {"status": 200}},
        {"write_pattern": {"total": total, "chunk": 65_536}},
        {"eprint": "wrote it all\n"},
    ]));
    let stalled = Response::read(send(&dev, &event), event.as_bytes());
    let small = script(&json!([{"write": "small"}]));
    // Warms up until buffers and arenas stop growing.
    for _ in 0..20 {
        dev.invoke(&small).rest();
    }
    let everybody = |dev: &Dev| {
        let environments = dev.environments();
        let environments = environments.iter().map(|pid| resident(pid.unsigned_abs()));
        resident(dev.pid()) + environments.sum::<usize>()
    };
    let before = everybody(&dev);

    // Other callers are served meanwhile.
    for _ in 0..200 {
        assert_eq!(dev.invoke(&small).rest().0, "small");
    }

    assert_eq!(dev.environments().len(), 2);
    let grown = everybody(&dev).saturating_sub(before);
    assert!(grown < 16 * MIB, "{grown}");
    assert!(!dev.has_seen("wrote it all"));
    let (body, end) = stalled.raw_rest();
    assert_eq!((body.len(), end), (total, End::Complete));
    let pattern = |(at, byte): (usize, &u8)| usize::from(*byte) == at % 251;
    assert!(body.iter().enumerate().all(pattern));
    dev.wait_until_seen("wrote it all");
}

/// The addresses on which these processes listen.
pub(crate) fn listening(pids: &[u32]) -> Vec<String> {
    const LISTEN: &str = "0A";
    let sockets: Vec<String> = pids
        .iter()
        .flat_map(|pid| std::fs::read_dir(format!("/proc/{pid}/fd")).expect("it runs"))
        .filter_map(|fd| std::fs::read_link(fd.ok()?.path()).ok())
        .filter_map(|link| {
            let link = link.to_str()?.to_owned();
            Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
        })
        .collect();
    let mut addresses = Vec::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        for line in std::fs::read_to_string(table)
            .unwrap_or_default()
            .lines()
            .skip(1)
        {
            // Field 2 is the address, field 4 the state, field 10 the socket.
            let mut fields = line.split_whitespace().skip(1);
            let (address, state, socket) = (fields.next(), fields.nth(1), fields.nth(5));
            if state == Some(LISTEN) && socket.is_some_and(|it| sockets.iter().any(|own| own == it))
            {
                let address = address.and_then(|address| address.split_once(':'));
                addresses.push(address.expect("an address and a port").0.to_owned());
            }
        }
    }
    addresses
}

/// Returns an address as the kernel prints it: words of four bytes in the machine's byte order.
fn as_in_tables(octets: &[u8]) -> String {
    let words = octets.chunks_exact(4).map(|word| {
        let word = word.try_into().expect("four bytes");
        format!("{:08X}", u32::from_ne_bytes(word))
    });
    words.collect()
}

#[test]
fn nothing_listens_on_more_than_this_machine_s_own_address() {
    let dev = Dev::start(&ready_guest(), &[]);
    dev.invoke("{}").rest();
    let mut pids = vec![dev.pid()];
    pids.extend(dev.environments().iter().map(|pid| pid.unsigned_abs()));

    let addresses = listening(&pids);

    let loopback = [
        as_in_tables(&Ipv4Addr::LOCALHOST.octets()),
        as_in_tables(&Ipv6Addr::LOCALHOST.octets()),
    ];
    assert!(
        addresses.len() >= 2,
        "the server and a Runtime API: {addresses:?}"
    );
    assert!(
        addresses.iter().all(|it| loopback.contains(it)),
        "{addresses:?}"
    );
}
