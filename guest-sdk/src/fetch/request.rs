//! A request before it is sent.

use std::fmt;
use std::io::Read;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method};
use serde::Serialize;

use super::aws::Target;
use super::error::{About, Reason};
use super::header;
use super::request_body::RequestBody;
use super::transport::{self, Outgoing, Timeouts};
use super::url::{Url, push_pair};
use super::{FetchError, IncomingResponse};

/// A request of [`fetch`](crate::fetch), built step by step and [sent](Self::send).
///
/// What is not valid in a step makes [`send`](Self::send) fail.
#[must_use = "it is not sent until `send`"]
pub struct Request {
    method: Method,
    target: Result<Target, String>,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    body: RequestBody,
    timeouts: Timeouts,
    /// The first step that was not valid.
    invalid: Option<String>,
}

impl Request {
    pub(super) fn new(method: Method, url: Result<Url, String>) -> Self {
        Self::to(method, url.map(Target::Url))
    }

    pub(super) fn to(method: Method, target: Result<Target, String>) -> Self {
        Self {
            method,
            target,
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: RequestBody::None,
            timeouts: Timeouts::default(),
            invalid: None,
        }
    }

    /// Adds a header after the existing ones.
    ///
    /// The host sets `host`, `connection`, `transfer-encoding` and the other headers of the connection, and
    /// refuses them here.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<[u8]>) -> Self {
        match header::parse(name.as_ref(), value.as_ref()) {
            Ok((name, value)) => {
                self.headers.append(name, value);
            }
            Err(reason) => self.reject(reason),
        }
        self
    }

    /// Adds a pair to the query, percent-encoded.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Sets `Authorization: Bearer TOKEN`.
    ///
    /// A variable that `secrets` of `bootstream.toml` names is a placeholder here, and the host replaces it.
    pub fn bearer(self, token: impl AsRef<str>) -> Self {
        self.authorization(&format!("Bearer {}", token.as_ref()))
    }

    /// Sets `Authorization: Basic ...` with a user and a password.
    ///
    /// The host replaces the placeholder of a secret in it if the secret is allowed there:
    /// `LOGIN = { hosts = ["api.example"], in = ["basic"] }`.
    pub fn basic(self, user: impl AsRef<str>, password: impl AsRef<str>) -> Self {
        let user = user.as_ref();
        if user.contains(':') {
            let mut request = self;
            request.reject("the user of `basic` has a colon".to_owned());
            return request;
        }
        let pair = format!("{user}:{}", password.as_ref());
        self.authorization(&format!("Basic {}", BASE64_STANDARD.encode(pair)))
    }

    fn authorization(mut self, value: &str) -> Self {
        match header::parse(AUTHORIZATION.as_str(), value.as_bytes()) {
            Ok((name, mut value)) => {
                value.set_sensitive(true);
                self.headers.insert(name, value);
            }
            Err(reason) => self.reject(reason),
        }
        self
    }

    /// Sets the body to the JSON of `value`, and `content-type: application/json` unless there is one.
    pub fn json(mut self, value: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(value) {
            Ok(bytes) => self.bytes(bytes, Some("application/json")),
            Err(error) => {
                self.reject(format!("failed to encode the body as JSON: {error}"));
                self
            }
        }
    }

    /// Sets the body to a form of these pairs, and `content-type: application/x-www-form-urlencoded` unless
    /// there is one.
    ///
    /// ```
    /// # let upstream = bootstream::testing::Upstream::new([bootstream::testing::Reply::new(200)]);
    /// bootstream::fetch::post("https://api.example/search")
    ///     .form([("q", "rust & wasm"), ("page", "2")])
    ///     .send()?;
    /// # assert_eq!(upstream.requests()[0].text(), "q=rust%20%26%20wasm&page=2");
    /// # Ok::<_, bootstream::Error>(())
    /// ```
    pub fn form<N: AsRef<str>, V: AsRef<str>>(
        self,
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let mut form = String::new();
        for (name, value) in pairs {
            push_pair(&mut form, name.as_ref(), value.as_ref());
        }
        self.bytes(form.into(), Some("application/x-www-form-urlencoded"))
    }

    /// Sets the body.
    pub fn body(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.bytes(bytes.into(), None)
    }

    /// Sets the body to what `reader` gives. It is read while it is sent, a piece at a time.
    ///
    /// Without a header `content-length` the body is sent in chunks, which some servers refuse, S3 among
    /// them. With one it must have exactly that length.
    pub fn body_from(mut self, reader: impl Read + 'static) -> Self {
        self.body = RequestBody::Reader(Box::new(reader));
        self
    }

    fn bytes(mut self, bytes: Vec<u8>, content_type: Option<&'static str>) -> Self {
        self.body = RequestBody::Bytes {
            bytes,
            content_type,
        };
        self
    }

    /// Limits the time for the lookup of the name, the connection and TLS, within `outbound.connect-ms`.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.connect = Some(limit);
        self
    }

    /// Limits the wait for the head of the response, within `outbound.first-byte-ms`.
    pub fn first_byte_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.first_byte = Some(limit);
        self
    }

    /// Limits each pause in the body of the response, within `outbound.idle-ms`.
    pub fn between_bytes_timeout(mut self, limit: Duration) -> Self {
        self.timeouts.between_bytes = Some(limit);
        self
    }

    /// Sets the region of a request of [`fetch::aws`](super::aws). The default is that of the function.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        match &mut self.target {
            Ok(Target::Aws(service)) => service.set_region(region.into()),
            Ok(Target::Url(_)) => {
                self.reject("`region` is for requests of `fetch::aws`".to_owned());
            }
            Err(_) => {}
        }
        self
    }

    /// Sends the request and waits for the head of the response, of any status.
    ///
    /// # Errors
    ///
    /// When the request is not valid, the host denies it, or there is no response.
    pub fn send(self) -> Result<IncomingResponse, FetchError> {
        let (outgoing, about) = self.prepare()?;
        match transport::send(outgoing) {
            Ok((status, body)) => Ok(IncomingResponse::new(about, status, body)),
            Err(reason) => Err(FetchError::new(&about, reason)),
        }
    }

    fn reject(&mut self, reason: String) {
        self.invalid.get_or_insert(reason);
    }

    fn prepare(self) -> Result<(Outgoing, About), FetchError> {
        let Self {
            method,
            target,
            query,
            mut headers,
            body,
            timeouts,
            invalid,
        } = self;
        let invalid_request =
            |about: &About, reason| FetchError::new(about, Reason::Invalid(reason));
        let mut about = About {
            method: method.clone(),
            ..About::default()
        };
        let resolved = target.and_then(|target| target.resolve(&mut headers));
        let resolved = resolved.map_err(|reason| invalid_request(&about, reason))?;
        let mut url = resolved.url;
        about.url = Some(url.clone());
        about.aws_rule = resolved.rule;
        about.has_secret = headers.values().any(header::is_secret);
        if let Some(reason) = invalid {
            return Err(invalid_request(&about, reason));
        }
        for (name, value) in query {
            url.push_query(&name, &value);
        }
        let body = body.open(&mut headers, &method);
        let outgoing = Outgoing {
            method,
            url,
            headers,
            body,
            timeouts,
        };
        Ok((outgoing, about))
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}
