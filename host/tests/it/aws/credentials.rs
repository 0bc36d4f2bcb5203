//! Where the host gets credentials, and that the handler cannot get them there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use bootstream_test_support::process::Running;
use bootstream_test_support::recorder::{Post, Recorder};
use bootstream_test_support::{assert_contains, pause};
use serde_json::{Value, json};

use super::service::{Part, Service, answer};
use super::{KEY_ID, SECRET_KEY, SESSION_TOKEN, allow, function, get_item, without_credentials};
use crate::reaching::outcomes;

const PATH: &str = "/2021-04-23/credentials";
const TOKEN: &str = "the-token-of-the-endpoint";

/// The document of an endpoint, whose credentials expire in this time.
fn document(expires_in: Duration) -> Vec<u8> {
    let expires = SystemTime::now() + expires_in;
    // An HTTP date has the same fields in another order.
    let date = httpdate::fmt_http_date(expires);
    let fields: Vec<&str> = date.split(' ').collect();
    let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let month = 1 + months
        .iter()
        .position(|it| *it == fields[2])
        .expect("a month");
    let expiration = format!("{}-{month:02}-{}T{}Z", fields[3], fields[1], fields[4]);
    json!({
        "AccessKeyId": KEY_ID,
        "SecretAccessKey": SECRET_KEY,
        "Token": SESSION_TOKEN,
        "Expiration": expiration,
    })
    .to_string()
    .into_bytes()
}

/// An endpoint whose credentials expire in this time.
fn endpoint(expires_in: Duration) -> Service {
    Service::start(move |_, request| {
        let is_right = request
            .head
            .starts_with(&format!("GET {PATH} HTTP/1.1\r\n"))
            && request.headers("authorization") == [TOKEN];
        if is_right {
            answer("200 OK", "", &document(expires_in))
        } else {
            answer("401 Unauthorized", "", b"")
        }
    })
}

/// Starts a function whose credentials are at `endpoint`.
fn start(lambda: &Recorder, settings: &str, endpoint: &Service) -> Running {
    without_credentials(lambda, settings)
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &endpoint.url(PATH))
        .env("AWS_CONTAINER_AUTHORIZATION_TOKEN", TOKEN)
        .start()
}

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn credentials_are_fetched_once_for_all_requests() {
    let (lambda, service, endpoint) = (Recorder::start(), Service::verifying(), endpoint(HOUR));
    let _running = start(&lambda, &allow("dynamodb", &service), &endpoint);
    assert!(endpoint.received().is_empty(), "before they are needed");
    let mut call = get_item(&service.url("/"));
    let at_once = json!([{"fetch_at_once": [10, call["fetch"].take()]}]);

    for id in ["id-1", "id-2"] {
        let statuses = ["200"; 10].join(", ");
        assert_eq!(outcomes(&lambda, id, &at_once), [format!("ok: {statuses}")]);
    }

    assert_eq!(service.received().len(), 20);
    assert_eq!(endpoint.only().header("authorization"), TOKEN);
}

/// Lambda's environments under SnapStart have both for some time.
#[test]
fn the_endpoint_comes_before_the_variables() {
    let (lambda, service, endpoint) = (Recorder::start(), Service::verifying(), endpoint(HOUR));
    let _running = function(&lambda, &allow("dynamodb", &service))
        .env("AWS_ACCESS_KEY_ID", "AKIDOLD")
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &endpoint.url(PATH))
        .env("AWS_CONTAINER_AUTHORIZATION_TOKEN", TOKEN)
        .start();
    let outcome = outcomes(&lambda, "id-1", &json!([get_item(&service.url("/"))]));
    assert_eq!(outcome, ["ok: 200 5 hello"]);
}

#[test]
fn a_token_in_a_file_is_read_for_each_fetch() {
    let (lambda, service) = (Recorder::start(), Service::verifying());
    let endpoint = endpoint(Duration::from_secs(60));
    let host = without_credentials(&lambda, &allow("dynamodb", &service));
    let file = host.package().join("token");
    std::fs::write(&file, "wrong\n").expect("a file in a fresh folder");
    let running = host
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &endpoint.url(PATH))
        .env(
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            file.to_str().expect("a plain name"),
        )
        .start();
    let steps = json!([get_item(&service.url("/"))]);
    assert_eq!(
        outcomes(&lambda, "id-1", &steps),
        ["error: ErrorCode::ConfigurationError"]
    );
    running.logged("the credentials endpoint answered 401");
    std::fs::write(&file, format!("{TOKEN}\n")).expect("it can be replaced");
    assert_eq!(outcomes(&lambda, "id-2", &steps), ["ok: 200 5 hello"]);
}

/// A thread whose stack takes more address space than there is cannot be started.
#[test]
fn without_another_thread_there_is_neither_a_token_of_a_file_nor_a_lookup() {
    let by_name = |endpoint: &Service| format!("http://localhost:{}{PATH}", endpoint.port());
    for (has_file, uri) in [
        (
            true,
            (|endpoint| endpoint.url(PATH)) as fn(&Service) -> String,
        ),
        (false, by_name),
    ] {
        let (lambda, service) = (Recorder::start(), Service::verifying());
        let endpoint = endpoint(Duration::from_secs(60));
        let host = without_credentials(&lambda, &allow("dynamodb", &service));
        let file = host.package().join("token");
        std::fs::write(&file, TOKEN).expect("a file in a fresh folder");
        let (name, token) = match has_file {
            true => ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file.to_str()),
            false => ("AWS_CONTAINER_AUTHORIZATION_TOKEN", Some(TOKEN)),
        };
        let mut running = host
            .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &uri(&endpoint))
            .env(name, token.expect("a plain name"))
            .env("RUST_MIN_STACK", &(1_u64 << 48).to_string())
            .start();
        let steps = json!([get_item(&service.url("/"))]);
        for id in ["id-1", "id-2"] {
            assert_eq!(
                outcomes(&lambda, id, &steps),
                ["error: ErrorCode::ConfigurationError"]
            );
        }
        running.logged("the system refuses the thread that reads the token file");
        running.assert_running();
        assert!(endpoint.received().is_empty());
    }
}

/// Five minutes before they expire. The old ones are used as long as they are valid.
#[test]
fn credentials_are_refreshed_before_they_expire_and_kept_if_that_fails() {
    let (lambda, service) = (Recorder::start(), Service::verifying());
    let works = Arc::new(AtomicBool::new(true));
    let count = Arc::new(AtomicUsize::new(0));
    let endpoint = {
        let (works, count) = (Arc::clone(&works), Arc::clone(&count));
        Service::start(move |_, _| {
            count.fetch_add(1, Ordering::SeqCst);
            if works.load(Ordering::SeqCst) {
                answer("200 OK", "", &document(Duration::from_secs(4)))
            } else {
                answer("500 Internal Server Error", "", b"")
            }
        })
    };
    let running = start(&lambda, &allow("dynamodb", &service), &endpoint);
    let steps = json!([get_item(&service.url("/"))]);
    let fine = ["ok: 200 5 hello"];

    assert_eq!(outcomes(&lambda, "first", &steps), fine);
    assert_eq!(outcomes(&lambda, "refreshed", &steps), fine);
    assert_eq!(count.load(Ordering::SeqCst), 2);
    works.store(false, Ordering::SeqCst);
    assert_eq!(outcomes(&lambda, "kept", &steps), fine);
    running.logged("kept the credentials, which expire soon");
    // The failed refresh is not repeated with each request.
    assert_eq!(outcomes(&lambda, "kept-again", &steps), fine);
    assert_eq!(count.load(Ordering::SeqCst), 3);
    pause(Duration::from_secs(4));
    let expired = outcomes(&lambda, "expired", &steps);
    assert_eq!(expired, ["error: ErrorCode::ConfigurationError"]);
    let line = running.logged("cannot sign a request to");
    assert_contains(&line, "the credentials endpoint answered 500");
    assert_contains(&line, "expired");
    works.store(true, Ordering::SeqCst);
    assert_eq!(outcomes(&lambda, "recovered", &steps), fine);
}

/// The service knows better than the clock whether credentials are valid.
#[test]
fn credentials_that_a_service_refuses_are_fetched_again() {
    for (headers, body) in [
        (
            "",
            r#"{"__type":"com.amazon.coral.service#ExpiredTokenException"}"#,
        ),
        ("", "<Error><Code>InvalidToken</Code></Error>"),
        ("x-amzn-errortype: ExpiredTokenException\r\n", ""),
    ] {
        let (lambda, endpoint) = (Recorder::start(), endpoint(HOUR));
        let service = Service::start(move |count, _| match count {
            0 => answer("200 OK", "", b"InvalidToken"),
            1 => answer("400 Bad Request", "", b"SomethingElse"),
            2 => answer("400 Bad Request", headers, body.as_bytes()),
            _ => answer("200 OK", "", b"hello"),
        });
        let _running = start(&lambda, &allow("dynamodb", &service), &endpoint);
        let call = get_item(&service.url("/"));

        outcomes(&lambda, "id-1", &json!([call, call, call]));
        assert_eq!(endpoint.received().len(), 1, "{body}");
        assert_eq!(
            outcomes(&lambda, "id-2", &json!([call])),
            ["ok: 200 5 hello"]
        );
        assert_eq!(endpoint.received().len(), 2, "{body}");
    }
}

#[test]
fn without_credentials_requests_fail_and_the_log_says_why() {
    let service = Service::verifying();
    let away = Service::start(|_, _| vec![Part::Close]);
    let garbage = Service::start(|_, _| answer("200 OK", "", b"{\"AccessKeyId\": 1}"));
    let old = endpoint(Duration::ZERO);
    let closed = crate::web::Web::closed_url();
    let full_uri = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    for (variables, reason) in [
        (vec![], "AWS_ACCESS_KEY_ID is not set"),
        (
            vec![("AWS_ACCESS_KEY_ID", "AKID".to_owned())],
            "AWS_SECRET_ACCESS_KEY is not set",
        ),
        (
            vec![(full_uri, "https://127.0.0.1/".to_owned())],
            "`https://127.0.0.1/`; expected",
        ),
        (
            vec![(full_uri, "http://169.254.169.254/".to_owned())],
            "`169.254.169.254` is not on this",
        ),
        (vec![(full_uri, closed)], "cannot be reached"),
        (vec![(full_uri, away.url(PATH))], "cannot be reached"),
        (
            vec![(full_uri, garbage.url(PATH))],
            "sent no document with `AccessKeyId`",
        ),
        (
            vec![
                (full_uri, old.url(PATH)),
                ("AWS_CONTAINER_AUTHORIZATION_TOKEN", TOKEN.to_owned()),
            ],
            "have expired",
        ),
        (
            vec![
                (full_uri, old.url(PATH)),
                (
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                    "/nowhere".to_owned(),
                ),
            ],
            "the token file `/nowhere`",
        ),
    ] {
        let lambda = Recorder::start();
        let mut host = without_credentials(&lambda, &allow("dynamodb", &service));
        for (name, value) in &variables {
            host = host.env(name, value);
        }
        let running = host.start();
        let outcome = outcomes(&lambda, "id-1", &json!([get_item(&service.url("/"))]));
        assert_eq!(
            outcome,
            ["error: ErrorCode::ConfigurationError"],
            "{reason}"
        );
        let line = running.logged("cannot sign a request to");
        for text in [reason, "id-1", &service.url("")] {
            assert_contains(&line, text);
        }
    }
    assert!(service.received().is_empty());
}

/// Whatever is allowed, by name and by address.
#[test]
fn the_handler_never_reaches_the_endpoint() {
    let (lambda, service, endpoint) = (Recorder::start(), Service::verifying(), endpoint(HOUR));
    let port = endpoint.port();
    let hosts = [
        "127.0.0.1",
        "localhost",
        "127.0.0.2",
        "0.0.0.0",
        "[::ffff:127.0.0.1]",
    ];
    let urls: Vec<String> = hosts
        .iter()
        .map(|host| format!("http://{host}:{port}"))
        .collect();
    let settings = format!(
        "{}ssm = 'http://127.0.0.1:{port}'\n[outbound]\nallow = {urls:?}\n\
         private-addresses = ['0.0.0.0/0', '::/0']\n",
        allow("dynamodb", &service).replace("['dynamodb']", "['dynamodb', 'ssm']"),
    );
    let _running = start(&lambda, &settings, &endpoint);
    let mut steps: Vec<Value> = urls
        .iter()
        .map(|url| json!({"fetch": {"url": format!("{url}{PATH}"), "headers": [["authorization", TOKEN]]}}))
        .collect();
    // A host that is in `aws.endpoints` is no exception.
    let mut signed = get_item(&endpoint.url(PATH));
    signed["fetch"]["headers"][0] = super::sign_for("ssm");
    steps.push(signed);
    steps.push(get_item(&service.url("/")));

    let outcomes = outcomes(&lambda, "id-1", &json!(steps));

    let (last, refused) = outcomes.split_last().expect("outcomes");
    assert_eq!(refused, ["error: ErrorCode::DestinationIpProhibited"; 6]);
    assert_eq!(last, "ok: 200 5 hello");
    // For the requests that the host has signed: the fifth of the steps, before it was refused, and the last.
    assert_eq!(endpoint.received().len(), 1);
}

/// A snapshot has no credentials: each process that is restored from it fetches its own.
#[test]
fn credentials_are_fetched_after_a_snapshot_only() {
    let (lambda, service, endpoint) = (Recorder::start(), Service::verifying(), endpoint(HOUR));
    let restored = Post::status("200 OK", "").delay(Duration::from_millis(300));
    lambda.on("/restore/next", restored);
    let _running = without_credentials(&lambda, &allow("dynamodb", &service))
        .env("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &endpoint.url(PATH))
        .env("AWS_CONTAINER_AUTHORIZATION_TOKEN", TOKEN)
        .start();
    lambda.request("/restore/next");
    assert!(endpoint.received().is_empty());
    let outcome = outcomes(&lambda, "id-1", &json!([get_item(&service.url("/"))]));
    assert_eq!(outcome, ["ok: 200 5 hello"]);
    assert_eq!(endpoint.received().len(), 1);
}
