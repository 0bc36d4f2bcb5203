//! Requests that no page and no program of this machine would send, on raw sockets.

use bootstream_test_support::assert_contains;
use serde_json::json;

use super::{get, send_to};
use crate::load::listening;
use crate::support::{Dev, bootstream, ready_guest, script, wrong_usage};

fn steps() -> String {
    script(&json!([{"eprint": "the function was called\n"}, {"write": "hi"}]))
}

#[test]
fn only_the_page_of_the_console_is_served() {
    let mut dev = Dev::start(&ready_guest(), &[]);
    let console = dev.console();
    dev.invoke(&steps()).rest();
    dev.wait_until_seen("the function was called");
    dev.forget();
    let id = get(&console, "/api/invocations").json()["invocations"][0]["requestId"].clone();
    let resend = format!("/api/invocations/{}/resend", id.as_str().expect("an id"));
    let own = format!("host: {console}\r\n");
    let write =
        "content-type: application/json\r\nx-bootstream-console: 1\r\ncontent-length: 2\r\n";
    for (headers, status) in [
        ("host: evil.test:7001\r\n".to_owned(), 403),
        ("host: 127.0.0.1:1\r\n".to_owned(), 403),
        (String::new(), 403),
        (format!("{own}{own}"), 403),
        (format!("{own}origin: http://evil.test\r\n"), 403),
        (format!("{own}origin: http://127.0.0.1:9999\r\n"), 403),
        (format!("{own}origin: {}\r\n", dev.endpoint()), 403),
        (format!("{own}origin: null\r\n"), 403),
        (format!("{own}sec-fetch-site: cross-site\r\n"), 403),
        (format!("{own}sec-fetch-site: same-site\r\n"), 403),
    ] {
        for (line, more) in [
            ("GET /".to_owned(), ""),
            ("GET /app.js".to_owned(), ""),
            ("GET /api/invocations".to_owned(), ""),
            ("GET /api/events".to_owned(), ""),
            (format!("POST {resend}"), write),
            ("DELETE /api/invocations".to_owned(), write),
        ] {
            let request = format!("{line} HTTP/1.1\r\n{headers}{more}\r\n{{}}");
            let response = send_to(&console, request.as_bytes());
            assert_eq!(response.status, status, "{line} {headers}");
            response.assert_header("access-control-allow-origin", &[]);
            let body = response.json();
            assert!(body["error"].is_string(), "{body}");
        }
    }
    let preflight =
        format!("OPTIONS {resend} HTTP/1.1\r\n{own}access-control-request-method: POST\r\n\r\n");
    let response = send_to(&console, preflight.as_bytes());
    assert_eq!(response.status, 405);
    response.assert_header("access-control-allow-origin", &[]);
    let absolute = format!("GET http://evil.test/ HTTP/1.1\r\n{own}\r\n");
    assert_eq!(send_to(&console, absolute.as_bytes()).status, 421);
    let form = "content-type: text/plain\r\ncontent-length: 2\r\n";
    let request = format!("POST {resend} HTTP/1.1\r\n{own}{form}\r\n{{}}");
    assert_eq!(send_to(&console, request.as_bytes()).status, 403);
    assert!(!dev.has_seen("the function was called"));
    let request = format!("POST {resend} HTTP/1.1\r\n{own}{write}\r\n{{}}");
    assert_eq!(send_to(&console, request.as_bytes()).status, 202);
    dev.wait_for("the function was called");
}

#[test]
fn every_file_has_its_type_its_tag_and_the_shield() {
    let mut dev = Dev::start(&ready_guest(), &[]);
    let console = dev.console();
    let index = get(&console, "/").rest().0;
    let mut paths = vec![
        "/".to_owned(),
        "/index.html".to_owned(),
        "/icon.svg".to_owned(),
    ];
    paths.extend(["/style.css".to_owned(), "/app.js".to_owned()]);
    for path in &paths[3..] {
        assert_contains(&index, path);
    }
    // The modules that the page loads, by their imports.
    let mut at = 4;
    while let Some(path) = paths.get(at).cloned() {
        let text = get(&console, &path).rest().0;
        for name in text
            .split("\"./")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
        {
            let path = format!("/{name}");
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        at += 1;
    }
    assert!(paths.len() > 10, "{paths:?}");
    let mut total = 0;
    for path in &paths {
        let response = get(&console, path);
        assert_eq!(response.status, 200, "{path}");
        let kind = response.header("content-type")[0].to_owned();
        let expected = match path.rsplit('.').next() {
            Some("js") => "text/javascript",
            Some("css") => "text/css",
            Some("svg") => "image/svg+xml",
            _ => "text/html",
        };
        assert_contains(&kind, expected);
        let policy = response.header("content-security-policy")[0].to_owned();
        assert_contains(&policy, "default-src 'none'");
        assert!(!policy.contains("unsafe"), "{policy}");
        response.assert_header("x-content-type-options", &["nosniff"]);
        response.assert_header("cross-origin-resource-policy", &["same-origin"]);
        let etag = response.header("etag")[0].to_owned();
        total += response.rest().0.len();
        let again =
            format!("GET {path} HTTP/1.1\r\nhost: {console}\r\nif-none-match: {etag}\r\n\r\n");
        assert_eq!(send_to(&console, again.as_bytes()).status, 304, "{path}");
    }
    assert!(total < 100_000, "{total} bytes");
    for path in [
        "/src/lib.rs",
        "/..%2fapp.js",
        "/../app.js",
        "/nothing",
        "/api/nothing",
    ] {
        assert_eq!(get(&console, path).status, 404, "{path}");
    }
}

#[test]
fn the_front_ends_lead_to_the_console() {
    let mut dev = Dev::start(&ready_guest(), &[]);
    let console = dev.console();

    let response = dev.send("GET", "/@console", &[], "");

    assert_eq!(response.status, 307);
    response.assert_header("location", &[&format!("http://{console}/")]);
    assert_ne!(dev.endpoint(), format!("http://{console}"));
}

#[test]
fn without_a_console_there_is_no_second_port() {
    let mut dev = Dev::start(&ready_guest(), &["--no-console"]);
    dev.invoke(&steps()).rest();
    dev.wait_until_seen("the function was called");
    assert!(!dev.has_seen("console: http://"));
    // The front ends, and the Runtime API and the collector of one environment.
    assert_eq!(listening(&[dev.pid()]).len(), 3);
}

#[test]
fn a_port_without_a_console_makes_no_sense() {
    wrong_usage(&mut bootstream(&[
        "dev",
        "x",
        "--no-console",
        "--console-port",
        "7001",
    ]));
}
