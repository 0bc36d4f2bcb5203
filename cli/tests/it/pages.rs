//! Web pages as callers: foreign pages reach nothing, the developer's own reach the front ends.

use std::io::Read as _;
use std::process::Command;

use bootstream_test_support::assert_contains;
use serde_json::json;

use crate::support::{
    Dev, JSON, Response, bootstream, failure, ready_guest, script, text, wrong_usage,
};

const INVOKE: &str = "/2015-03-31/functions/f/invocations";
const INVOKE_STREAM: &str = "/2021-11-15/functions/f/response-streaming-invocations";

fn steps() -> String {
    script(&json!([
        {"eprint": "the function was called\n"},
        {"write_headers": {"status": 200}},
        {"write": "hi"},
    ]))
}

/// Sends a request with these header lines.
fn raw(dev: &Dev, line: &str, headers: &str) -> Response {
    let steps = steps();
    let request = format!(
        "{line}\r\n{headers}content-type: application/json\r\ncontent-length: {}\r\n\r\n{steps}",
        steps.len()
    );
    dev.send_raw(request.as_bytes())
}

#[test]
fn only_hosts_of_this_machine_are_served() {
    let dev = Dev::start(&ready_guest(), &["--allow-host", "lambda.test"]);
    for host in [
        "127.0.0.1",
        "[::1]:7000",
        "localhost:7000",
        "LOCALHOST.",
        "app.localhost",
        "lambda.test:7000",
    ] {
        for path in ["/", "/@rest/", "/invoke", INVOKE] {
            let line = format!("POST {path} HTTP/1.1");
            let response = raw(&dev, &line, &format!("host: {host}\r\n"));
            assert_eq!(response.status, 200, "{host} {path}");
        }
    }
}

#[test]
fn a_page_whose_name_leads_here_is_refused_with_advice() {
    let mut dev = Dev::start(&ready_guest(), &[]);
    for (line, headers) in [
        ("POST / HTTP/1.1", "host: evil.example:7000\r\n"),
        ("POST /@rest/ HTTP/1.1", "host: localhost.evil.example\r\n"),
        ("POST /invoke HTTP/1.1", "host: evil.example\r\n"),
        ("POST /@fn/f/ HTTP/1.1", "host: evil.example\r\n"),
        ("POST / HTTP/1.1", "host: localhost@evil.example\r\n"),
        (
            "POST / HTTP/1.1",
            "host: localhost\r\nhost: evil.example\r\n",
        ),
        ("POST / HTTP/1.1", "host: 2130706433\r\n"),
        ("POST / HTTP/1.1", ""),
        ("POST http://evil.example/ HTTP/1.1", "host: localhost\r\n"),
        ("POST http://localhost/ HTTP/1.1", "host: evil.example\r\n"),
        ("POST / HTTP/1.0", "host: evil.example\r\n"),
    ] {
        let response = raw(&dev, line, headers);

        assert_eq!(response.status, 403, "{line} {headers}");
        response.assert_header("x-content-type-options", &["nosniff"]);
        let body = response.rest().0;
        let says = if headers.matches("host:").count() == 1 {
            "--allow-host NAME"
        } else {
            "`Host`"
        };
        assert!(body.contains(says), "{line} {headers}: {body}");
        let logged = dev.wait_for("  403  ");
        assert_contains(&logged, "host");
    }
    assert!(!dev.has_seen("the function was called"));
}

#[test]
fn an_sdk_is_refused_in_its_own_format() {
    let dev = Dev::start(&ready_guest(), &[]);
    for path in [INVOKE, INVOKE_STREAM] {
        let line = format!("POST {path} HTTP/1.1");
        let response = raw(&dev, &line, "host: bootstream:7000\r\n");

        assert_eq!(response.status, 403);
        response.assert_header("x-amzn-errortype", &["AccessDeniedException"]);
        let body = response.json();
        let message = body["Message"].as_str().expect("a message");
        assert_contains(message, "--allow-host NAME");
    }
}

#[test]
fn no_page_of_another_origin_sends_events() {
    let mut dev = Dev::start(&ready_guest(), &[]);
    let host = "host: localhost:7000\r\n";
    for marks in [
        "origin: http://evil.example\r\ncontent-type: text/plain\r\n",
        "origin: null\r\n",
        "origin: http://localhost:3000\r\n",
        "sec-fetch-site: cross-site\r\n",
        "sec-fetch-site: same-site\r\n",
        "origin: http://localhost:7000\r\nsec-fetch-site: cross-site\r\n",
    ] {
        for path in ["/invoke", "/@fn/any/invoke", INVOKE, INVOKE_STREAM] {
            let line = format!("POST {path} HTTP/1.1");
            let response = raw(&dev, &line, &format!("{host}{marks}"));
            assert_eq!(response.status, 403, "{path} {marks}");
            let body = response.rest().0;
            assert_contains(&body, "web page of another origin");
        }
    }
    assert!(!dev.has_seen("the function was called"));
    for marks in [
        "",
        "origin: http://localhost:7000\r\nsec-fetch-site: same-origin\r\n",
    ] {
        for path in ["/invoke", INVOKE] {
            let response = raw(
                &dev,
                &format!("POST {path} HTTP/1.1"),
                &format!("{host}{marks}"),
            );
            assert_eq!(response.status, 200, "{path} {marks}");
        }
    }
}

#[test]
fn a_page_on_another_port_reaches_the_function() {
    let dev = Dev::start(&ready_guest(), &[]);
    let marks = "host: localhost:7000\r\norigin: http://localhost:3000\r\nsec-fetch-site: same-site\r\n\
        sec-fetch-mode: cors\r\n";
    for path in ["/", "/@url/", "/@rest/", "/@http/", "/@alb/"] {
        let response = raw(&dev, &format!("POST {path} HTTP/1.1"), marks);
        assert_eq!(response.status, 200, "{path}");
    }
}

#[test]
fn an_old_program_without_a_host_is_served() {
    let dev = Dev::start(&ready_guest(), &[]);
    let mut stream = dev.connect();
    let steps = steps();
    let request = format!(
        "POST /invoke HTTP/1.0\r\ncontent-length: {}\r\n\r\n{steps}",
        steps.len()
    );
    std::io::Write::write_all(&mut stream, request.as_bytes()).expect("the server reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
}

#[test]
fn a_name_to_allow_is_a_name() {
    for name in ["http://a", "a:7000", "*", ""] {
        let stderr = wrong_usage(&mut bootstream(&["dev", "x", "--allow-host", name]));
        assert_contains(&stderr, "the name of a host alone");
    }
}

#[test]
fn curl_reaches_the_function_by_address_and_by_name() {
    let dev = Dev::start(&ready_guest(), &[]);
    let by_address = dev.endpoint();
    let by_name = by_address.replace("127.0.0.1", "localhost");
    for endpoint in [by_address, by_name] {
        let output = Command::new("curl")
            .args([
                "--silent",
                "--ipv4",
                "--header",
                "content-type: application/json",
            ])
            .args(["--data", &steps(), &format!("{endpoint}/")])
            .output()
            .expect("curl starts");
        assert_eq!(text(&output.stdout), "hi", "{endpoint}");
    }
}

const CORS: &str = "AllowOrigins=http://localhost:5173,AllowMethods=GET,POST,AllowHeaders=content-type,\
    ExposeHeaders=x-a,MaxAge=60";

const PREFLIGHT: [(&str, &str); 3] = [
    ("origin", "http://localhost:5173"),
    ("access-control-request-method", "POST"),
    ("access-control-request-headers", "content-type"),
];

#[test]
fn a_preflight_of_a_function_url_is_answered_without_the_function() {
    let mut dev = Dev::start(&ready_guest(), &["--cors", CORS]);
    for path in ["/", "/@url/any"] {
        let response = dev.send("OPTIONS", path, &PREFLIGHT, &steps());

        assert_eq!(response.status, 200, "{path}");
        for (name, value) in [
            ("access-control-allow-origin", "http://localhost:5173"),
            ("access-control-allow-methods", "GET,POST"),
            ("access-control-allow-headers", "content-type"),
            ("access-control-max-age", "60"),
            ("vary", "Origin"),
        ] {
            response.assert_header(name, &[value]);
        }
        response.assert_body("");
    }
    let foreign = [("origin", "http://evil.example"), PREFLIGHT[1]];
    let response = dev.send("OPTIONS", "/", &foreign, &steps());
    response.assert_header("access-control-allow-origin", &[]);
    assert!(!dev.has_seen("the function was called"));
    // Other requests, and those to another front end, reach the function.
    let options = dev.send("OPTIONS", "/", &[PREFLIGHT[0], JSON], &steps());
    assert_eq!(options.rest().0, "hi");
    let all = [&PREFLIGHT[..], &[JSON]].concat();
    assert_eq!(
        dev.send("OPTIONS", "/@rest/", &all, &steps()).rest().0,
        "hi"
    );
}

#[test]
fn every_other_response_gets_the_headers_beside_its_own() {
    let dev = Dev::start(&ready_guest(), &["--cors", CORS]);
    let headers = [PREFLIGHT[0], JSON];
    let own = script(&json!([
        {"write_headers": {"status": 200, "headers": [["access-control-allow-origin", "*"]]}},
        {"write": "hi"},
    ]));

    let answer = dev.send("POST", "/", &headers, &own);
    answer.assert_header(
        "access-control-allow-origin",
        &["*", "http://localhost:5173"],
    );
    answer.assert_header("access-control-expose-headers", &["x-a"]);
    answer.assert_body("hi");

    let failed = dev.send(
        "POST",
        "/",
        &headers,
        &script(&json!([{"error": "no luck"}])),
    );
    assert_eq!(failed.status, 502);
    failed.assert_header("access-control-allow-origin", &["http://localhost:5173"]);

    // Without another origin there are no headers, and other services have settings of their own.
    let plain = dev.send("POST", "/", &[JSON], &steps());
    plain.assert_header("access-control-allow-origin", &[]);
    let rest = dev.send("POST", "/@rest/", &headers, &steps());
    rest.assert_header("access-control-allow-origin", &[]);
}

#[test]
fn a_setting_that_lambda_refuses_is_wrong_usage() {
    for cors in ["AllowMethods=GET", "AllowOrigins=*,AllowMethods=TRACE", "{"] {
        wrong_usage(&mut bootstream(&["dev", "x", "--cors", cors]));
    }
}

#[test]
fn the_setting_may_be_the_project_s() {
    let folder = tempfile::tempdir().unwrap();
    let handler = folder.path().join("handler.cwasm");
    std::fs::copy(ready_guest(), &handler).unwrap();
    let settings = |text: &str| std::fs::write(folder.path().join("bootstream.toml"), text);
    settings(
        "[dev.cors]\nAllowOrigins = ['http://localhost:5173']\nAllowMethods = ['POST']\nMaxAge = 60\n",
    )
    .unwrap();
    let allowed = |args: &[&str]| {
        let dev = Dev::start(&handler, args);
        let response = dev.send("OPTIONS", "/", &PREFLIGHT, "");
        response.header("access-control-allow-methods").join(",")
    };
    assert_eq!(allowed(&[]), "POST");
    // Arguments take precedence.
    assert_eq!(allowed(&["--cors", CORS]), "GET,POST");

    for (text, expected) in [
        (
            "[dev.cors]\nAllowMethods = ['GET']\n",
            "`AllowOrigins` has to name",
        ),
        (
            "[dev.cors]\nAllowOrigin = '*'\n",
            "unknown field `AllowOrigin`",
        ),
        ("[dev]\ncars = 1\n", "unknown field `cars`"),
    ] {
        settings(text).unwrap();
        let stderr = failure(bootstream(&["dev", "--port", "0"]).arg(&handler));
        assert!(
            stderr.contains(expected) && stderr.contains("bootstream.toml"),
            "{stderr}"
        );
    }
}
