//! A handler that calls every function of `wasi:sockets` directly, without a library.
//!
//! Its component is generated here, from [`FUNCTIONS`] and `test-guests/wat/sockets.wat`. No handler gets a
//! socket, so each interface has an additional function that returns one, and its methods are called
//! as well.

use std::fmt::Write as _;

use bootstream_test_support::guests;
use bootstream_test_support::process::Bootstrap;
use bootstream_test_support::recorder::{Event, Recorder};

/// What a function returns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Returned {
    /// `result<_, error-code>`, or with a value of this type.
    Result(&'static str),
    /// A value of this type, which is 0 if nothing is behind it.
    Nothing(&'static str),
    /// A pollable.
    Pollable,
}

use Returned::{Nothing, Pollable, Result};

/// One function: its interface, its name, its parameter types, and what it returns.
type Function = (
    &'static str,
    &'static str,
    &'static [&'static str],
    Returned,
);

const TCP: &str = "(borrow $tcp-socket)";
const UDP: &str = "(borrow $udp-socket)";
const NETWORK: &str = "(borrow $network)";
const INCOMING: &str = "(borrow $incoming-datagram-stream)";
const OUTGOING: &str = "(borrow $outgoing-datagram-stream)";
const LOOKUP: &str = "(borrow $resolve-address-stream)";

/// Every function of the interfaces at 0.2 except `instance-network`, which the component calls first in any
/// case, and `network-error-code`, which is unstable.
const FUNCTIONS: [Function; 50] = [
    (
        "ip-name-lookup",
        "resolve-addresses",
        &[NETWORK, "string"],
        Result("(own $resolve-address-stream)"),
    ),
    (
        "ip-name-lookup",
        "[method]resolve-address-stream.resolve-next-address",
        &[LOOKUP],
        Result("(option $ip-address)"),
    ),
    (
        "ip-name-lookup",
        "[method]resolve-address-stream.subscribe",
        &[LOOKUP],
        Pollable,
    ),
    (
        "tcp-create-socket",
        "create-tcp-socket",
        &["$ip-address-family"],
        Result("(own $tcp-socket)"),
    ),
    (
        "tcp",
        "[method]tcp-socket.start-bind",
        &[TCP, NETWORK, "$ip-socket-address"],
        Result(""),
    ),
    ("tcp", "[method]tcp-socket.finish-bind", &[TCP], Result("")),
    (
        "tcp",
        "[method]tcp-socket.start-connect",
        &[TCP, NETWORK, "$ip-socket-address"],
        Result(""),
    ),
    (
        "tcp",
        "[method]tcp-socket.finish-connect",
        &[TCP],
        Result("(tuple (own $input-stream) (own $output-stream))"),
    ),
    ("tcp", "[method]tcp-socket.start-listen", &[TCP], Result("")),
    (
        "tcp",
        "[method]tcp-socket.finish-listen",
        &[TCP],
        Result(""),
    ),
    (
        "tcp",
        "[method]tcp-socket.accept",
        &[TCP],
        Result("(tuple (own $tcp-socket) (own $input-stream) (own $output-stream))"),
    ),
    (
        "tcp",
        "[method]tcp-socket.local-address",
        &[TCP],
        Result("$ip-socket-address"),
    ),
    (
        "tcp",
        "[method]tcp-socket.remote-address",
        &[TCP],
        Result("$ip-socket-address"),
    ),
    (
        "tcp",
        "[method]tcp-socket.is-listening",
        &[TCP],
        Nothing("bool"),
    ),
    (
        "tcp",
        "[method]tcp-socket.address-family",
        &[TCP],
        Nothing("$ip-address-family"),
    ),
    (
        "tcp",
        "[method]tcp-socket.set-listen-backlog-size",
        &[TCP, "u64"],
        Result(""),
    ),
    (
        "tcp",
        "[method]tcp-socket.keep-alive-enabled",
        &[TCP],
        Result("bool"),
    ),
    (
        "tcp",
        "[method]tcp-socket.set-keep-alive-enabled",
        &[TCP, "bool"],
        Result(""),
    ),
    (
        "tcp",
        "[method]tcp-socket.keep-alive-idle-time",
        &[TCP],
        Result("u64"),
    ),
    (
        "tcp",
        "[method]tcp-socket.set-keep-alive-idle-time",
        &[TCP, "u64"],
        Result(""),
    ),
    (
        "tcp",
        "[method]tcp-socket.keep-alive-interval",
        &[TCP],
        Result("u64"),
    ),
    (
        "tcp",
        "[method]tcp-socket.set-keep-alive-interval",
        &[TCP, "u64"],
        Result(""),
    ),
    (
        "tcp",
        "[method]tcp-socket.keep-alive-count",
        &[TCP],
        Result("u32"),
    ),
    (
        "tcp",
        "[method]tcp-socket.set-keep-alive-count",
        &[TCP, "u32"],
        Result(""),
    ),
    ("tcp", "[method]tcp-socket.hop-limit", &[TCP], Result("u8")),
    (
        "tcp",
        "[method]tcp-socket.set-hop-limit",
        &[TCP, "u8"],
        Result(""),
    ),
    (
        "tcp",
        "[method]tcp-socket.receive-buffer-size",
        &[TCP],
        Result("u64"),
    ),
    (
        "tcp",
        "[method]tcp-socket.set-receive-buffer-size",
        &[TCP, "u64"],
        Result(""),
    ),
    (
        "tcp",
        "[method]tcp-socket.send-buffer-size",
        &[TCP],
        Result("u64"),
    ),
    (
        "tcp",
        "[method]tcp-socket.set-send-buffer-size",
        &[TCP, "u64"],
        Result(""),
    ),
    ("tcp", "[method]tcp-socket.subscribe", &[TCP], Pollable),
    (
        "tcp",
        "[method]tcp-socket.shutdown",
        &[TCP, "$shutdown-type"],
        Result(""),
    ),
    (
        "udp-create-socket",
        "create-udp-socket",
        &["$ip-address-family"],
        Result("(own $udp-socket)"),
    ),
    (
        "udp",
        "[method]udp-socket.start-bind",
        &[UDP, NETWORK, "$ip-socket-address"],
        Result(""),
    ),
    ("udp", "[method]udp-socket.finish-bind", &[UDP], Result("")),
    (
        "udp",
        "[method]udp-socket.stream",
        &[UDP, "(option $ip-socket-address)"],
        Result("(tuple (own $incoming-datagram-stream) (own $outgoing-datagram-stream))"),
    ),
    (
        "udp",
        "[method]udp-socket.local-address",
        &[UDP],
        Result("$ip-socket-address"),
    ),
    (
        "udp",
        "[method]udp-socket.remote-address",
        &[UDP],
        Result("$ip-socket-address"),
    ),
    (
        "udp",
        "[method]udp-socket.address-family",
        &[UDP],
        Nothing("$ip-address-family"),
    ),
    (
        "udp",
        "[method]udp-socket.unicast-hop-limit",
        &[UDP],
        Result("u8"),
    ),
    (
        "udp",
        "[method]udp-socket.set-unicast-hop-limit",
        &[UDP, "u8"],
        Result(""),
    ),
    (
        "udp",
        "[method]udp-socket.receive-buffer-size",
        &[UDP],
        Result("u64"),
    ),
    (
        "udp",
        "[method]udp-socket.set-receive-buffer-size",
        &[UDP, "u64"],
        Result(""),
    ),
    (
        "udp",
        "[method]udp-socket.send-buffer-size",
        &[UDP],
        Result("u64"),
    ),
    (
        "udp",
        "[method]udp-socket.set-send-buffer-size",
        &[UDP, "u64"],
        Result(""),
    ),
    ("udp", "[method]udp-socket.subscribe", &[UDP], Pollable),
    (
        "udp",
        "[method]incoming-datagram-stream.receive",
        &[INCOMING, "u64"],
        Result("(list $incoming-datagram)"),
    ),
    (
        "udp",
        "[method]incoming-datagram-stream.subscribe",
        &[INCOMING],
        Pollable,
    ),
    (
        "udp",
        "[method]outgoing-datagram-stream.check-send",
        &[OUTGOING],
        Result("u64"),
    ),
    (
        "udp",
        "[method]outgoing-datagram-stream.send",
        &[OUTGOING, "(list $outgoing-datagram)"],
        Result("u64"),
    ),
];

/// Alignment of a result with a value of this type, which is the offset of its payload, in bytes.
fn align(ty: &str) -> usize {
    match ty {
        "" | "bool" | "u8" => 1,
        "(option $ip-address)" => 2,
        "u64" => 8,
        _ => 4,
    }
}

/// The core WebAssembly parameters for one of this type, and zeros for them.
fn flat(ty: &str) -> (String, String) {
    let many = |count| (" i32".repeat(count), " (i32.const 0)".repeat(count));
    let local = |name: &str| (" i32".to_owned(), format!(" (local.get ${name})"));
    match ty {
        TCP => local("tcp"),
        UDP => local("udp"),
        NETWORK => local("network"),
        LOOKUP => local("lookup"),
        INCOMING => local("incoming"),
        OUTGOING => local("outgoing"),
        "u64" => (" i64".to_owned(), " (i64.const 0)".to_owned()),
        "string" | "(list $outgoing-datagram)" => many(2),
        "$ip-socket-address" => many(12),
        "(option $ip-socket-address)" => many(13),
        _ => many(1),
    }
}

/// The component in text form.
fn component() -> String {
    let mut text = include_str!("../../../test-guests/wat/sockets.wat").to_owned();
    let mut put = |place: &str, line: &str| {
        let place = format!(";; {place}\n");
        assert!(text.contains(&place), "no `{place}`");
        text = text.replace(&place, &format!("{line}\n{place}"));
    };
    for (number, (interface, name, parameters, returned)) in FUNCTIONS.into_iter().enumerate() {
        let mut typed = String::new();
        let (mut core, mut values) = (String::new(), String::new());
        for (index, ty) in parameters.iter().enumerate() {
            let label = if index == 0 && name.starts_with('[') {
                "self".to_owned()
            } else {
                format!("p{index}")
            };
            write!(typed, " (param \"{label}\" {ty})").expect("text grows");
            let (flat, zeros) = flat(ty);
            core.push_str(&flat);
            values.push_str(&zeros);
        }
        let (result, core_result, call) = match returned {
            Result(ty) => (
                format!("(result {ty} (error $error-code))"),
                "",
                format!(
                    "(call $f{number}{values} (i32.const 256)) \
                     (call $note (i32.const {number}) (call $is-denied (i32.const {})))",
                    align(ty)
                ),
            ),
            Nothing(ty) => (
                ty.to_owned(),
                "(result i32)",
                format!("(call $note (i32.const {number}) (i32.eqz (call $f{number}{values})))"),
            ),
            Pollable => (
                "(own $pollable)".to_owned(),
                "(result i32)",
                format!(
                    "(call $note (i32.const {number}) (call $ready (call $f{number}{values})))"
                ),
            ),
        };
        if matches!(returned, Result(_)) {
            core.push_str(" i32");
        }
        put(
            &format!("functions of {interface}"),
            &format!("(export \"{name}\" (func{typed} (result {result})))"),
        );
        put(
            "lowered functions",
            &format!(
                "(core func $f{number} (canon lower (func ${interface} \"{name}\") \
                 (memory $memory) (realloc $realloc)))"
            ),
        );
        put(
            "imported functions",
            &format!(
                "(import \"host\" \"f{number}\" (func $f{number} (param{core}) {core_result}))"
            ),
        );
        put("calls", &call);
        put(
            "exported functions",
            &format!("(export \"f{number}\" (func $f{number}))"),
        );
    }
    text
}

#[test]
fn every_function_of_sockets_is_denied_and_none_ends_the_handler() {
    let folder = tempfile::tempdir().expect("a folder");
    let lambda = Recorder::start();
    lambda.enqueue(Event::new("id-1", "{}"));
    let handler = guests::compiled(&component(), folder.path());
    let _host = Bootstrap::with_handler(&lambda, &handler).start();

    let body = lambda.complete_response("id-1").body();

    let outcomes = body.chars().zip(FUNCTIONS);
    let others: Vec<_> = outcomes
        .filter(|(outcome, _)| *outcome != 'd')
        .map(|(_, (interface, name, ..))| format!("{interface}: {name}"))
        .collect();
    assert_eq!(others, [""; 0]);
    assert_eq!(body.len(), FUNCTIONS.len());
}
