//! Components of `wasi:http/service` of WASI 0.3.

mod answers;
mod ends;
mod load;
mod loading;
mod outside;
mod parity;

use bootstream_test_support::guests;
use bootstream_test_support::process::{Bootstrap, Running, executable_with_wasi_p3};
use bootstream_test_support::recorder::{Event, Recorder};
use serde_json::{Value, json};

/// A `GET` of a Function URL.
fn get(id: &str, target: &str) -> Event {
    post(id, target, None)
}

/// The same with these headers besides.
fn get_with(id: &str, target: &str, headers: &[(&str, &str)]) -> Event {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut event = url_event(path, query, None);
    for (name, value) in headers {
        event["headers"][*name] = (*value).into();
    }
    Event::new(id, event.to_string())
}

/// A `HEAD` of a Function URL.
fn head(id: &str, target: &str) -> Event {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut event = url_event(path, query, None);
    event["requestContext"]["http"]["method"] = "HEAD".into();
    Event::new(id, event.to_string())
}

/// A request with this text as its body.
fn post(id: &str, target: &str, body: Option<&str>) -> Event {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Event::new(id, url_event(path, query, body).to_string())
}

fn url_event(path: &str, query: &str, body: Option<&str>) -> Value {
    let method = if body.is_some() { "POST" } else { "GET" };
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {
            "host": "abc.lambda-url.eu-west-1.on.aws",
            "x-forwarded-proto": "https",
            "connection": "keep-alive",
        },
        "requestContext": {
            "domainName": "abc.lambda-url.eu-west-1.on.aws",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
        },
        "body": body,
        "isBase64Encoded": false,
    })
}

/// The build with WASI 0.3, with the service as its handler.
#[track_caller]
fn service(lambda: &Recorder) -> Bootstrap {
    let handler = guests::component("service_guest");
    Bootstrap::with_executable(lambda, &executable_with_wasi_p3(), &handler)
}

/// A host that runs the service.
#[track_caller]
fn serving() -> (Recorder, Running) {
    serving_with("", &[])
}

/// The same with these settings and variables.
#[track_caller]
fn serving_with(settings: &str, variables: &[(&str, &str)]) -> (Recorder, Running) {
    let lambda = Recorder::start();
    let host = service(&lambda).settings(settings);
    let host = variables
        .iter()
        .fold(host, |host, (name, value)| host.env(name, value));
    let host = host.start();
    (lambda, host)
}
