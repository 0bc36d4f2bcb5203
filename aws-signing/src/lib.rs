//! Signs requests of a sandboxed handler to AWS, which never holds a key.
//!
//! A handler signs with a placeholder access key. [`ask`] decides whether the [`Policy`] allows a request that
//! names the placeholder. A [`Grant`] removes the handler's signature, and signs with the real key, by
//! [signature version 4](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html).
//!
//! No I/O: the caller holds the body, fetches credentials, and sends.
#![warn(missing_docs)]

mod ask;
mod authorization;
mod credentials;
mod date;
mod endpoint;
mod grant;
mod hash;
mod headers;
mod iam;
mod operation;
mod payload;
mod placeholder;
mod policy;
mod redact;
mod refusal;
mod rule;
mod s3;
mod sign;
mod tables;
#[cfg(test)]
mod testing;
mod uri;

pub use ask::{Ask, ask};
pub use credentials::{Credentials, InvalidCredentials};
pub use endpoint::custom::{CustomEndpoint, InvalidEndpoint};
pub use grant::{Grant, SignError};
pub use hash::sha256_hex;
pub use headers::drop_signing_trailers;
pub use payload::{Payload, PayloadHash};
pub use placeholder::Placeholder;
pub use policy::Policy;
pub use redact::Redactor;
pub use refusal::Refusal;
pub use rule::{InvalidRule, Rule};
