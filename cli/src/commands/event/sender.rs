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

/// The service that turns a request into an event.
#[derive(Clone, Copy, Debug)]
pub(super) enum HttpSender {
    FrontEnd(FrontEnd),
    /// A REST API that calls a `REQUEST` authorizer.
    AuthorizerRest,
    /// An HTTP API that calls an authorizer.
    AuthorizerHttp,
}

impl HttpSender {
    /// Returns whether the event has the body of the request: an authorizer never sees it.
    pub(super) fn takes_body(self) -> bool {
        match self {
            Self::AuthorizerRest | Self::AuthorizerHttp => false,
            Self::FrontEnd(_) => true,
        }
    }

    /// Builds the event of a `POST` of a JSON document.
    ///
    /// # Errors
    ///
    /// The path is invalid, or the service would not pass it on.
    pub(super) fn event(self, path: &str, body: &str) -> Result<Value> {
        let request = request(path)?;
        match self {
            Self::FrontEnd(front_end) => of_front_end(front_end, &request, body),
            Self::AuthorizerRest => of_rest_authorizer(request),
            Self::AuthorizerHttp => of_http_authorizer(request),
        }
    }
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

fn of_front_end(front_end: FrontEnd, request: &Parts, body: &str) -> Result<Value> {
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

/// Builds the event of an authorizer of type `REQUEST`.
fn of_rest_authorizer(mut request: Parts) -> Result<Value> {
    authorize(&mut request);
    let mut event = of_front_end(FrontEnd::Rest, &request, "")?;
    put(&mut event, "type", json!("REQUEST"));
    let arn = format!("{API}/local/POST{}", request.uri.path());
    put(&mut event, "methodArn", json!(arn));
    Ok(without_body(event))
}

/// Builds the event of an authorizer in payload format 2.0.
fn of_http_authorizer(mut request: Parts) -> Result<Value> {
    authorize(&mut request);
    let mut event = of_front_end(FrontEnd::Http, &request, "")?;
    put(&mut event, "type", json!("REQUEST"));
    let arn = format!("{API}/$default/POST{}", request.uri.path());
    put(&mut event, "routeArn", json!(arn));
    put(&mut event, "identitySource", json!([TOKEN]));
    Ok(without_body(event))
}

fn authorize(request: &mut Parts) {
    let token = HeaderValue::from_static(TOKEN);
    request.headers.insert(header::AUTHORIZATION, token);
}

fn without_body(event: Value) -> Value {
    let Value::Object(mut members) = event else {
        return event;
    };
    members.remove("body");
    members.remove("isBase64Encoded");
    Value::Object(members)
}

fn put(event: &mut Value, name: &str, value: Value) {
    if let Some(members) = event.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}
