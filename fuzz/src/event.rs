//! Events, as the SDK gives them to handlers.

use bootstream::Request;
use bootstream::testing::{event, get};

/// Reads `bytes` in every way a handler can: what there is of names is found by name, and path and
/// query are those of a URI.
pub fn check(bytes: &[u8]) {
    let event = event(bytes);
    assert_eq!(event.bytes(), bytes);
    // Any may be refused.
    let _ = event.api_gateway_v1();
    let _ = event.api_gateway_v2();
    let _ = event.function_url();
    let _ = event.alb();
    let Ok(request) = event.request() else { return };
    for (name, value) in request.query() {
        assert!(request.query_value(name).is_some(), "{name}={value}");
    }
    for (name, value) in request.cookies() {
        assert!(request.cookie(name).is_some(), "{name}={value}");
    }
    check_target(&request);
    let _ = (request.stage(), request.body(), request.headers());
    let _ = request.parse_query_value::<u8>("a");
    let _ = request.json::<serde_json::Value>();
}

/// The path is in its normal form, so that the same request through another front end has the same.
fn check_target(request: &Request) {
    let (path, query) = (request.path(), request.query_string());
    assert!(path.starts_with('/'), "{path}");
    assert!(query.bytes().all(|byte| byte.is_ascii_graphic()), "{query}");
    let target = format!("{path}?{query}");
    // The library holds no longer ones.
    if target.len() < usize::from(u16::MAX) {
        let uri: http::uri::PathAndQuery = target.parse().expect("a URI");
        assert_eq!((uri.path(), uri.query()), (path, Some(query)));
    }
    let again = get(&target).request().expect("a request");
    assert_eq!(again.path(), path);
    assert_eq!(again.path_segments(), request.path_segments());
    assert_eq!(again.query(), request.query());
}
