//! Fetches the credentials of a container.

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::time::{Duration, SystemTime};

use aws_signing::Credentials;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, HOST};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt as _, Collected, Empty, Limited};
use serde::Deserialize;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use wasmtime_wasi_http::{Error, WasiBody};

use super::endpoint::{ContainerEndpoint, Token};
use super::timestamp;
use crate::outbound::connect::Boxed;
use crate::outbound::link::Link;
use crate::platform::threads::pool_has_thread;

/// Longest time of a fetch. The endpoint is on the same machine.
const FETCH_LIMIT: Duration = Duration::from_secs(5);

/// Largest document we read, in bytes. A session token has a few KiB.
const DOCUMENT_LIMIT_BYTES: usize = 64 * 1024;

/// Credentials, and when they expire.
pub(super) struct Fetched {
    pub(super) credentials: Credentials,
    /// `None` if they do not expire.
    pub(super) expires: Option<SystemTime>,
}

/// Why there are no credentials. The texts show nothing of what the endpoint sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::outbound) enum FetchError {
    #[error("the system refuses the thread that reads the token file or looks up names")]
    NoThread,
    #[error("the credentials endpoint `{0}` is not on this machine")]
    Untrusted(String),
    #[error("the token file `{path}` of the credentials endpoint cannot be read: {reason}")]
    TokenFile { path: String, reason: String },
    #[error("the token of the credentials endpoint is not a valid header value")]
    TokenValue,
    #[error("the credentials endpoint cannot be reached: {0}")]
    Unreachable(String),
    #[error("the credentials endpoint did not answer within {} s", FETCH_LIMIT.as_secs())]
    Slow,
    #[error("the credentials endpoint answered {}", .0.as_u16())]
    Status(StatusCode),
    #[error("the credentials endpoint sent no document with `AccessKeyId` and `SecretAccessKey`")]
    Document,
    #[error("the credentials endpoint sent credentials that have expired")]
    Expired,
}

impl From<io::Error> for FetchError {
    fn from(error: io::Error) -> Self {
        Self::Unreachable(error.to_string())
    }
}

impl From<Error> for FetchError {
    fn from(error: Error) -> Self {
        Self::Unreachable(error.to_string())
    }
}

/// Fetches credentials, on a connection of their own.
///
/// # Errors
///
/// When the endpoint is not on this machine, cannot be reached, is slow, or sends no credentials.
pub(super) fn fetch(endpoint: &ContainerEndpoint) -> Boxed<'_, Result<Fetched, FetchError>> {
    Box::pin(async move {
        let document = timeout(FETCH_LIMIT, request(endpoint));
        let document = document.await.map_err(|_| FetchError::Slow)??;
        parse(&document)
    })
}

async fn request(endpoint: &ContainerEndpoint) -> Result<Bytes, FetchError> {
    let request = head(endpoint).await?;
    let stream = TcpStream::connect(address(endpoint).await?).await?;
    let mut link = Link::over(Box::new(stream), DOCUMENT_LIMIT_BYTES).await?;
    let sent = link.send(request, FETCH_LIMIT).await;
    let (head, body) = sent.map_err(|lost| lost.error)?.into_parts();
    if head.status != StatusCode::OK {
        return Err(FetchError::Status(head.status));
    }
    let mut body = pin!(Limited::new(body, DOCUMENT_LIMIT_BYTES).collect());
    let body = poll_fn(|cx| {
        // Reads from the connection; the body has its end.
        let _ = link.poll_end_of_exchange(cx);
        body.as_mut().poll(cx)
    });
    body.await
        .map(Collected::to_bytes)
        .map_err(|error| FetchError::Unreachable(error.to_string()))
}

async fn head(endpoint: &ContainerEndpoint) -> Result<Request<WasiBody>, FetchError> {
    let mut head = Request::get(endpoint.path())
        .header(HOST, endpoint.authority().as_str())
        .header(ACCEPT, "application/json");
    if let Some(token) = token(endpoint.token()).await? {
        let token = HeaderValue::try_from(token.trim());
        let mut token = token.map_err(|_| FetchError::TokenValue)?;
        token.set_sensitive(true);
        head = head.header(AUTHORIZATION, token);
    }
    // The path is part of a URI that was parsed.
    head.body(empty())
        .map_err(|error| FetchError::Unreachable(error.to_string()))
}

fn empty() -> WasiBody {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

async fn token(token: &Token) -> Result<Option<String>, FetchError> {
    match token {
        Token::None => Ok(None),
        Token::Value(value) => Ok(Some(value.clone())),
        Token::File(path) => {
            check_pool()?;
            let read = tokio::task::spawn_blocking({
                let path = path.clone();
                move || std::fs::read_to_string(path)
            });
            let read = read.await.unwrap_or_else(|stopped| Err(stopped.into()));
            read.map(Some).map_err(|error| FetchError::TokenFile {
                path: path.display().to_string(),
                reason: error.to_string(),
            })
        }
    }
}

async fn address(endpoint: &ContainerEndpoint) -> Result<SocketAddr, FetchError> {
    if endpoint.host().parse::<IpAddr>().is_err() {
        check_pool()?;
    }
    let mut found = lookup_host((endpoint.host(), endpoint.port())).await?;
    found
        .find(|address| endpoint.trusts(address.ip()))
        .ok_or_else(|| FetchError::Untrusted(endpoint.host().to_owned()))
}

fn check_pool() -> Result<(), FetchError> {
    pool_has_thread().then_some(()).ok_or(FetchError::NoThread)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    access_key_id: String,
    secret_access_key: String,
    token: Option<String>,
    expiration: Option<String>,
}

fn parse(document: &[u8]) -> Result<Fetched, FetchError> {
    // The parser's own errors quote the document.
    let document: Document = serde_json::from_slice(document).map_err(|_| FetchError::Document)?;
    let expires = match document.expiration {
        None => None,
        Some(text) => Some(timestamp::parse(&text).ok_or(FetchError::Document)?),
    };
    let token = document.token.filter(|token| !token.is_empty());
    let credentials = Credentials::new(document.access_key_id, document.secret_access_key, token);
    Ok(Fetched {
        credentials: credentials.map_err(|_| FetchError::Document)?,
        expires,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_credentials_and_their_expiry() {
        let fetched = parse(
            br#"{"Code":"Success","AccessKeyId":"AKID","SecretAccessKey":"SECRET","Token":"TOKEN",
                "Expiration":"1970-01-01T00:01:00Z"}"#,
        );
        let fetched = fetched.ok().unwrap();
        let minute = SystemTime::UNIX_EPOCH + Duration::from_secs(60);
        assert_eq!(fetched.expires, Some(minute));
        let forever = parse(br#"{"AccessKeyId":"AKID","SecretAccessKey":"SECRET"}"#);
        assert_eq!(forever.ok().unwrap().expires, None);
    }

    #[test]
    fn other_documents_are_refused_and_not_quoted() {
        for document in [
            r#"{"AccessKeyId":"AKID"}"#,
            r#"{"AccessKeyId":"AKID","SecretAccessKey":["SECRET"]}"#,
            r#"{"AccessKeyId":"AKID","SecretAccessKey":"SECRET","Expiration":"soon"}"#,
            r#"{"AccessKeyId":"A\nB","SecretAccessKey":"SECRET"}"#,
            "SECRET",
            "",
        ] {
            let error = parse(document.as_bytes()).err().unwrap();
            assert_eq!(error, FetchError::Document, "{document}");
            assert!(!error.to_string().contains("SECRET"));
        }
    }
}
