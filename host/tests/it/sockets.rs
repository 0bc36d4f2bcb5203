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
    Zero(&'static str),
    /// A pollable.
    Pollable,
}

use Returned::{Pollable, Result, Zero};

/// One function.
struct Function {
    interface: &'static str,
    name: String,
    /// Types. The first parameter of a method is its resource.
    parameters: Vec<String>,
    returned: Returned,
}

impl Function {
    /// Reads a line of [`FUNCTIONS`].
    fn parse(line: &'static str) -> Self {
        let fields: Vec<_> = line.split('|').map(str::trim).collect();
        let [interface, name, parameters, returned] = fields[..] else {
            panic!("`{line}` has not four fields");
        };
        let resource = name.split_once('.').map(|(resource, _)| resource);
        let itself = resource.map(|resource| format!("(borrow ${resource})"));
        let others = parameters.split(", ").filter(|ty| !ty.is_empty());
        Self {
            interface,
            name: match resource {
                Some(_) => format!("[method]{name}"),
                None => name.to_owned(),
            },
            parameters: itself
                .into_iter()
                .chain(others.map(str::to_owned))
                .collect(),
            returned: match returned.split_once(' ').unwrap_or((returned, "")) {
                ("result", ty) => Result(ty),
                ("zero", ty) => Zero(ty),
                _ => Pollable,
            },
        }
    }
}

const TCP: &str = "(borrow $tcp-socket)";
const UDP: &str = "(borrow $udp-socket)";
const NETWORK: &str = "(borrow $network)";
const INCOMING: &str = "(borrow $incoming-datagram-stream)";
const OUTGOING: &str = "(borrow $outgoing-datagram-stream)";
const LOOKUP: &str = "(borrow $resolve-address-stream)";

/// Every function of the interfaces at 0.2, by interface, name, types of the parameters besides a method's resource,
/// and what it returns; except `instance-network`, which the component calls first in any
/// case, and `network-error-code`, which is unstable.
const FUNCTIONS: &str = "\
ip-name-lookup | resolve-addresses | (borrow $network), string | result (own $resolve-address-stream)
ip-name-lookup | resolve-address-stream.resolve-next-address | | result (option $ip-address)
ip-name-lookup | resolve-address-stream.subscribe | | pollable
tcp-create-socket | create-tcp-socket | $ip-address-family | result (own $tcp-socket)
tcp | tcp-socket.start-bind | (borrow $network), $ip-socket-address | result
tcp | tcp-socket.finish-bind | | result
tcp | tcp-socket.start-connect | (borrow $network), $ip-socket-address | result
tcp | tcp-socket.finish-connect | | result (tuple (own $input-stream) (own $output-stream))
tcp | tcp-socket.start-listen | | result
tcp | tcp-socket.finish-listen | | result
tcp | tcp-socket.accept | | result (tuple (own $tcp-socket) (own $input-stream) (own $output-stream))
tcp | tcp-socket.local-address | | result $ip-socket-address
tcp | tcp-socket.remote-address | | result $ip-socket-address
tcp | tcp-socket.is-listening | | zero bool
tcp | tcp-socket.address-family | | zero $ip-address-family
tcp | tcp-socket.set-listen-backlog-size | u64 | result
tcp | tcp-socket.keep-alive-enabled | | result bool
tcp | tcp-socket.set-keep-alive-enabled | bool | result
tcp | tcp-socket.keep-alive-idle-time | | result u64
tcp | tcp-socket.set-keep-alive-idle-time | u64 | result
tcp | tcp-socket.keep-alive-interval | | result u64
tcp | tcp-socket.set-keep-alive-interval | u64 | result
tcp | tcp-socket.keep-alive-count | | result u32
tcp | tcp-socket.set-keep-alive-count | u32 | result
tcp | tcp-socket.hop-limit | | result u8
tcp | tcp-socket.set-hop-limit | u8 | result
tcp | tcp-socket.receive-buffer-size | | result u64
tcp | tcp-socket.set-receive-buffer-size | u64 | result
tcp | tcp-socket.send-buffer-size | | result u64
tcp | tcp-socket.set-send-buffer-size | u64 | result
tcp | tcp-socket.subscribe | | pollable
tcp | tcp-socket.shutdown | $shutdown-type | result
udp-create-socket | create-udp-socket | $ip-address-family | result (own $udp-socket)
udp | udp-socket.start-bind | (borrow $network), $ip-socket-address | result
udp | udp-socket.finish-bind | | result
udp | udp-socket.stream | (option $ip-socket-address) | result (tuple (own $incoming-datagram-stream) (own $outgoing-datagram-stream))
udp | udp-socket.local-address | | result $ip-socket-address
udp | udp-socket.remote-address | | result $ip-socket-address
udp | udp-socket.address-family | | zero $ip-address-family
udp | udp-socket.unicast-hop-limit | | result u8
udp | udp-socket.set-unicast-hop-limit | u8 | result
udp | udp-socket.receive-buffer-size | | result u64
udp | udp-socket.set-receive-buffer-size | u64 | result
udp | udp-socket.send-buffer-size | | result u64
udp | udp-socket.set-send-buffer-size | u64 | result
udp | udp-socket.subscribe | | pollable
udp | incoming-datagram-stream.receive | u64 | result (list $incoming-datagram)
udp | incoming-datagram-stream.subscribe | | pollable
udp | outgoing-datagram-stream.check-send | | result u64
udp | outgoing-datagram-stream.send | (list $outgoing-datagram) | result u64";

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
    for (number, function) in FUNCTIONS.lines().map(Function::parse).enumerate() {
        let Function {
            interface,
            name,
            parameters,
            returned,
        } = function;
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
            Zero(ty) => (
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

    let outcomes = body.chars().zip(FUNCTIONS.lines());
    let others = outcomes.filter(|(outcome, _)| *outcome != 'd');
    assert_eq!(others.collect::<Vec<_>>(), []);
    assert_eq!(body.len(), 50);
    assert_eq!(FUNCTIONS.lines().count(), 50);
}
