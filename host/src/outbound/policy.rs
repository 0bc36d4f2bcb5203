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
use super::aws::Aws;
#[cfg(feature = "outbound-http")]
use super::held::Holding;
use super::keep_alive::KeepAlive;
use super::secret::Secret;
#[cfg(feature = "outbound-http")]
use super::secret::Value;
use super::target::{Destination, Target};
#[cfg(feature = "outbound-http")]
use super::vault::Vault;
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
            keep_alive: KeepAlive::new(Duration::from_secs(50), 1),
            warm: Vec::new(),
            ca_file: None,
            forbidden: Vec::new(),
            #[cfg(feature = "outbound-http")]
            aws: Arc::default(),
            #[cfg(feature = "outbound-http")]
            holding: Holding::new(1024 * 1024),
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
mod tests {
    use super::super::secret::{Place, Text, Use, Value};
    use super::*;

    fn to(uri: &str) -> Destination {
        Destination::of(&uri.parse().unwrap()).unwrap()
    }

    fn policy(allow: &[&str], private: &[&str]) -> Policy {
        Policy {
            allow: allow.iter().map(|text| text.parse().unwrap()).collect(),
            private: private
                .iter()
                .map(|text| address::parse_network(text).unwrap())
                .collect(),
            ..Policy::default()
        }
    }

    fn choose(policy: &Policy, uri: &str, found: &[&str]) -> Option<String> {
        let found: Vec<SocketAddr> = found.iter().map(|text| text.parse().unwrap()).collect();
        let api = ["127.0.0.1:9001".parse().unwrap()];
        let chosen = policy.choose(&to(uri), Reach::Listed, &found, &api);
        chosen.map(|address| address.to_string())
    }

    fn reaches(reach: Reach, uri: &str, address: &str) -> bool {
        let found = [address.parse().unwrap()];
        let forbidden = ["127.0.0.1:9001", "169.254.170.2:80", "10.9.9.9:443"]
            .map(|address| address.parse().unwrap());
        let policy = Policy::default();
        policy.choose(&to(uri), reach, &found, &forbidden).is_some()
    }

    #[test]
    fn an_aws_service_may_have_a_private_address_over_tls_only() {
        let uri = "https://dynamodb.eu-central-1.amazonaws.com/";
        for (address, reached) in [
            ("10.20.0.7:443", true),
            ("[fd12::1]:443", true),
            ("1.1.1.1:443", true),
            ("127.0.0.1:443", false),
            ("[::1]:443", false),
            ("169.254.169.254:443", false),
            ("[fd00:ec2::254]:443", false),
            ("[::ffff:127.0.0.1]:443", false),
            ("0.0.0.0:443", false),
            ("10.9.9.9:443", false),
        ] {
            assert_eq!(reaches(Reach::Service, uri, address), reached, "{address}");
        }
        let plain = "http://dynamodb.eu-central-1.amazonaws.com/";
        assert!(!reaches(Reach::Service, plain, "10.20.0.7:80"));
        assert!(!reaches(Reach::Listed, uri, "10.20.0.7:443"));
    }

    #[test]
    fn a_named_endpoint_without_tls_is_on_this_machine_or_in_a_private_network() {
        for (address, with_tls, plain) in [
            ("127.0.0.1:8000", true, true),
            ("10.20.0.7:8000", true, true),
            ("1.1.1.1:8000", true, false),
            ("169.254.169.254:8000", false, false),
            ("169.254.170.2:80", false, false),
            ("127.0.0.2:9001", false, false),
            ("[fd00:ec2::254]:8000", false, false),
            ("0.0.0.0:8000", false, false),
        ] {
            let https = "https://stand-in.example:8000/";
            let http = "http://stand-in.example:8000/";
            assert_eq!(reaches(Reach::Named, https, address), with_tls, "{address}");
            assert_eq!(
                reaches(Reach::NamedPlain, http, address),
                plain,
                "{address}"
            );
            assert!(!reaches(Reach::Named, http, address), "{address}");
        }
    }

    #[test]
    fn nothing_is_allowed_unless_it_is_listed() {
        assert!(!Policy::default().allows(&to("https://example.com/")));
        let policy = policy(&["*.example.com"], &[]);
        assert!(policy.allows(&to("https://a.example.com/")));
        assert!(!policy.allows(&to("https://example.com.evil.example/")));
    }

    #[test]
    fn a_name_that_resolves_to_a_private_address_is_passed_over() {
        let policy = policy(&["a.example"], &[]);
        let uri = "https://a.example/";
        assert_eq!(choose(&policy, uri, &["127.0.0.1:443"]), None);
        assert_eq!(choose(&policy, uri, &["[::ffff:10.0.0.1]:443"]), None);
        assert_eq!(choose(&policy, uri, &["169.254.169.254:443"]), None);
        let mixed = ["10.0.0.1:443", "1.1.1.1:443"];
        assert_eq!(choose(&policy, uri, &mixed).unwrap(), "1.1.1.1:443");
    }

    #[test]
    fn private_addresses_are_reached_if_they_are_listed() {
        let by_network = policy(&["http://a.example"], &["10.0.0.0/8"]);
        let uri = "http://a.example/";
        assert!(choose(&by_network, uri, &["10.9.9.9:80"]).is_some());
        assert!(choose(&by_network, uri, &["[::ffff:10.9.9.9]:80"]).is_some());
        assert!(choose(&by_network, uri, &["192.168.0.1:80"]).is_none());
        let by_name = policy(&["http://127.0.0.1:81"], &[]);
        assert!(choose(&by_name, "http://127.0.0.1:81/", &["127.0.0.1:81"]).is_some());
        assert!(choose(&by_name, "http://127.0.0.1:80/", &["127.0.0.1:80"]).is_none());
    }

    #[test]
    fn forbidden_hosts_and_what_is_no_peer_are_never_reached() {
        let all = policy(&["http://*.example:9001"], &["0.0.0.0/0", "::/0"]);
        let uri = "http://a.example:9001/";
        for address in [
            "127.0.0.1:9001",
            "127.0.0.2:9001",
            "[::1]:9001",
            "[::ffff:127.0.0.1]:9001",
            "0.0.0.0:9001",
            "[::]:9001",
            "224.0.0.1:9001",
        ] {
            assert_eq!(choose(&all, uri, &[address]), None, "{address}");
        }
        assert!(choose(&all, uri, &["127.0.0.1:9002"]).is_some());
    }

    #[test]
    fn a_secret_is_idle_at_hosts_that_no_request_may_go_to() {
        for (allowed, host, idle) in [
            ("api.example", "api.example", false),
            ("*.example", "api.example", false),
            ("api.example", "*.example", false),
            ("*.api.example", "*.example", false),
            ("https://api.example:443", "API.example", false),
            ("api.example", "other.example", true),
            ("*.example", "example", true),
            ("api.example", "http://api.example", true),
            ("api.example", "api.example:8443", true),
            ("10.0.0.1", "10.0.0.2", true),
        ] {
            let mut secret = Secret::new("KEY", Value::Given(Text::new("s3cret")));
            secret.uses.push(Use {
                target: host.parse().unwrap(),
                places: vec![Place::Header],
            });
            let policy = Policy {
                allow: vec![allowed.parse().unwrap()],
                secrets: vec![secret],
                ..Policy::default()
            };
            let found: Vec<_> = policy.idle_secrets().map(|(name, _)| name).collect();
            assert_eq!(!found.is_empty(), idle, "{allowed} {host}");
        }
    }
}
