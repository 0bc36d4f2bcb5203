//! Signs requests of a sandboxed handler to AWS, which never holds a key.
//!
//! A handler signs with a placeholder access key. [`ask`] decides whether the policy grants a request that
//! names the placeholder. A [`Grant`] removes the handler's signature, and signs with the real key.
//! No I/O: the caller holds the body, fetches credentials, and sends.
#![warn(missing_docs)]

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use http::HeaderMap;
use http::request::Parts;
use zeroize::Zeroizing;

/// The access key id that a handler sees: `BOOTSTREAM` and 26 characters in base32.
#[derive(Clone, PartialEq, Eq)]
pub struct Placeholder(String);

impl Placeholder {
    /// Encodes 128 random bits.
    #[must_use]
    pub fn from_random(_random: [u8; 16]) -> Self {
        todo!()
    }

    /// Returns the access key id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One entry of `aws.allow`: `SERVICE[/BUCKET][@REGION][:OPERATION]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    prefix: String,
    bucket: Option<String>,
    region: Option<String>,
    operation: Option<String>,
}

/// An entry of `aws.allow` that is invalid. The text says why, and what is expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidRule(String);

impl Rule {
    /// The host prefix, such as `bedrock-runtime`.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
    /// The only bucket.
    #[must_use]
    pub fn bucket(&self) -> Option<&str> {
        self.bucket.as_deref()
    }
    /// The region, or `*`. `None` is the function's own region.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }
    /// `read`, or an operation such as `GetItem` or `Get*`.
    #[must_use]
    pub fn operation(&self) -> Option<&str> {
        self.operation.as_deref()
    }
    /// A warning if the service hands out credentials, which the handler then sees.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        todo!()
    }
    /// The IAM actions that the role needs for this entry, such as `dynamodb:GetItem`.
    #[must_use]
    pub fn iam_actions(&self) -> Vec<String> {
        todo!()
    }
}

impl FromStr for Rule {
    type Err = InvalidRule;
    fn from_str(_text: &str) -> Result<Self, InvalidRule> {
        todo!()
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}

/// One entry of `aws.endpoints`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomEndpoint {
    prefix: String,
    url: String,
}

/// An entry of `aws.endpoints` that is invalid. The text says why, and what is expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidEndpoint(String);

impl CustomEndpoint {
    /// Creates an entry.
    ///
    /// # Errors
    ///
    /// When `url` is not `https://HOST[:PORT]`, or `http://` with a public address.
    pub fn new(_prefix: &str, _url: &str) -> Result<Self, InvalidEndpoint> {
        todo!()
    }
    /// The host prefix.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
    /// The URL without a path, such as `http://127.0.0.1:8000`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
    /// The variable by which SDKs find the endpoint, such as `AWS_ENDPOINT_URL_DYNAMODB`.
    #[must_use]
    pub fn variable(&self) -> String {
        todo!()
    }
}

/// What is signed.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// `aws.allow`.
    pub allow: Vec<Rule>,
    /// `aws.endpoints`.
    pub endpoints: Vec<CustomEndpoint>,
    /// The function's region: `AWS_REGION`.
    pub region: Option<String>,
}

impl Policy {
    /// Whether nothing is signed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.allow.is_empty()
    }
    /// Returns the URL of a service's endpoint in the function's region, without a path.
    #[must_use]
    pub fn warm(&self, _prefix: &str) -> Option<String> {
        todo!()
    }
    /// Returns a grant for a request that the host itself makes to `prefix` at [`Policy::warm`], with a held
    /// body. `allow` is not asked.
    #[must_use]
    pub fn own(&self, _prefix: &str, _head: &Parts) -> Option<Grant> {
        todo!()
    }
}

/// The decision about one request.
#[derive(Clone, Debug)]
pub enum Ask {
    /// Does not name the placeholder: not to be signed.
    NotOurs,
    /// To be signed.
    Granted(Box<Grant>),
    /// Names the placeholder and must not be sent.
    Refused(Refusal),
}

/// Why a request is not signed. The text follows ``denied a signed request to `https://…:443`: ``.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(String);

/// Decides whether a request is signed.
#[must_use]
pub fn ask(_placeholder: &Placeholder, _policy: &Policy, _head: &Parts) -> Ask {
    todo!()
}

/// How the body enters the signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// The caller collects the body and hashes it: [`PayloadHash::of`].
    Held,
    /// The handler states the digest. The body is streamed.
    Digest(PayloadHash),
    /// Not signed. Streamed, over TLS only.
    Unsigned,
    /// Not signed, with a checksum in a trailer. Streamed as it is, over TLS only.
    UnsignedTrailer,
}

impl Payload {
    /// Returns the hash, which the caller has to compute for a held body.
    #[must_use]
    pub fn hash(&self) -> Option<PayloadHash> {
        todo!()
    }
}

/// What stands for the body in the signature: SHA-256 in hexadecimal digits, or a marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadHash(String);

impl PayloadHash {
    /// Hashes a body in parts.
    #[must_use]
    pub fn of<T: AsRef<[u8]>>(_parts: impl IntoIterator<Item = T>) -> Self {
        todo!()
    }
}

/// A request that may be signed.
#[derive(Clone, Debug)]
pub struct Grant {
    service: String,
    region: String,
    payload: Payload,
    custom: bool,
}

impl Grant {
    /// The signing name, such as `bedrock`.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }
    /// The region that is signed for.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }
    /// How the body enters the signature.
    #[must_use]
    pub fn payload(&self) -> &Payload {
        &self.payload
    }
    /// Whether the host is of `aws.endpoints`. Then `http://` is possible, to loopback and private addresses
    /// only, which the caller checks.
    #[must_use]
    pub fn is_custom(&self) -> bool {
        self.custom
    }
    /// Drops the handler's signature, and rewrites the URI and `host` to their canonical form. Once, before
    /// [`Grant::sign`].
    pub fn prepare(&self, _head: &mut Parts) {
        todo!()
    }
    /// Signs. May be called again for a retry: it replaces the signature.
    ///
    /// # Errors
    ///
    /// When the clock is before 1970 or after 9999.
    pub fn sign(
        &self,
        _head: &mut Parts,
        _payload: &PayloadHash,
        _credentials: &Credentials,
        _now: SystemTime,
    ) -> Result<(), SignError> {
        todo!()
    }
}

/// A request could not be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The clock has no date of four digits.
    #[error("the clock of this machine is before 1970 or after 9999")]
    Clock,
}

/// An access key. It has no `Debug` form of its values, and is overwritten when dropped.
#[derive(Clone)]
pub struct Credentials {
    _key_id: Zeroizing<String>,
    _secret: Zeroizing<String>,
    _token: Option<Zeroizing<String>>,
}

/// A part of an access key is not usable in a header. The text names the part, without its value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidCredentials(&'static str);

impl Credentials {
    /// Creates credentials. An empty token is no token.
    ///
    /// # Errors
    ///
    /// When a part is empty, or has characters that no header may have.
    pub fn new(
        _key_id: String,
        _secret: String,
        _token: Option<String>,
    ) -> Result<Self, InvalidCredentials> {
        todo!()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// Overwrites credentials in an answer by as many `*`. For answers of status 400 and above.
pub struct Redactor {
    _needles: Vec<Zeroizing<Vec<u8>>>,
    _held: Vec<u8>,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").finish_non_exhaustive()
    }
}

impl Redactor {
    /// Redacts `credentials` and the signature of `signed`, the headers of the request that was sent.
    #[must_use]
    pub fn new(_credentials: &Credentials, _signed: &HeaderMap) -> Self {
        todo!()
    }
    /// Returns what may be passed on after this chunk. The rest is held until more is known.
    #[must_use]
    pub fn push(&mut self, _chunk: &[u8]) -> Vec<u8> {
        todo!()
    }
    /// Returns what is held at the end of the body.
    #[must_use]
    pub fn finish(&mut self) -> Vec<u8> {
        todo!()
    }
    /// Redacts a whole text, such as the value of a header.
    #[must_use]
    pub fn redact(&self, _text: &[u8]) -> Vec<u8> {
        todo!()
    }
}

/// Removes trailers that could be read as part of a signature.
pub fn drop_signing_trailers(_trailers: &mut HeaderMap) {
    todo!()
}

/// Returns SHA-256 in hexadecimal digits.
#[must_use]
pub fn sha256_hex(_bytes: &[u8]) -> String {
    todo!()
}
