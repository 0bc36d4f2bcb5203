//! What every world has: secrets, signed requests, an instance for each tenant, a snapshot before the first event.

use std::time::Duration;

use bootstream_test_support::assert_contains;
use bootstream_test_support::recorder::{Post, Recorder};

use super::{get, get_with, service, serving_with};
use crate::aws;
use crate::aws::service::Service;
use crate::reaching::allow;
use crate::web::Web;

#[test]
fn a_secret_is_put_into_a_header_and_neither_the_guest_nor_the_log_sees_it() {
    let web = Web::start();
    let settings = format!(
        "{}[secrets]\nAPI_KEY = {{ hosts = ['{}'] }}\n",
        allow(&web),
        web.url("")
    );
    let (lambda, host) = serving_with(&settings, &[("API_KEY", "s3cret")]);
    let target = format!("/send-with?127.0.0.1:{}/hello", web.port());
    let headers = [("send-authorization", "Bearer ${API_KEY}")];

    lambda.enqueue(get_with("id-1", &target, &headers));

    assert_eq!(lambda.complete_response("id-1").body(), "200 hello");
    assert_contains(&web.heads()[0], "authorization: Bearer s3cret\r\n");
    lambda.enqueue(get("id-2", "/environment"));
    let environment = lambda.complete_response("id-2").body();
    assert!(!environment.contains("s3cret"), "{environment}");
    for line in host.stdout() {
        assert!(!line.contains("s3cret"), "{line}");
    }
}

#[test]
fn a_request_with_the_placeholder_is_signed_by_the_host() {
    let api = Service::verifying();
    let lambda = Recorder::start();
    let host = service(&lambda).settings(&aws::allow("s3", &api));
    let _host = aws::with_credentials(host).start();
    let authorization = aws::sign_for("s3")[1].as_str().map(ToOwned::to_owned);
    let authorization = authorization.expect("a value");
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let headers = [
        ("send-authorization", authorization.as_str()),
        ("send-x-amz-content-sha256", empty),
    ];
    let target = format!("/send-with?{}/music/song", api.host());

    lambda.enqueue(get_with("id-1", &target, &headers));

    assert_eq!(lambda.complete_response("id-1").body(), "200 hello");
    let signed = api.only().header("authorization");
    assert_contains(&signed, "/eu-central-1/s3/aws4_request");
}

#[test]
fn an_instance_never_serves_another_tenant() {
    let (lambda, _host) = serving_with("reuse.invocations = 100\n", &[]);
    for (id, tenant, served) in [
        ("a-1", "a", "1"),
        ("a-2", "a", "2"),
        ("b-1", "b", "1"),
        ("b-2", "b", "2"),
    ] {
        let event = get(id, "/served").header("Lambda-Runtime-Aws-Tenant-Id", tenant);
        lambda.enqueue(event);
        assert_eq!(lambda.complete_response(id).body(), served, "{id}");
    }
}

#[test]
fn the_first_event_is_served_after_a_snapshot() {
    let lambda = Recorder::start();
    let restored = Post::status("200 OK", "").delay(Duration::from_millis(200));
    lambda.on("/restore/next", restored);
    let _host = service(&lambda)
        .env("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")
        .start();
    for id in ["id-1", "id-2"] {
        lambda.enqueue(get(id, "/chunks"));
        assert_eq!(lambda.complete_response(id).body(), "0123456789");
    }
    let (restore, poll) = lambda.look(|seen| (seen.exchanges[0].clone(), seen.polls()[0].clone()));
    assert!(poll.began > restore.answered.expect("an answer"));
}

/// The server sees a body that is cut off, rather than a complete one.
#[test]
fn a_trap_in_the_middle_of_an_upload_is_a_failure_for_both_sides() {
    let api = Service::start(|_, _| Vec::new());
    let settings = format!(
        "[outbound]\nallow = ['{}']\nprivate-addresses = ['127.0.0.1']\n",
        api.url("")
    );
    let (lambda, _host) = serving_with(&settings, &[]);
    let target = format!("/upload-trap?{}/parts", api.host());

    lambda.enqueue(get("id-1", &target));

    let error = lambda.reported_error("id-1", "Function.Panic");
    assert_contains(&error.error_message(), "in the middle of a body");
    assert_eq!(api.received().len(), 0, "a complete request");
    lambda.enqueue(get("id-2", "/hello"));
    assert_eq!(lambda.complete_response("id-2").body(), "hello");
}
