//! Which outbound requests a guest may make. Decides, and does no I/O.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::address;
use super::keep_alive::KeepAlive;
use super::secret::Secret;
use super::target::{Destination, Target};
use crate::runtime_api::Endpoint;

/// The settings of outbound HTTP.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) allow: Vec<Target>,
    pub(crate) private: Vec<IpNet>,
    pub(crate) secrets: Vec<Secret>,
    /// Most concurrent requests of one instance.
    pub(crate) requests: usize,
    pub(crate) connect: Duration,
    pub(crate) first_byte: Duration,
    pub(crate) idle: Duration,
    pub(crate) header_bytes: usize,
    pub(crate) keep_alive: KeepAlive,
    /// Where connections are opened during the start.
    pub(crate) warm: Vec<Destination>,
    /// Additional certificate authorities, in PEM form.
    pub(crate) ca_file: Option<PathBuf>,
    /// Never reachable, whatever is allowed.
    pub(crate) runtime_api: Option<Endpoint>,
}

#[cfg(test)]
impl Default for Policy {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            private: Vec::new(),
            secrets: Vec::new(),
            requests: 16,
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(60),
            idle: Duration::from_secs(60),
            header_bytes: 64 * 1024,
            keep_alive: KeepAlive::new(Duration::from_secs(50), 1),
            warm: Vec::new(),
            ca_file: None,
            runtime_api: None,
        }
    }
}

impl Policy {
    pub(crate) fn allows(&self, destination: &Destination) -> bool {
        self.allow.iter().any(|target| target.covers(destination))
    }

    /// Returns the secrets whose host is not in `outbound.allow`.
    pub(crate) fn idle_secrets(&self) -> impl Iterator<Item = (&str, &Target)> {
        self.secrets.iter().flat_map(|secret| {
            let targets = secret.targets.iter();
            let idle = targets.filter(|host| !self.allow.iter().any(|allowed| allowed.meets(host)));
            idle.map(|host| (secret.name.as_str(), host))
        })
    }

    /// Returns the first of `found` that may be connected to for `destination`.
    ///
    /// `runtime_api` are the addresses of the Runtime API.
    pub(crate) fn choose(
        &self,
        destination: &Destination,
        found: &[SocketAddr],
        runtime_api: &[SocketAddr],
    ) -> Option<SocketAddr> {
        found.iter().copied().find(|address| {
            let reached = SocketAddr::new(address::reached(address.ip()), address.port());
            !runtime_api.iter().any(|api| leads_to(reached, *api))
                && self.reaches(destination, reached.ip())
        })
    }

    fn reaches(&self, destination: &Destination, address: IpAddr) -> bool {
        if address::is_no_peer(address) {
            return false;
        }
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

/// Whether connecting to `address` reaches `api`. All loopback addresses are one machine.
fn leads_to(address: SocketAddr, api: SocketAddr) -> bool {
    let api_ip = address::reached(api.ip());
    let same_machine = address.ip() == api_ip
        || (address.ip().is_loopback() && (api_ip.is_loopback() || api_ip.is_unspecified()));
    same_machine && address.port() == api.port()
}

#[cfg(test)]
mod tests {
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
        let chosen = policy.choose(&to(uri), &found, &api);
        chosen.map(|address| address.to_string())
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
    fn the_runtime_api_and_what_is_no_peer_are_never_reached() {
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
        let targets = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
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
            let secret = Secret::new("KEY", "s3cret".to_owned(), targets(&[host])).unwrap();
            let policy = Policy {
                allow: targets(&[allowed]),
                secrets: vec![secret],
                ..Policy::default()
            };
            let found: Vec<_> = policy.idle_secrets().map(|(name, _)| name).collect();
            assert_eq!(!found.is_empty(), idle, "{allowed} {host}");
        }
    }
}
