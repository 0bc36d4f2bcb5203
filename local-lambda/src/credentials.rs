//! AWS credentials for functions, served beside the Runtime API as Lambda does under SnapStart.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use crate::observer::Observer;

/// The path of the credentials, as on Lambda.
pub(crate) const CREDENTIALS_PATH: &str = "/2021-04-23/credentials";

/// Obtains the credentials that functions are given.
pub trait CredentialsProvider: Send + Sync + 'static {
    /// Whether the function in this folder is given credentials. Asked for each process that starts.
    fn serves(&self, task_root: &Path) -> bool;

    /// The region of functions that are given credentials. `None` is the default region.
    fn region(&self) -> Option<String>;

    /// Returns valid credentials. May block. Called when a function asks for them, so an implementation
    /// need not keep them.
    ///
    /// # Errors
    ///
    /// There are none. The text says why, and what to do.
    fn credentials(&self) -> Result<AwsCredentials, String>;
}

/// Credentials in the form of Lambda's endpoint.
#[derive(Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AwsCredentials {
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token of temporary credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// When they expire, by RFC 3339. `None` if never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration: Option<String>,
}

impl fmt::Debug for AwsCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsCredentials")
            .field("expiration", &self.expiration)
            .finish_non_exhaustive()
    }
}

/// The provider of a function. By default functions are given no credentials.
#[derive(Clone, Default)]
pub struct Credentials(Option<Arc<dyn CredentialsProvider>>);

impl Credentials {
    /// Gives functions the credentials of `provider`.
    #[must_use]
    pub fn from_provider(provider: impl CredentialsProvider) -> Self {
        Self(Some(Arc::new(provider)))
    }

    /// Prepares the endpoint of one process. `None` if its function is given no credentials.
    pub(crate) fn endpoint(&self, task_root: &Path) -> Option<CredentialsEndpoint> {
        let provider = self.0.as_ref().filter(|it| it.serves(task_root))?;
        Some(CredentialsEndpoint {
            provider: Arc::clone(provider),
            token: random_token()?,
        })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Credentials")
            .field(&self.0.is_some())
            .finish()
    }
}

/// The credentials endpoint of one process.
#[derive(Clone)]
pub(crate) struct CredentialsEndpoint {
    provider: Arc<dyn CredentialsProvider>,
    /// What the process sends as `authorization`.
    token: String,
}

impl CredentialsEndpoint {
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    pub(crate) fn region(&self) -> Option<String> {
        self.provider.region()
    }

    /// Whether a request with this `authorization` comes from the process.
    pub(crate) fn authorizes(&self, authorization: Option<&[u8]>) -> bool {
        authorization == Some(self.token.as_bytes())
    }

    /// Returns the document with credentials. If there are none, the observer learns why, also after the process has
    /// stopped waiting.
    pub(crate) async fn document(&self, observer: &Observer) -> Option<String> {
        let (provider, observer) = (Arc::clone(&self.provider), observer.clone());
        let obtaining = tokio::task::spawn_blocking(move || {
            let credentials = provider.credentials();
            credentials
                .inspect_err(|reason| observer.warn(None, reason))
                .ok()
        });
        let credentials = obtaining.await.ok().flatten()?;
        serde_json::to_string(&credentials).ok()
    }
}

impl fmt::Debug for CredentialsEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialsEndpoint")
            .finish_non_exhaustive()
    }
}

/// Returns 128 random bits in hexadecimal digits, or `None` if the system has no random numbers.
fn random_token() -> Option<String> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).ok()?;
    Some(random.iter().map(|byte| format!("{byte:02x}")).collect())
}
