//! Which outbound requests a guest may make. Decides, and does no I/O.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
#[cfg(feature = "outbound-http")]
use std::sync::Arc;
use std::time::Duration;

use http::uri::Scheme;
use ipnet::IpNet;

use super::address;
#[cfg(feature = "outbound-http")]
use super::client::aws::Aws;
#[cfg(feature = "outbound-http")]
use super::client::{Holding, Vault};
use super::keep_alive::KeepAlive;
use super::secret::Secret;
#[cfg(feature = "outbound-http")]
use super::secret::Value;
use super::target::{Destination, Target};
use crate::observe::Onward;
use crate::runtime_api::Endpoint;

/// The settings of outbound HTTP.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) allow: Vec<Target>,
    pub(crate) private: Vec<IpNet>,
    pub(crate) secrets: Vec<Secret>,
    /// Age after which the value of a secret is fetched from its store again.
    pub(crate) secrets_refresh: Duration,
    /// The values of secrets that come from a store.
    #[cfg(feature = "outbound-http")]
    pub(crate) vault: Vault,
    /// Most concurrent requests of one instance.
    pub(crate) requests: usize,
    pub(crate) connect: Duration,
    pub(crate) first_byte: Duration,
    pub(crate) idle: Duration,
    pub(crate) header_bytes: usize,
    /// Which headers of traces requests get.
    pub(crate) trace: Onward,
    pub(crate) keep_alive: KeepAlive,
    /// Where connections are opened during the start.
    pub(crate) warm: Vec<(Destination, Reach)>,
    /// Additional certificate authorities, in PEM form.
    pub(crate) ca_file: Option<PathBuf>,
    /// Hosts that are never reached, whatever is allowed: the Runtime API, and what hands out credentials.
    pub(crate) forbidden: Vec<Forbidden>,
    /// The signing of requests to AWS.
    #[cfg(feature = "outbound-http")]
    pub(crate) aws: Arc<Aws>,
    /// The room for bodies that are held before they are sent.
    #[cfg(feature = "outbound-http")]
    pub(crate) holding: Holding,
    /// What answers in place of other hosts.
    #[cfg(feature = "rehearsal")]
    pub(crate) doubles: Option<Arc<crate::rehearsal::Doubles>>,
}

/// A host and port that no guest may reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Forbidden {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl From<&Endpoint> for Forbidden {
    fn from(endpoint: &Endpoint) -> Self {
        Self {
            host: endpoint.host().to_owned(),
            port: endpoint.port(),
        }
    }
}

/// Which addresses a request may reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Reach {
    /// Public ones, and those that the settings list.
    #[default]
    Listed,
    /// Private ones as well: an AWS service has them in a VPC. Its certificate proves the peer.
    Service,
    /// Private ones and loopback as well: the user has named the host, and its certificate proves the peer.
    Named,
    /// Only private ones and loopback: the user has named the host, and nothing proves the peer.
    NamedPlain,
}

impl Reach {
    /// Returns what a signed request may reach. `is_custom`: whether the user has named the host.
    #[cfg(feature = "outbound-http")]
    pub(crate) fn of_service(destination: &Destination, is_custom: bool) -> Self {
        match (is_custom, destination.scheme == Scheme::HTTPS) {
            (false, _) => Self::Service,
            (true, true) => Self::Named,
            (true, false) => Self::NamedPlain,
        }
    }

    /// Says what is wrong with the addresses of a host, which were looked up and not reached.
    #[cfg(feature = "outbound-http")]
    pub(crate) fn objection(self) -> &'static str {
        match self {
            Self::Listed => "is not public and not in `outbound.private-addresses`",
            Self::Service => "is neither public nor in a private network",
            Self::Named => "is neither public, nor in a private network, nor of this machine",
            Self::NamedPlain => {
                "is neither in a private network nor of this machine: `aws.endpoints` needs `https://` for it"
            }
        }
    }
}

#[cfg(test)]
impl Default for Policy {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            private: Vec::new(),
            secrets: Vec::new(),
            secrets_refresh: Duration::from_secs(300),
            #[cfg(feature = "outbound-http")]
            vault: Vault::new(),
            requests: 16,
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(60),
            idle: Duration::from_secs(60),
            header_bytes: 64 * 1024,
            trace: Onward::default(),
            keep_alive: KeepAlive::new(Duration::from_secs(50), 1),
            warm: Vec::new(),
            ca_file: None,
            forbidden: Vec::new(),
            #[cfg(feature = "outbound-http")]
            aws: Arc::default(),
            #[cfg(feature = "outbound-http")]
            holding: Holding::new(1024 * 1024),
            #[cfg(feature = "rehearsal")]
            doubles: None,
        }
    }
}

impl Policy {
    pub(crate) fn allows(&self, destination: &Destination) -> bool {
        self.allow.iter().any(|target| target.covers(destination))
    }

    /// Whether the host itself calls this AWS service, to fetch secrets.
    #[cfg(feature = "outbound-http")]
    pub(crate) fn fetches_from(&self, service: &str) -> bool {
        self.secrets.iter().any(|secret| match &secret.value {
            Value::Stored(source) => source.store.service() == service,
            Value::Given(_) => false,
        })
    }

    /// Returns the secrets whose host is not in `outbound.allow`.
    pub(crate) fn idle_secrets(&self) -> impl Iterator<Item = (&str, &Target)> {
        self.secrets.iter().flat_map(|secret| {
            let targets = secret.uses.iter().map(|it| &it.target);
            let idle = targets.filter(|host| !self.allow.iter().any(|allowed| allowed.meets(host)));
            idle.map(|host| (secret.name.as_str(), host))
        })
    }

    /// Returns the first of `found` that may be connected to for `destination`.
    ///
    /// `forbidden` are the addresses of [`Policy::forbidden`].
    pub(crate) fn choose(
        &self,
        destination: &Destination,
        reach: Reach,
        found: &[SocketAddr],
        forbidden: &[SocketAddr],
    ) -> Option<SocketAddr> {
        found.iter().copied().find(|address| {
            let reached = SocketAddr::new(address::reached(address.ip()), address.port());
            !forbidden.iter().any(|it| leads_to(reached, *it))
                && self.reaches(destination, reach, reached.ip())
        })
    }

    fn reaches(&self, destination: &Destination, reach: Reach, address: IpAddr) -> bool {
        if address::is_no_peer(address) {
            return false;
        }
        let is_tls = destination.scheme == Scheme::HTTPS;
        match reach {
            Reach::Listed => self.reaches_listed(destination, address),
            Reach::Service => {
                self.reaches_listed(destination, address) || is_tls && address::is_private(address)
            }
            Reach::Named => is_tls && (address::is_public(address) || is_local(address)),
            Reach::NamedPlain => is_local(address),
        }
    }

    fn reaches_listed(&self, destination: &Destination, address: IpAddr) -> bool {
        let named = self.allow.iter().any(|target| {
            target.covers(destination) && target.address().map(address::reached) == Some(address)
        });
        named
            || address::is_public(address)
            || self
                .private
                .iter()
                .any(|network| network.contains(&address))
    }
}

fn is_local(address: IpAddr) -> bool {
    address.is_loopback() || address::is_private(address)
}

/// Whether connecting to `address` reaches `other`. All loopback addresses are one machine.
fn leads_to(address: SocketAddr, other: SocketAddr) -> bool {
    let other_ip = address::reached(other.ip());
    let same_machine = address.ip() == other_ip
        || (address.ip().is_loopback() && (other_ip.is_loopback() || other_ip.is_unspecified()));
    same_machine && address.port() == other.port()
}

#[cfg(test)]
mod tests;
