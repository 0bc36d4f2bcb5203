//! TLS for outbound requests: trusts Mozilla's certificate authorities, and those the user adds.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::{CipherSuite, ClientConfig, RootCertStore};

use crate::outbound::policy::Policy;

/// Created by the first request, because a handler may never send one. The policy of a process is
/// constant.
static CONFIG: OnceLock<Result<Arc<ClientConfig>, String>> = OnceLock::new();

pub(super) fn client_config(policy: &Policy) -> Result<Arc<ClientConfig>, String> {
    CONFIG
        .get_or_init(|| build(policy.ca_file.as_deref()).map(Arc::new))
        .clone()
}

fn build(ca_file: Option<&Path>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.into(),
    };
    if let Some(path) = ca_file {
        add_authorities(&mut roots, path)
            .map_err(|reason| format!("`{}`: {reason}", path.display()))?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// Prefers AES-128, as browsers do: its cipher suites hash with SHA-256, for which processors have instructions.
/// With SHA-384, hashing takes a tenth of a new connection's time.
fn provider() -> CryptoProvider {
    let mut provider = ring::default_provider();
    provider.cipher_suites.sort_by_key(|suite| {
        !matches!(
            suite.suite(),
            CipherSuite::TLS13_AES_128_GCM_SHA256
                | CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
                | CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
        )
    });
    provider
}

fn add_authorities(roots: &mut RootCertStore, path: &Path) -> Result<(), String> {
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| error.to_string())?;
    let mut added = 0;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
        added += 1;
    }
    match added {
        0 => Err("holds no certificate in PEM form".to_owned()),
        _ => Ok(()),
    }
}
