//! A server for the requests of handlers, with pauses in its responses.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use bootstream_test_support::pause;

/// Pause between the two halves of `/slow`.
pub(super) const PAUSE: Duration = Duration::from_millis(300);

/// Starts the server, and returns its URL.
pub(super) fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(&stream).ok());
        }
    });
    url
}

/// Answers one request, and closes the connection.
fn answer(stream: &TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head)? > 0 {}
    let line = head.lines().next().unwrap_or_default().to_owned();
    let path = line.split(' ').nth(1).unwrap_or_default();
    let mut writer = stream;
    match path {
        "/slow" => {
            respond(writer, "200 OK", "", "half ")?;
            pause(PAUSE);
            write!(writer, "whole")
        }
        "/events" => {
            let events = "id: 1\ndata: one\n\nevent: tick\r\ndata: two\r\ndata: lines\r\n\r\n";
            respond(
                writer,
                "200 OK",
                "content-type: text/event-stream\r\n",
                events,
            )
        }
        "/moved" => respond(writer, "303 See Other", "location: /seen\r\n", ""),
        "/never" => {
            reader.read_to_end(&mut Vec::new())?;
            Ok(())
        }
        "/echo" => {
            let body = chunked(&mut reader)?;
            respond(writer, "200 OK", "", &format!("{line}: {body}"))
        }
        _ => respond(writer, "200 OK", "", &line),
    }
}

/// Writes a head without a length, and the beginning of the body.
fn respond(mut writer: &TcpStream, status: &str, headers: &str, body: &str) -> std::io::Result<()> {
    write!(
        writer,
        "HTTP/1.1 {status}\r\n{headers}connection: close\r\n\r\n{body}"
    )
}

/// Reads a body in chunked encoding.
fn chunked(reader: &mut BufReader<&TcpStream>) -> std::io::Result<String> {
    let mut body = String::new();
    loop {
        let mut size = String::new();
        reader.read_line(&mut size)?;
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or_default();
        let mut chunk = vec![0; size + 2];
        reader.read_exact(&mut chunk)?;
        if size == 0 {
            return Ok(body);
        }
        body += &String::from_utf8_lossy(&chunk[..size]);
    }
}
