//! Handlers' requests reach the allowed hosts and no others.

use std::time::Duration;

use bootstream_test_support::assert_contains;
use bootstream_test_support::recorder::{Event, Recorder};
use serde_json::json;

use crate::reaching::{allow, fetch, host, outcome, outcomes};
use crate::web::Web;

#[test]
fn nothing_is_reached_unless_it_is_allowed() {
    let web = Web::start();
    let lambda = Recorder::start();
    let running = host(&lambda, "").start();

    let outcome = outcomes(&lambda, "id-1", &json!([fetch(&web.url("/"))]));

    assert_eq!(outcome, ["error: ErrorCode::HttpRequestDenied"]);
    let line = running.logged("`outbound.allow`");
    assert_contains(&line, &format!("`http://127.0.0.1:{}`", web.port()));
    assert_contains(&line, "requestId=id-1");
    assert!(web.heads().is_empty());
}

#[test]
fn an_allowed_host_is_reached_by_name_and_by_address() {
    let web = Web::start();
    let lambda = Recorder::start();
    let _host = host(&lambda, &allow(&web)).start();
    let by_name = format!("http://localhost:{}/a?b=c", web.port());

    let steps = json!([
        fetch(&web.url("/")),
        fetch(&by_name),
        fetch(&web.url("/large"))
    ]);
    let outcomes = outcomes(&lambda, "id-1", &steps);

    assert_eq!(outcomes[0], "ok: 200 5 hello");
    assert_eq!(outcomes[1], "ok: 200 5 hello");
    assert!(outcomes[2].starts_with("ok: 200 5000000 x"));
    let head = &web.heads()[1];
    assert!(head.starts_with("GET /a?b=c HTTP/1.1\r\n"), "{head}");
    assert_contains(head, &format!("host: localhost:{}\r\n", web.port()));
}

#[test]
fn a_body_and_headers_are_sent() {
    let web = Web::start();
    let headers = json!([["x-one", "1"], ["x-two", "2"]]);
    let step = json!({"fetch": {"url": web.url("/"), "body": "hello", "headers": headers}});

    let outcome = outcome(&allow(&web), &step);

    assert_eq!(outcome, "ok: 200 5 hello");
    let head = &web.heads()[0];
    for line in ["POST / HTTP/1.1", "x-one: 1", "x-two: 2"] {
        assert_contains(head, line);
    }
}

/// The host is allowed; the address its name resolves to is not.
#[test]
fn a_name_that_leads_to_this_machine_is_refused_however_it_is_written() {
    let web = Web::start();
    for name in ["localhost", "localhost.", "2130706433", "0x7f.1", "127.1"] {
        let lambda = Recorder::start();
        let port = web.port();
        let settings = format!("outbound.allow = ['http://{name}:{port}']");
        let running = host(&lambda, &settings).start();

        let outcome = outcomes(
            &lambda,
            "id-1",
            &json!([fetch(&format!("http://{name}:{port}/"))]),
        );

        assert_eq!(
            outcome,
            ["error: ErrorCode::DestinationIpProhibited"],
            "{name}"
        );
        let line = running.logged("`outbound.private-addresses`");
        assert_contains(&line, "127.0.0.1");
    }
    assert!(web.heads().is_empty());
}

#[test]
fn an_address_that_is_not_listed_is_denied_in_every_notation() {
    let web = Web::start();
    let port = web.port();
    let lambda = Recorder::start();
    let _host = host(&lambda, &allow(&web)).start();
    let urls = [
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://[fd00:ec2::254]/latest/meta-data/".to_owned(),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://0x7f.1:{port}/"),
        format!("http://0:{port}/"),
        format!("http://127.1:{port}/"),
        format!("http://127.0.0.1:{}/", port.wrapping_add(1)),
        format!("https://127.0.0.1:{port}/"),
        format!("http://localhost.evil.example:{port}/"),
    ];
    let steps: Vec<_> = urls.iter().map(|url| fetch(url)).collect();

    let outcomes = outcomes(&lambda, "id-1", &json!(steps));

    for (outcome, url) in outcomes.iter().zip(&urls) {
        assert_eq!(outcome, "error: ErrorCode::HttpRequestDenied", "{url}");
    }
    assert!(web.heads().is_empty());
}

#[test]
fn a_user_before_the_host_is_refused() {
    let web = Web::start();
    let url = format!("http://localhost:80@127.0.0.1:{}/", web.port());
    let outcome = outcome(&allow(&web), &fetch(&url));
    assert!(outcome.starts_with("error: "), "{outcome}");
    assert!(web.heads().is_empty());
}

/// The Runtime API would give the handler the events of all invocations.
#[test]
fn the_runtime_api_is_never_reached() {
    let lambda = Recorder::start();
    let (address, polls) = (lambda.address(), "/2018-06-01/runtime/invocation/next");
    let (_, port) = address.split_once(':').expect("a port");
    let settings = format!(
        "[outbound]\nallow = ['http://127.0.0.1:{port}', 'http://localhost:{port}', \
         'http://0.0.0.0:{port}']\nprivate-addresses = ['0.0.0.0/0', '::/0']\n"
    );
    let _host = host(&lambda, &settings).start();
    let urls = ["127.0.0.1", "localhost", "0.0.0.0"]
        .map(|host| fetch(&format!("http://{host}:{port}{polls}")));

    let outcomes = outcomes(&lambda, "id-1", &json!(urls));

    assert_eq!(outcomes, ["error: ErrorCode::DestinationIpProhibited"; 3]);
    assert_eq!(lambda.look(|seen| seen.polls().len()), 2);
}

/// Following a redirect is another request, which is checked like any other.
#[test]
fn a_redirect_leads_nowhere_else() {
    let web = Web::start();
    let other = Web::start();
    let lambda = Recorder::start();
    let running = host(&lambda, &allow(&web)).start();
    let redirected = |to: &str| {
        let url = web.url(&format!("/redirect?{to}"));
        json!({"fetch": {"url": url, "redirects": 3}})
    };

    let steps = [
        redirected(&web.url("/")),
        redirected(&other.url("/")),
        redirected("http://169.254.169.254/latest/meta-data/"),
    ];
    let outcomes = outcomes(&lambda, "id-1", &json!(steps));

    assert_eq!(outcomes[0], "ok: 200 5 hello");
    assert_eq!(outcomes[1], "error: ErrorCode::HttpRequestDenied");
    assert_eq!(outcomes[2], "error: ErrorCode::HttpRequestDenied");
    running.logged("`http://169.254.169.254:80`");
    assert!(other.heads().is_empty());
}

#[test]
fn a_proxy_of_the_environment_is_not_used() {
    let (web, proxy) = (Web::start(), Web::start());
    let lambda = Recorder::start();
    let _host = host(&lambda, &allow(&web))
        .env("HTTP_PROXY", &proxy.url(""))
        .env("http_proxy", &proxy.url(""))
        .env("ALL_PROXY", &proxy.url(""))
        .start();

    let outcome = outcomes(&lambda, "id-1", &json!([fetch(&web.url("/"))]));

    assert_eq!(outcome, ["ok: 200 5 hello"]);
    assert!(proxy.heads().is_empty());
}

#[test]
fn a_tunnel_and_an_echo_are_refused() {
    let web = Web::start();
    for method in ["CONNECT", "TRACE"] {
        let step = json!({"fetch": {"url": web.url("/"), "method": method}});
        let outcome = outcome(&allow(&web), &step);
        assert_eq!(outcome, "error: ErrorCode::HttpRequestMethodInvalid");
    }
    assert!(web.heads().is_empty());
}

#[test]
fn what_a_server_does_wrong_is_an_error_of_the_request() {
    let web = Web::start();
    let lambda = Recorder::start();
    let settings = format!("{}first-byte-ms = 300\nidle-ms = 300\n", allow(&web));
    let _host = host(&lambda, &settings).start();
    for (path, error) in [
        ("/silent", "ConnectionReadTimeout"),
        ("/stall", "connection read timeout"),
        ("/cut", "error reading a body"),
        ("/garbage", "HttpProtocolError"),
        ("/large-head", "HttpResponseHeaderSectionSize"),
    ] {
        let step = json!([fetch(&web.url(path)), fetch(&web.url("/"))]);
        let outcomes = outcomes(&lambda, path.trim_start_matches('/'), &step);
        assert!(outcomes[0].contains(error), "{path}: {}", outcomes[0]);
        assert_eq!(outcomes[1], "ok: 200 5 hello", "{path}");
    }
}

/// One line for each response, with its host.
#[test]
fn an_answer_that_breaks_off_is_logged_with_its_host() {
    let web = Web::start();
    for (path, reason) in [("/cut", "error reading a body"), ("/stall", "read timeout")] {
        let lambda = Recorder::start();
        let settings = format!("{}idle-ms = 300\n", allow(&web));
        let running = host(&lambda, &settings).start();

        let outcome = outcomes(&lambda, "id-1", &json!([fetch(&web.url(path))]));

        assert!(outcome[0].starts_with("error: "), "{path}: {outcome:?}");
        let line = running.logged("broke off");
        let host = format!("`http://127.0.0.1:{}`", web.port());
        for text in ["WARN", "id-1", &host, reason] {
            assert!(line.contains(text), "no {text} in {line}");
        }
        let lines = running.stdout();
        let warnings = lines.iter().filter(|line| line.contains("WARN"));
        assert_eq!(warnings.count(), 1, "{path}: {lines:?}");
    }
}

/// However much the handler writes before it reads the response.
#[test]
fn a_request_that_is_denied_is_so_although_it_has_a_body() {
    let web = Web::start();
    let closed = Web::closed_url();
    let lambda = Recorder::start();
    let settings = format!(
        "{}requests = 1\n[secrets]\nAPI_KEY = ['https://api.example.com']\n",
        allow(&web).replace("]\nprivate", &format!(", '{closed}']\nprivate"))
    );
    let _host = host(&lambda, &settings).env("API_KEY", "s3cret").start();
    let body = "x".repeat(400_000);
    let post = |url: &str| json!({"fetch": {"url": url, "body": body}});
    let steps = json!([
        post("https://other.example.com/"),
        {"fetch": {"url": web.url("/"), "body": body, "env_header": "API_KEY"}},
        {"fetch_at_once": [2, {"url": web.url("/slow"), "body": "x"}]},
        {"fetch": {"url": web.url("/"), "body": body, "method": "TRACE"}},
        post(&closed),
    ]);

    let outcomes = outcomes(&lambda, "id-1", &steps);

    let expected = [
        "error: ErrorCode::HttpRequestDenied",
        "error: ErrorCode::HttpRequestDenied",
        "ok: 200, ErrorCode::ConnectionLimitReached",
        "error: ErrorCode::HttpRequestMethodInvalid",
        "error: ErrorCode::ConnectionRefused",
    ];
    assert_eq!(outcomes, expected);
}

/// Otherwise the handler would learn that a write failed, but not why.
#[test]
fn a_request_whose_connection_breaks_while_it_is_sent_has_the_reason() {
    let web = Web::start();
    let lambda = Recorder::start();
    let settings = format!("{}first-byte-ms = 500\n", allow(&web));
    let _host = host(&lambda, &settings).start();
    let body = "x".repeat(8_000_000);
    for (path, reason) in [("/silent", "ConnectionReadTimeout"), ("/garbage", "")] {
        let step = json!({"fetch": {"url": web.url(path), "body": body}});
        let outcome = outcomes(&lambda, path.trim_matches('/'), &json!([step]));
        let expected = format!("error: ErrorCode::{reason}");
        assert!(outcome[0].starts_with(&expected), "{path}: {outcome:?}");
    }
}

#[test]
fn the_guest_may_ask_for_less_time_but_not_for_more() {
    let web = Web::start();
    let lambda = Recorder::start();
    let settings = format!("{}first-byte-ms = 1000\n", allow(&web));
    let _host = host(&lambda, &settings).start();
    for timeout_ms in [100, 86_400_000] {
        let step = json!({"fetch": {"url": web.url("/silent"), "timeout_ms": timeout_ms}});
        let outcome = outcomes(&lambda, &timeout_ms.to_string(), &json!([step]));
        assert!(outcome[0].contains("ConnectionReadTimeout"), "{outcome:?}");
    }
}

#[test]
fn the_number_of_open_requests_is_limited() {
    let web = Web::start();
    let lambda = Recorder::start();
    let settings = format!("{}requests = 3\n", allow(&web));
    let running = host(&lambda, &settings).start();
    let step = json!({"fetch_at_once": [5, {"url": web.url("/slow")}]});

    let outcomes = outcomes(&lambda, "id-1", &json!([step, fetch(&web.url("/"))]));

    let refused = "ErrorCode::ConnectionLimitReached";
    assert_eq!(
        outcomes[0],
        format!("ok: 200, 200, 200, {refused}, {refused}")
    );
    assert_eq!(outcomes[1], "ok: 200 5 hello");
    running.logged("`outbound.requests`");
}

/// Fetches a page from `localhost`, whose certificate is for `name`.
#[track_caller]
fn fetch_tls(name: &str, trusted: bool) -> String {
    let (web, certificate) = Web::start_tls(name);
    let port = web.port();
    let ca_file = if trusted { "ca-file = 'ca.pem'\n" } else { "" };
    let settings = format!(
        "[outbound]\nallow = ['localhost:{port}']\nprivate-addresses = ['127.0.0.1', '::1']\n\
         {ca_file}"
    );
    let lambda = Recorder::start();
    let host = host(&lambda, &settings);
    std::fs::write(host.package().join("ca.pem"), certificate).expect("a file in a fresh folder");
    let _host = host.start();
    let url = format!("https://localhost:{port}/");
    outcomes(&lambda, "id-1", &json!([fetch(&url)])).remove(0)
}

#[test]
fn tls_needs_a_certificate_of_a_trusted_authority() {
    assert_eq!(fetch_tls("localhost", true), "ok: 200 5 hello");
    for (name, trusted) in [("localhost", false), ("other.example", true)] {
        let refused = fetch_tls(name, trusted);
        assert_eq!(refused, "error: ErrorCode::TlsCertificateError", "{name}");
    }
}

#[test]
fn a_request_to_a_server_without_tls_fails() {
    let web = Web::start();
    let settings = allow(&web).replace("http://localhost", "https://localhost");
    let settings = format!("{settings}connect-ms = 500\n");
    let url = format!("https://localhost:{}/", web.port());
    let outcome = outcome(&settings, &fetch(&url));
    assert_eq!(outcome, "error: ErrorCode::ConnectionTimeout");
}

/// The handler is stopped even while it waits for a server.
#[test]
fn the_deadline_stops_a_handler_that_waits_for_an_answer() {
    let web = Web::start();
    let lambda = Recorder::start();
    let mut running = host(&lambda, &allow(&web)).start();
    for (id, path) in [("head", "/silent"), ("body", "/stall")] {
        let event = Event::script(id, &json!([fetch(&web.url(path))]));
        lambda.enqueue(event.deadline_in(Duration::from_secs(1)));
        lambda.failed_response(id, "Function.DeadlineExceeded");
    }
    let after = outcomes(&lambda, "after", &json!([fetch(&web.url("/"))]));
    assert_eq!(after, ["ok: 200 5 hello"]);
    running.assert_running();
}

#[test]
fn a_secret_goes_to_its_host_and_nowhere_else() {
    let (web, other) = (Web::start(), Web::start());
    let lambda = Recorder::start();
    let settings = format!(
        "pass-env = ['API_KEY']\n\
         [outbound]\nallow = ['http://127.0.0.1:{0}', 'http://127.0.0.1:{1}']\n\
         [secrets]\nAPI_KEY = ['http://127.0.0.1:{0}']\n",
        web.port(),
        other.port()
    );
    let running = host(&lambda, &settings)
        .env("API_KEY", "s3cret-value")
        .start();
    let to = |url: String| json!({"fetch": {"url": url, "env_header": "API_KEY"}});
    let steps = json!([{"env": "API_KEY"}, to(web.url("/")), to(other.url("/"))]);

    let outcomes = outcomes(&lambda, "id-1", &steps);

    assert!(
        outcomes[0].starts_with("ok: bootstream-secret-API_KEY-"),
        "{outcomes:?}"
    );
    assert_eq!(outcomes[1], "ok: 200 5 hello");
    assert_eq!(outcomes[2], "error: ErrorCode::HttpRequestDenied");
    assert!(web.heads()[0].contains("x-from-env: s3cret-value\r\n"));
    assert!(other.heads().is_empty());
    running.logged("does not give it `API_KEY`");
    for line in running.stdout() {
        assert!(!line.contains("s3cret"), "{line}");
    }
}
