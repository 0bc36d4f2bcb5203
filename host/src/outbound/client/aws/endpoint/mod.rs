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
mod tests;
