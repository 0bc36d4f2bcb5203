//! Recognizing the front end of an event.

use bootstream::{RequestExt as _, RequestKind};
use lambda_protocol::front_end::FrontEnd;
use serde_json::{Map, Value};

/// The order of the keys makes no difference, and the SDK finds a request in every event of a front end.
/// The input is an event.
///
/// # Panics
///
/// When the order matters, or the SDK disagrees.
pub fn check(bytes: &[u8]) {
    let _ = FrontEnd::of(bytes);
    let Ok(event) = serde_json::from_slice::<Map<String, Value>>(bytes) else {
        return;
    };
    let sorted = FrontEnd::of(written(event.iter()).as_bytes());
    let reversed = FrontEnd::of(written(event.iter().rev()).as_bytes());
    assert_eq!(sorted, reversed);
    let asks_authorizer = ["methodArn", "routeArn"]
        .iter()
        .any(|name| event.get(*name).is_some_and(|arn| !arn.is_null()));
    if let Ok(request) = bootstream::testing::event(written(event.iter())).request()
        && !asks_authorizer
    {
        let kind = request.kind().expect("the request is from an event");
        assert!(is_of(kind, sorted), "{kind:?}, {sorted:?}");
    }
}

/// Whether both mean the same sender. Only payload format 1.0 has versions that no service sends.
fn is_of(kind: RequestKind, front_end: Option<FrontEnd>) -> bool {
    match kind {
        RequestKind::ApiGatewayV1 => matches!(
            front_end,
            Some(FrontEnd::RestApi | FrontEnd::HttpApiV1) | None
        ),
        RequestKind::ApiGatewayV2 => {
            matches!(front_end, Some(FrontEnd::FunctionUrl | FrontEnd::HttpApiV2))
        }
        RequestKind::Alb => matches!(front_end, Some(FrontEnd::LoadBalancer { .. })),
        RequestKind::VpcLatticeV1 | RequestKind::VpcLatticeV2 => {
            front_end == Some(FrontEnd::Lattice)
        }
        _ => false,
    }
}

fn written<'a>(entries: impl Iterator<Item = (&'a String, &'a Value)>) -> String {
    let entries = entries.map(|(key, value)| format!("{}:{value}", Value::from(key.as_str())));
    format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
}
