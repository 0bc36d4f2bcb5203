//! A minimal runtime on the standard library's sockets, which the tests compile.
//!
//! The event holds commands that survive any quoting. `type=TEXT;` sets the content type of the response,
//! `hex=61,62;` has the chunks of a streamed one, `whole=61;` the body of a buffered one. `cut` omits the
//! last chunk, `trailers` ends with the trailers of a failure that the head did not announce. `handler`
//! responds with the setting of that name, `echo` with the event in a document, `fail` with an error
//! before the first byte. `xray=NAME;` sends X-Ray's daemon a span of this name, with another one in it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::time::{SystemTime, UNIX_EPOCH};

fn main() {
    println!("native runtime at work");
    loop {
        let (head, event) =
            exchange(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: h\r\n\r\n");
        let id = head
            .lines()
            .find_map(|line| {
                line.split_once(": ")
                    .filter(|it| it.0 == "lambda-runtime-aws-request-id")
            })
            .map(|it| it.1);
        let Some(id) = id else {
            // The emulator may not have noticed the cut connection yet.
            std::thread::sleep(std::time::Duration::from_millis(20));
            continue;
        };
        exchange(&answer(id, &event));
    }
}

fn answer(id: &str, event: &str) -> Vec<u8> {
    let word = |name: &str| {
        Some(
            event
                .split_once(name)?
                .1
                .split(';')
                .next()
                .unwrap()
                .to_owned(),
        )
    };
    if let Some(name) = word("xray=") {
        tell_daemon(&name);
    }
    let mut head =
        format!("POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: h\r\n");
    if let Some(content_type) = word("type=") {
        head += &format!("content-type: {content_type}\r\n");
    }
    let whole = match event.contains("handler") {
        true => Some(std::env::var("_HANDLER").unwrap().into_bytes()),
        false => word("whole=").map(|text| bytes(&text)),
    };
    if event.contains("fail") {
        let head = head.replace("/response", "/error");
        let headers = "lambda-runtime-function-error-type: Function.Asked\r\n";
        let document = r#"{"errorMessage":"as asked","errorType":"Function.Asked"}"#;
        let length = document.len();
        return format!("{head}{headers}content-length: {length}\r\n\r\n{document}").into_bytes();
    }
    if event.contains("echo") {
        return echo(head, event);
    }
    if let Some(body) = whole {
        let mut request = format!("{head}content-length: {}\r\n\r\n", body.len()).into_bytes();
        request.extend(body);
        return request;
    }
    head += STREAMING;
    let mut request = head.into_bytes();
    for chunk in word("hex=")
        .unwrap_or_default()
        .split(',')
        .map(bytes)
        .filter(|it| !it.is_empty())
    {
        request.extend(format!("{:x}\r\n", chunk.len()).bytes());
        request.extend(chunk);
        request.extend(b"\r\n");
    }
    if event.contains("trailers") {
        request.extend(b"0\r\nlambda-runtime-function-error-type: Function.Asked\r\n\r\n");
    } else if !event.contains("cut") {
        request.extend(b"0\r\n\r\n");
    }
    request
}

/// Sends a document as AWS's SDKs for X-Ray do.
fn tell_daemon(name: &str) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let (from, to) = (now.as_secs_f64() - 0.01, now.as_secs_f64());
    let times = format!(r#""start_time":{from},"end_time":{to}"#);
    let document = format!(
        r#"{{"id":"00000000000000b1","name":"{name}",{times},"annotations":{{"tier":"gold"}},
            "subsegments":[{{"id":"00000000000000b2","name":"inner",{times}}}]}}"#
    );
    let datagram = format!("{{\"format\":\"json\",\"version\":1}}\n{document}");
    let daemon = std::env::var("AWS_XRAY_DAEMON_ADDRESS").unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(datagram.as_bytes(), daemon).unwrap();
}

const STREAMING: &str =
    "lambda-runtime-function-response-mode: streaming\r\ntransfer-encoding: chunked\r\n\r\n";

/// Responds with a document, which every service reads.
fn echo(head: String, event: &str) -> Vec<u8> {
    let text = event.replace('\\', "\\\\").replace('"', "\\\"");
    let document = format!("{{\"statusCode\":200,\"body\":\"{text}\"}}");
    let length = document.len();
    format!("{head}content-length: {length}\r\n\r\n{document}").into_bytes()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    digits
        .map(|it| u8::from_str_radix(std::str::from_utf8(it).unwrap(), 16).unwrap())
        .collect()
}

/// Whether a chunked request lacks its end. Dropping the connection truncates it.
fn cut_off(request: &[u8]) -> bool {
    String::from_utf8_lossy(request).contains("transfer-encoding: chunked")
}

fn exchange(request: &[u8]) -> (String, String) {
    let address = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request).unwrap();
    if !request.ends_with(b"\r\n\r\n") && cut_off(request) {
        return (String::new(), String::new());
    }
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap() == 0 {
            return (head, String::new());
        }
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |it| it.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    (head, String::from_utf8(body).unwrap())
}
