//! Events of what stands before a function and speaks HTTP.

use std::net::{IpAddr, Ipv4Addr};
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, header};
use serde_json::{Value, json};

use crate::dev::context::{new_request_id, trace};
use crate::dev::door::Door;
use crate::dev::event::{Origin, Stage};

const API: &str = "arn:aws:execute-api:us-east-1:123456789012:abc123";
const TOKEN: &str = "Bearer EXAMPLE";

/// Who makes an event of a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Front {
    Url,
    Rest,
    Http,
    Alb,
    AlbMulti,
    Lattice,
    /// A REST API that asks whether a request may pass.
    AuthorizerRest,
    /// An HTTP API that asks whether a request may pass.
    AuthorizerHttp,
}

impl Front {
    /// Whether the event has the body of the request: an authorizer never sees it.
    pub(super) fn takes_body(self) -> bool {
        match self {
            Self::AuthorizerRest | Self::AuthorizerHttp => false,
            Self::Url | Self::Rest | Self::Http | Self::Alb | Self::AlbMulti | Self::Lattice => {
                true
            }
        }
    }

    /// Builds the event of a `POST` of a JSON document.
    ///
    /// # Errors
    ///
    /// The path is none, or none that the service passes on.
    pub(super) fn event(self, path: &str, body: &str) -> Result<Value> {
        let request = request(path)?;
        match self {
            Self::Url => of_door(Door::Url, &request, body),
            Self::Rest => of_door(Door::Rest, &request, body),
            Self::Http => of_door(Door::Http, &request, body),
            Self::Alb => of_door(Door::Alb, &request, body),
            Self::AlbMulti => of_door(Door::AlbMulti, &request, body),
            Self::Lattice => of_door(Door::Lattice, &request, body),
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

fn of_door(door: Door, request: &Parts, body: &str) -> Result<Value> {
    if let Some((_, reason)) = door.turns_away(request) {
        bail!("no function gets such a request: {reason}");
    }
    let origin = Origin {
        request_id: new_request_id(),
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        trace: trace(&HeaderMap::new()),
        now: SystemTime::now(),
        stage: Stage::default(),
    };
    Ok(door.event(request, &Bytes::copy_from_slice(body.as_bytes()), &origin))
}

/// The event of an authorizer of type `REQUEST`.
fn of_rest_authorizer(mut request: Parts) -> Result<Value> {
    authorize(&mut request);
    let mut event = of_door(Door::Rest, &request, "")?;
    put(&mut event, "type", json!("REQUEST"));
    let arn = format!("{API}/local/POST{}", request.uri.path());
    put(&mut event, "methodArn", json!(arn));
    Ok(without_body(event))
}

/// The event of an authorizer in payload format 2.0.
fn of_http_authorizer(mut request: Parts) -> Result<Value> {
    authorize(&mut request);
    let mut event = of_door(Door::Http, &request, "")?;
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
