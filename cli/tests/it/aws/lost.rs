//! Lambda drops the connection of a response: the handler fails to write, and asks AWS for no more.
//!
//! The local Lambda does as Lambda does when a caller leaves: the function goes on. So these tests have a Runtime
//! API of their own.

use bootstream_test_support::moto::{KEY_ID, Moto, REGION, SECRET, TOKEN};
use bootstream_test_support::process::{Bootstrap, Running};
use bootstream_test_support::recorder::{Event, Fate, Post, Recorder};
use bootstream_test_support::{assert_contains, guests};

use super::{dynamodb, s3, settings_of};

/// Bytes of the response that arrive.
const ARRIVE_BYTES: usize = 64 * 1024;

/// Invokes an example, and waits until it is stopped because its response was lost.
#[track_caller]
fn lose(moto: &Moto, example: &str, service: &str, variable: (&str, &str)) -> Running {
    let lambda = Recorder::start();
    let lost = Post::default().early_after(ARRIVE_BYTES).fate(Fate::Reset);
    lambda.on("/response", lost);
    let event = r#"{"version":"2.0","rawPath":"/song","rawQueryString":"","headers":{},
        "requestContext":{"http":{"method":"GET","path":"/song"}}}"#;
    lambda.enqueue(Event::new("id-1", event));
    let host = Bootstrap::with_handler(&lambda, &guests::component(&example.replace('-', "_")));
    std::fs::copy(settings_of(example), host.package().join("bootstream.toml")).expect("settings");
    let endpoint = format!("{service}={}", moto.http());
    let host = host
        .env("AWS_ACCESS_KEY_ID", KEY_ID)
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        .env("AWS_SESSION_TOKEN", TOKEN)
        .env("AWS_REGION", REGION)
        .env("BOOTSTREAM_AWS_ENDPOINTS", &endpoint)
        .env(variable.0, variable.1)
        .start();
    host.logged("ResponseClosed");
    host
}

#[test]
fn the_scan_ends() {
    let moto = dynamodb::large();

    let _host = lose(
        &moto,
        "dynamodb-export",
        "dynamodb",
        ("TABLE_NAME", "songs"),
    );

    let pages = moto.requests().len();
    assert!(
        pages < dynamodb::LARGE_PAGES,
        "the scan went on to page {pages}"
    );
}

#[test]
fn the_download_ends() {
    let moto = s3::bucket(&[("/song", &vec![7; 64 * s3::MIB])]);

    let _host = lose(&moto, "s3-download", "s3", ("BUCKET_NAME", "music"));

    let request = moto.request("the end of the download", |request| {
        request["status"] == 200
    });
    assert_contains(&request.to_string(), "\"broken\"");
}
