//! Events of HTTP front ends and their authorizers.

use std::net::{IpAddr, Ipv4Addr};
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use local_lambda::{FrontEnd, Origin, Stage, new_request_id, trace};
use serde_json::{Value, json};

const API: &str = "arn:aws:execute-api:us-east-1:123456789012:abc123";
const TOKEN: &str = "Bearer EXAMPLE";
const AGENT: &str = concat!("bootstream/", env!("CARGO_PKG_VERSION"));

/// A request that becomes an event.
#[derive(Clone, Copy, Debug)]
pub(super) struct HttpRequest<'a> {
    pub(super) method: &'a str,
    /// The path with its query.
    pub(super) path: &'a str,
    /// Headers beside the usual ones, which they replace: `name: value`.
    pub(super) headers: &'a [String],
    /// `None`: it has none, and no content type.
    pub(super) body: Option<&'a str>,
}

impl HttpRequest<'_> {
    /// Builds the event.
    ///
    /// # Errors
    ///
    /// A part of the request is invalid, or the service would not pass it on.
    pub(super) fn event(self, front_end: FrontEnd) -> Result<Value> {
        event(front_end, &self.parts()?, self.body.unwrap_or_default())
    }

    /// Builds the event of an authorizer of an API, of type `REQUEST`, which never sees the body.
    ///
    /// # Errors
    ///
    /// A part of the request is invalid, or the API would not pass it on.
    pub(super) fn of_authorizer(self, api: FrontEnd) -> Result<Value> {
        let mut request = self.parts()?;
        let token = HeaderValue::from_static(TOKEN);
        let token = request
            .headers
            .entry(header::AUTHORIZATION)
            .or_insert(token);
        let token = String::from_utf8_lossy(token.as_bytes()).into_owned();
        let mut event = event(api, &request, "")?;
        let (method, path) = (request.method.as_str(), request.uri.path());
        let Some(members) = event.as_object_mut() else {
            return Ok(event);
        };
        members.remove("body");
        members.remove("isBase64Encoded");
        members.insert("type".to_owned(), json!("REQUEST"));
        if api == FrontEnd::Http {
            let arn = format!("{API}/$default/{method}{path}");
            members.insert("routeArn".to_owned(), json!(arn));
            members.insert("identitySource".to_owned(), json!([token]));
        } else {
            let arn = format!("{API}/local/{method}{path}");
            members.insert("methodArn".to_owned(), json!(arn));
        }
        Ok(event)
    }

    fn parts(self) -> Result<Parts> {
        let Self { method, path, .. } = self;
        let method: Method = method
            .parse()
            .with_context(|| format!("`{method}` is not the method of a request"))?;
        let request = Request::builder().method(method).uri(path).body(());
        let request = request.with_context(|| format!("`{path}` is not the path of a request"))?;
        let mut parts = request.into_parts().0;
        parts.headers = self.all_headers()?;
        Ok(parts)
    }

    fn all_headers(self) -> Result<HeaderMap> {
        let mut given = HeaderMap::new();
        for line in self.headers {
            let (name, value) = parse_header(line)?;
            given.append(name, value);
        }
        let json = HeaderValue::from_static("application/json");
        let usual = [
            (header::HOST, Some(HeaderValue::from_static("localhost"))),
            (header::CONTENT_TYPE, self.body.map(|_| json)),
            (header::USER_AGENT, Some(HeaderValue::from_static(AGENT))),
        ];
        for (name, value) in usual {
            if let Some(value) = value {
                given.entry(name).or_insert(value);
            }
        }
        Ok(given)
    }
}

fn parse_header(line: &str) -> Result<(HeaderName, HeaderValue)> {
    let expected = || format!("`{line}` is not a header: write it as `name: value`");
    let (name, value) = line.split_once(':').with_context(expected)?;
    let name = HeaderName::try_from(name.trim()).with_context(expected)?;
    let value = HeaderValue::try_from(value.trim()).with_context(expected)?;
    Ok((name, value))
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
