//! Where the credentials of a container are: which addresses may be asked, and with which token. No I/O.
//!
//! The rules are those of the AWS SDKs:
//! <https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use http::Uri;
use http::uri::{Authority, Scheme};

use crate::outbound::address;
use crate::outbound::policy::Forbidden;
use crate::outbound::target::Destination;

/// The variable with the whole address.
const FULL_URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

/// The variable with a path on the agent of ECS.
const RELATIVE_URI: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";

/// The agent of ECS, which has the relative addresses.
const ECS_AGENT: Ipv4Addr = Ipv4Addr::new(169, 254, 170, 2);

/// Addresses besides loopback that may be asked: the agents of ECS and of EKS.
const AGENTS: [IpAddr; 3] = [
    IpAddr::V4(ECS_AGENT),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)),
];

/// An endpoint that hands out credentials.
#[derive(Clone)]
pub(crate) struct ContainerEndpoint {
    authority: Authority,
    port: u16,
    path: String,
    token: Token,
    /// Whether Lambda serves it beside the Runtime API.
    is_lambdas: bool,
}

/// What authorizes the request for credentials.
#[derive(Clone)]
pub(crate) enum Token {
    None,
    Value(String),
    /// A file that is read for each request, because its content changes.
    File(PathBuf),
}

/// The values of the variables that name an endpoint.
#[derive(Default)]
pub(crate) struct ContainerVariables {
    pub(crate) relative_uri: Option<String>,
    pub(crate) full_uri: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) token_file: Option<String>,
}

/// An endpoint that may not be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{variable}` is `{value}`; expected {expected}")]
pub(crate) struct InvalidEndpoint {
    variable: &'static str,
    value: String,
    expected: &'static str,
}

impl ContainerVariables {
    /// Returns the hosts and ports that the variables name, whether or not they may be asked: no guest reaches
    /// them.
    pub(crate) fn hosts(&self) -> Vec<Forbidden> {
        let agent = self.relative_uri.as_ref().map(|_| Forbidden {
            host: ECS_AGENT.to_string(),
            port: 80,
        });
        let full = self.full_uri.as_deref().and_then(|uri| {
            let destination = Destination::of(&uri.parse().ok()?)?;
            Some(Forbidden {
                host: destination.host,
                port: destination.port,
            })
        });
        agent.into_iter().chain(full).collect()
    }

    /// Returns the endpoint, if a variable names one. A relative address comes before a whole one, and a
    /// token in a file before one in a variable. `runtime_api` is the host of the Runtime API.
    ///
    /// # Errors
    ///
    /// When the address is not a path or `http://host:port/path`.
    pub(crate) fn endpoint(
        self,
        runtime_api: Option<&str>,
    ) -> Result<Option<ContainerEndpoint>, InvalidEndpoint> {
        let token = match (self.token_file, self.token) {
            (Some(file), _) => Token::File(file.into()),
            (None, Some(token)) => Token::Value(token),
            (None, None) => Token::None,
        };
        let endpoint = match (self.relative_uri, self.full_uri) {
            (Some(path), _) => relative(path, token)?,
            (None, Some(uri)) => full(uri, token)?,
            (None, None) => return Ok(None),
        };
        let is_lambdas = runtime_api == Some(endpoint.host());
        Ok(Some(ContainerEndpoint {
            is_lambdas,
            ..endpoint
        }))
    }
}

fn relative(path: String, token: Token) -> Result<ContainerEndpoint, InvalidEndpoint> {
    let uri = format!("http://{ECS_AGENT}{path}");
    let endpoint = path.starts_with('/').then(|| parse(&uri, token)).flatten();
    endpoint.ok_or(InvalidEndpoint {
        variable: RELATIVE_URI,
        value: path,
        expected: "a path that begins with `/`",
    })
}

fn full(uri: String, token: Token) -> Result<ContainerEndpoint, InvalidEndpoint> {
    parse(&uri, token).ok_or(InvalidEndpoint {
        variable: FULL_URI,
        value: uri,
        expected: "`http://host:port/path` on this machine",
    })
}

fn parse(uri: &str, token: Token) -> Option<ContainerEndpoint> {
    let uri: Uri = uri.parse().ok()?;
    let authority = uri.authority()?.clone();
    let is_plain = uri.scheme() == Some(&Scheme::HTTP) && !authority.as_str().contains('@');
    let endpoint = ContainerEndpoint {
        port: port(&authority)?,
        authority,
        path: uri.path_and_query()?.as_str().to_owned(),
        token,
        is_lambdas: false,
    };
    (is_plain && !endpoint.host().is_empty()).then_some(endpoint)
}

/// Returns the port, or `None` if it is invalid. `Authority` accepts any text after the host.
fn port(authority: &Authority) -> Option<u16> {
    let after_host = authority.as_str().strip_prefix(authority.host())?;
    if after_host.is_empty() {
        return Some(80);
    }
    after_host.strip_prefix(':')?.parse().ok()
}

impl ContainerEndpoint {
    /// The host, without the brackets of an IPv6 address.
    pub(super) fn host(&self) -> &str {
        let host = self.authority.host();
        host.trim_start_matches('[').trim_end_matches(']')
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn authority(&self) -> &Authority {
        &self.authority
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn token(&self) -> &Token {
        &self.token
    }

    /// Whether the endpoint may be asked at `address`.
    pub(super) fn trusts(&self, address: IpAddr) -> bool {
        let address = address::reached(address);
        self.is_lambdas || address.is_loopback() || AGENTS.contains(&address)
    }
}

/// The token is secret.
impl fmt::Debug for ContainerEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContainerEndpoint")
            .field("authority", &self.authority)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full_uri(uri: &str) -> Result<Option<ContainerEndpoint>, InvalidEndpoint> {
        ContainerVariables {
            full_uri: Some(uri.to_owned()),
            ..ContainerVariables::default()
        }
        .endpoint(None)
    }

    #[test]
    fn a_whole_address_is_taken_apart() {
        for (uri, host, port, path) in [
            (
                "http://127.0.0.1:9001/2021-04-23/credentials",
                "127.0.0.1",
                9001,
                "/2021-04-23/credentials",
            ),
            ("http://localhost/a?b=c", "localhost", 80, "/a?b=c"),
            (
                "http://[fd00:ec2::23]/v1/credentials",
                "fd00:ec2::23",
                80,
                "/v1/credentials",
            ),
        ] {
            let endpoint = full_uri(uri).unwrap().unwrap();
            let found = (endpoint.host(), endpoint.port(), endpoint.path());
            assert_eq!(found, (host, port, path));
        }
    }

    #[test]
    fn other_addresses_are_refused_with_their_variable() {
        for uri in [
            "",
            "/path",
            "https://h/",
            "http://a@b/",
            "ftp://h/",
            "http://h:port/",
            "http:///x",
        ] {
            let error = full_uri(uri).unwrap_err().to_string();
            assert!(error.contains(FULL_URI), "{error}");
            assert!(error.contains(&format!("`{uri}`")), "{error}");
        }
    }

    #[test]
    fn a_relative_address_is_on_the_agent_and_comes_first() {
        let variables = |path: &str| ContainerVariables {
            relative_uri: Some(path.to_owned()),
            full_uri: Some("http://127.0.0.1:1/".to_owned()),
            ..ContainerVariables::default()
        };
        let endpoint = variables("/v2/credentials/x")
            .endpoint(None)
            .unwrap()
            .unwrap();
        assert_eq!(endpoint.host(), "169.254.170.2");
        assert_eq!(endpoint.path(), "/v2/credentials/x");
        for path in ["", ".evil.example/x", "@evil.example/x", ":81/x"] {
            let error = variables(path).endpoint(None).unwrap_err().to_string();
            assert!(error.contains(RELATIVE_URI), "{error}");
        }
    }

    #[test]
    fn hosts_that_are_not_asked_are_not_reached_either() {
        for (full_uri, host, port) in [
            ("http://localhost/x", "localhost", 80),
            ("https://h.example/x", "h.example", 443),
            ("http://[::1]:7/x", "::1", 7),
        ] {
            let variables = ContainerVariables {
                full_uri: Some(full_uri.to_owned()),
                relative_uri: Some("/x".to_owned()),
                ..ContainerVariables::default()
            };
            let forbidden = |host: &str, port| Forbidden {
                host: host.to_owned(),
                port,
            };
            let expected = [forbidden("169.254.170.2", 80), forbidden(host, port)];
            assert_eq!(variables.hosts(), expected);
        }
        assert!(ContainerVariables::default().hosts().is_empty());
    }

    #[test]
    fn without_an_address_there_is_no_endpoint() {
        let variables = ContainerVariables {
            token: Some("t".to_owned()),
            ..ContainerVariables::default()
        };
        assert!(variables.endpoint(None).unwrap().is_none());
    }

    #[test]
    fn a_token_in_a_file_comes_before_one_in_a_variable_and_none_is_shown() {
        let endpoint = ContainerVariables {
            full_uri: Some("http://127.0.0.1/".to_owned()),
            token: Some("s3cret".to_owned()),
            ..ContainerVariables::default()
        };
        let endpoint = endpoint.endpoint(None).unwrap().unwrap();
        assert!(matches!(endpoint.token(), Token::Value(token) if token == "s3cret"));
        assert!(!format!("{endpoint:?}").contains("s3cret"));
        let endpoint = ContainerVariables {
            full_uri: Some("http://127.0.0.1/".to_owned()),
            token: Some("s3cret".to_owned()),
            token_file: Some("/run/token".to_owned()),
            ..ContainerVariables::default()
        };
        let endpoint = endpoint.endpoint(None).unwrap().unwrap();
        assert!(matches!(endpoint.token(), Token::File(_)));
    }

    #[test]
    fn only_this_machine_and_its_agents_are_asked() {
        for (address, trusted) in [
            ("127.0.0.1", true),
            ("127.1.2.3", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("169.254.170.2", true),
            ("169.254.170.23", true),
            ("fd00:ec2::23", true),
            ("169.254.169.254", false),
            ("169.254.170.3", false),
            ("10.0.0.1", false),
            ("1.1.1.1", false),
            ("0.0.0.0", false),
            ("fd00:ec2::254", false),
        ] {
            let endpoint = full_uri("http://h/").unwrap().unwrap();
            let trusts = endpoint.trusts(address.parse().unwrap());
            assert_eq!(trusts, trusted, "{address}");
        }
    }

    #[test]
    fn the_host_of_the_runtime_api_is_trusted_wherever_it_is() {
        let variables = || ContainerVariables {
            full_uri: Some("http://169.254.100.1:9001/credentials".to_owned()),
            ..ContainerVariables::default()
        };
        for (runtime_api, trusted) in [(Some("169.254.100.1"), true), (Some("127.0.0.1"), false)] {
            let endpoint = variables().endpoint(runtime_api).unwrap().unwrap();
            assert_eq!(endpoint.trusts("169.254.100.1".parse().unwrap()), trusted);
        }
    }
}
