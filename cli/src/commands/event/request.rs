//! Events of HTTP front ends and their authorizers.

use std::net::{IpAddr, Ipv4Addr};
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, header};
use local_lambda::{FrontEnd, Origin, Stage, new_request_id, trace};
use serde_json::{Value, json};

const API: &str = "arn:aws:execute-api:us-east-1:123456789012:abc123";
const TOKEN: &str = "Bearer EXAMPLE";

/// Builds the event of a `POST` of a JSON document.
///
/// # Errors
///
/// The path is invalid, or the service would not pass it on.
pub(super) fn of_front_end(front_end: FrontEnd, path: &str, body: &str) -> Result<Value> {
    event(front_end, &request(path)?, body)
}

/// Builds the event of an authorizer of an API, of type `REQUEST`, which never sees the body.
///
/// # Errors
///
/// The path is invalid, or the API would not pass it on.
pub(super) fn of_authorizer(api: FrontEnd, path: &str) -> Result<Value> {
    let mut request = request(path)?;
    let token = HeaderValue::from_static(TOKEN);
    request.headers.insert(header::AUTHORIZATION, token);
    let mut event = event(api, &request, "")?;
    let path = request.uri.path();
    let Some(members) = event.as_object_mut() else {
        return Ok(event);
    };
    members.remove("body");
    members.remove("isBase64Encoded");
    members.insert("type".to_owned(), json!("REQUEST"));
    if api == FrontEnd::Http {
        let arn = format!("{API}/$default/POST{path}");
        members.insert("routeArn".to_owned(), json!(arn));
        members.insert("identitySource".to_owned(), json!([TOKEN]));
    } else {
        let arn = format!("{API}/local/POST{path}");
        members.insert("methodArn".to_owned(), json!(arn));
    }
    Ok(event)
}

fn request(path: &str) -> Result<Parts> {
    let request = Request::post(path)
        .header("host", "localhost")
        .header("content-type", "application/json")
        .header(
            "user-agent",
            concat!("bootstream/", env!("CARGO_PKG_VERSION")),
        )
        .body(())
        .with_context(|| format!("`{path}` is not the path of a request"))?;
    Ok(request.into_parts().0)
}

fn event(front_end: FrontEnd, request: &Parts, body: &str) -> Result<Value> {
    if let Some((_, reason)) = front_end.rejects(request) {
        bail!("no function gets such a request: {reason}");
    }
    let origin = Origin {
        request_id: new_request_id(),
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        trace: trace(&HeaderMap::new()),
        now: SystemTime::now(),
        stage: Stage::default(),
    };
    Ok(front_end.event(request, &Bytes::copy_from_slice(body.as_bytes()), &origin))
}
