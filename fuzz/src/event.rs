//! Events, as the SDK gives them to handlers.

use bootstream::testing::event;

/// Reads `bytes` in every way a handler can: what there is of names is found by name.
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
    let _ = (request.path(), request.body(), request.headers());
    let _ = request.parse_query_value::<u8>("a");
    let _ = request.json::<serde_json::Value>();
}
