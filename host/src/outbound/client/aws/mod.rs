//! Signing of the guest's requests to AWS. The crate `aws-signing` decides and signs; here are the parts
//! with I/O: credentials, and the answers.

mod answer;
mod container;
mod credentials;
mod endpoint;
mod signer;
pub(super) mod stored;
mod timestamp;

use std::fmt;

use aws_signing::{Ask, Placeholder, Policy};
use http::request::Parts;

pub(super) use answer::clock_skew;
pub(crate) use credentials::{CredentialCache, NoSource, Source};
pub(crate) use endpoint::ContainerVariables;
pub(super) use signer::{Signer, Unsigned};

/// The settings of signing, and the credentials.
pub(crate) struct Aws {
    /// The access key id that the guest sees.
    pub(crate) placeholder: Placeholder,
    pub(crate) policy: Policy,
    pub(crate) credentials: CredentialCache,
}

impl Aws {
    /// Decides whether a request is signed.
    pub(super) fn ask(&self, head: &Parts) -> Ask {
        aws_signing::ask(&self.placeholder, &self.policy, head)
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws")
            .field("policy", &self.policy)
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
impl Default for Aws {
    fn default() -> Self {
        let source = Source::Nowhere(NoSource::Unset {
            variable: "AWS_ACCESS_KEY_ID",
        });
        Self {
            placeholder: Placeholder::from_random([0; 16]),
            policy: Policy::default(),
            credentials: CredentialCache::new(source),
        }
    }
}
