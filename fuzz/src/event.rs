//! Events, as the SDK passes them to handlers.

use bootstream::RequestExt as _;
use bootstream::http::Request;
use bootstream::testing::{event, get};

/// Reads `bytes` in every way a handler can: everything that has a name is found by it, and path and query
/// are those of a URI.
pub fn check(bytes: &[u8]) {
    let event = event(bytes);
    assert_eq!(event.bytes(), bytes);
    // Any of them may be refused.
    let _ = event.api_gateway_v1();
    let _ = event.api_gateway_v2();
    let _ = event.function_url();
    let _ = event.alb();
    let Ok(request) = event.request() else { return };
    for (name, value) in request.query_pairs() {
        assert!(request.query_value(&name).is_some(), "{name}={value}");
    }
    for (name, value) in request.cookies() {
        assert!(request.cookie(name).is_some(), "{name}={value}");
    }
    check_target(&request);
    let _ = (request.stage(), request.headers());
    let taken = event.clone().into_request().expect("a request");
    assert_eq!(taken.body(), request.body());
    let _ = request.parse_query_value::<u8>("a");
    let _ = request.json::<serde_json::Value>();
}

/// The path is normalized, so that the same request has the same path through every front end.
fn check_target(request: &Request<Vec<u8>>) {
    let path = request.uri().path();
    let query = request.uri().query().unwrap_or_default();
    assert!(path.starts_with('/'), "{path}");
    assert!(query.bytes().all(|byte| byte.is_ascii_graphic()), "{query}");
    let target = format!("{path}?{query}");
    let again = get(&target).request().expect("a request");
    assert_eq!(again.uri().path(), path);
    assert_eq!(again.path_segments(), request.path_segments());
    let pairs: Vec<_> = request.query_pairs().collect();
    assert_eq!(again.query_pairs().collect::<Vec<_>>(), pairs);
}
