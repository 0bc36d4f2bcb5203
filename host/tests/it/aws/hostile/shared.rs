//! What is not in a head: bodies, trailers, and what many requests or two tenants share.

use std::time::Duration;

use bootstream_test_support::assert_contains;
use bootstream_test_support::recorder::Recorder;
use serde_json::json;

use super::super::service::{Part, Service, answer};
use super::super::{KEY_ID, SESSION_TOKEN, allow, function, get_item, sdk};
use crate::reaching::{outcomes, outcomes_for};

/// It names a key that nobody else accepts.
#[test]
fn the_placeholder_in_a_body_stays_what_it_is() {
    let service = Service::start(|_, request| answer("200 OK", "", &request.body));
    let settings = format!(
        "aws.allow = ['dynamodb']\n[outbound]\nallow = ['{}']\n",
        service.url("")
    );
    let lambda = Recorder::start();
    let _running = function(&lambda, &settings).start();
    let step = json!({"fetch": {"url": service.url("/"), "body": "${AWS_ACCESS_KEY_ID}"}});

    let outcome = outcomes(&lambda, "id-1", &json!([step])).remove(0);

    assert_contains(&outcome, "BOOTSTREAM");
    assert!(!outcome.contains(KEY_ID), "{outcome}");
    assert!(service.only().headers("authorization").is_empty());
}

#[test]
fn trailers_of_an_error_show_no_credentials() {
    let service = Service::start(|_, _| {
        let error = format!(
            "HTTP/1.1 403 Forbidden\r\ntransfer-encoding: chunked\r\ntrailer: x-echo\r\n\r\n\
             0\r\nx-echo: {KEY_ID}/{SESSION_TOKEN}\r\n\r\n"
        );
        vec![Part::Bytes(error.into_bytes())]
    });
    let step = json!({"aws": "dynamodb", "url": "/", "then": "trailers"});

    let outcome = sdk::outcome(&allow("dynamodb", &service), &step);

    let stars = |text: &str| "*".repeat(text.len());
    let echo = format!("{}/{}", stars(KEY_ID), stars(SESSION_TOKEN));
    assert_contains(&outcome, "ok: 403");
    assert_contains(&outcome, &echo);
}

#[test]
fn signed_requests_count_as_open_ones() {
    let lambda = Recorder::start();
    let service = Service::start(|_, _| {
        let mut parts = vec![Part::Pause(Duration::from_millis(300))];
        parts.extend(answer("200 OK", "", b"hello"));
        parts
    });
    let settings = format!("{}[outbound]\nrequests = 2\n", allow("dynamodb", &service));
    let running = function(&lambda, &settings).start();
    let call = get_item(&service.url("/"))["fetch"].take();

    let outcome = outcomes(&lambda, "id-1", &json!([{"fetch_at_once": [3, call]}]));

    assert_eq!(outcome, ["ok: 200, 200, ErrorCode::ConnectionLimitReached"]);
    running.logged("2 are open, the limit of `outbound.requests`");
    assert_eq!(service.received().len(), 2);
}

#[test]
fn a_kept_connection_is_not_that_of_another_tenant() {
    let (lambda, service) = (Recorder::start(), Service::verifying());
    let _running = function(&lambda, &allow("dynamodb", &service)).start();
    let steps = json!([get_item(&service.url("/"))]);

    for (id, tenant) in [("id-1", "blue"), ("id-2", "green"), ("id-3", "blue")] {
        assert_eq!(
            outcomes_for(&lambda, id, tenant, &steps),
            ["ok: 200 5 hello"]
        );
    }

    let connections: Vec<_> = service.received().iter().map(|it| it.connection).collect();
    assert_eq!(connections, [0, 1, 0]);
}
