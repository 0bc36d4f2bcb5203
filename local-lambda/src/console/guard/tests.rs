use super::*;
use crate::testing::parts;

const PORT: u16 = 7001;
const HOME: (&str, &str) = ("host", "127.0.0.1:7001");

fn status(method: &Method, target: &str, headers: &[(&str, &str)]) -> u16 {
    let mut request = http::Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    match check(&parts(request), PORT) {
        Ok(()) => 200,
        Err(denial) => denial.status.as_u16(),
    }
}

fn get(headers: &[(&str, &str)]) -> u16 {
    status(&Method::GET, "/api/invocations", headers)
}

#[test]
fn the_three_names_of_this_machine_with_the_port_are_served() {
    for host in [
        "127.0.0.1:7001",
        "localhost:7001",
        "LocalHost:7001",
        "[::1]:7001",
    ] {
        assert_eq!(get(&[("host", host)]), 200, "{host}");
    }
    assert!(is_own("localhost", 80));
    assert!(!is_own("localhost", 7001));
}

#[test]
fn no_other_host_is_served() {
    assert_eq!(get(&[]), 403);
    assert_eq!(get(&[HOME, HOME]), 403);
    assert_eq!(get(&[HOME, ("host", "evil.test")]), 403);
    for host in [
        "",
        ":7001",
        "evil.test:7001",
        "evil.test",
        "127.0.0.1",
        "localhost",
        "127.0.0.1:1",
        "127.0.0.1:7000",
        "127.0.0.1:07001",
        "127.0.0.1:7001:7001",
        "127.0.0.1:70010",
        "127.0.0.1.:7001",
        "localhost.:7001",
        "app.localhost:7001",
        "localhost.evil.test:7001",
        "127.0.0.1:7001.evil.test",
        "127.0.0.1:7001@evil.test",
        "evil.test@127.0.0.1:7001",
        "127.1:7001",
        "2130706433:7001",
        "0.0.0.0:7001",
        "[::]:7001",
        "[::ffff:127.0.0.1]:7001",
        "::1:7001",
        "192.168.1.5:7001",
        "127.0.0.1:7001, evil.test",
    ] {
        assert_eq!(get(&[("host", host)]), 403, "{host}");
    }
}

#[test]
fn an_absolute_target_must_agree_with_the_host() {
    let get = |target: &str| status(&Method::GET, target, &[HOME]);
    assert_eq!(get("http://127.0.0.1:7001/"), 200);
    for target in [
        "http://evil.test/",
        "http://evil.test:7001/",
        "http://localhost:7001/",
        "http://127.0.0.1/",
    ] {
        assert_eq!(get(target), 421, "{target}");
    }
}

#[test]
fn only_the_page_of_the_console_may_have_an_origin() {
    assert_eq!(get(&[HOME, ("origin", "http://127.0.0.1:7001")]), 200);
    for origin in [
        "null",
        "",
        "http://evil.test",
        "http://127.0.0.1:7000",
        "http://127.0.0.1:9999",
        "http://127.0.0.1",
        "https://127.0.0.1:7001",
        "http://localhost:7001",
        "http://127.0.0.1:7001.evil.test",
        "http://127.0.0.1:7001/",
        "http://127.0.0.1:7001 http://evil.test",
    ] {
        assert_eq!(get(&[HOME, ("origin", origin)]), 403, "{origin}");
    }
    let two = [
        HOME,
        ("origin", "http://127.0.0.1:7001"),
        ("origin", "null"),
    ];
    assert_eq!(get(&two), 403);
}

#[test]
fn what_browsers_fetch_for_other_pages_is_refused() {
    let from = |site, destination| {
        get(&[
            HOME,
            ("sec-fetch-site", site),
            ("sec-fetch-dest", destination),
        ])
    };
    for destination in ["empty", "script", "style", "document"] {
        assert_eq!(from("same-origin", destination), 200);
    }
    assert_eq!(from("none", "document"), 200);
    for site in ["cross-site", "same-site", "", "unknown"] {
        for destination in ["document", "iframe", "script", "image", "empty"] {
            assert_eq!(from(site, destination), 403, "{site} {destination}");
        }
    }
    for destination in ["iframe", "script", "image", "empty"] {
        assert_eq!(from("none", destination), 403, "{destination}");
    }
    let two = [
        HOME,
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "cross-site"),
    ];
    assert_eq!(get(&two), 403);
}

#[test]
fn a_write_needs_headers_that_force_a_preflight() {
    let json = ("content-type", "application/json; charset=utf-8");
    let mark = ("x-bootstream-console", "1");
    for method in [Method::POST, Method::DELETE] {
        let send = |headers: &[(&str, &str)]| status(&method, "/api/invocations", headers);
        assert_eq!(send(&[HOME, json, mark]), 200);
        for headers in [
            &[HOME][..],
            &[HOME, json],
            &[HOME, mark],
            &[HOME, ("content-type", "text/plain"), mark],
            &[
                HOME,
                ("content-type", "application/x-www-form-urlencoded"),
                mark,
            ],
            &[HOME, json, ("x-bootstream-console", "0")],
            &[HOME, json, mark, ("origin", "http://evil.test")],
            &[HOME, json, mark, ("sec-fetch-site", "cross-site")],
            &[
                HOME,
                json,
                mark,
                ("sec-fetch-site", "none"),
                ("sec-fetch-dest", "document"),
            ],
            &[("host", "evil.test:7001"), json, mark],
        ] {
            assert_eq!(send(headers), 403, "{headers:?}");
        }
    }
}

#[test]
fn a_preflight_and_other_methods_are_refused() {
    for method in [
        Method::OPTIONS,
        Method::PUT,
        Method::PATCH,
        Method::TRACE,
        Method::CONNECT,
    ] {
        let headers = [HOME, ("access-control-request-method", "POST")];
        assert_eq!(
            status(&method, "/api/invocations", &headers),
            405,
            "{method}"
        );
    }
}
