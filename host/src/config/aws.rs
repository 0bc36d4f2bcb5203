//! The settings of signing for AWS, and what a handler sees of them.

use std::sync::Arc;

use aws_signing::{Credentials, CustomEndpoint, Placeholder, Policy, Rule};

use super::error::ConfigError;
use super::setting::{AWS_ALLOW, AWS_BODY_KIB, AWS_ENDPOINTS, AWS_WARM};
use super::values::Values;
use super::vars::{
    ACCESS_KEY_ID, CREDENTIALS_FULL_URI, CREDENTIALS_RELATIVE_URI, CREDENTIALS_TOKEN,
    CREDENTIALS_TOKEN_FILE, REGION, SECRET_ACCESS_KEY, SESSION_TOKEN, Vars,
};
use crate::outbound::client::Holding;
use crate::outbound::client::aws::{Aws, ContainerVariables, CredentialCache, NoSource, Source};
use crate::outbound::target::Destination;
use crate::outbound::{Forbidden, KeepAlive, MOST_WARM, NO_KEEP_ALIVE, Reach};
use crate::runtime_api::Endpoint;

/// The secret access key that a handler sees. No request is signed with it.
const PLACEHOLDER_SECRET: &str = "the-host-signs";

/// Keeps SDKs from asking the metadata service, which no handler reaches, and from waiting for it.
const METADATA_DISABLED: &str = "AWS_EC2_METADATA_DISABLED";

/// Divides the function's memory into the default size of a held body.
const BODY_PART: u64 = 16;
/// Bounds of that default, in KiB.
const BODY_KIB: (u64, u64) = (256, 6144);

/// The expected form of an item of `aws.warm`, for errors.
const WARM_EXPECTED: &str =
    "a service that is in `aws.allow`, without bucket, region and operation";

/// What signing adds to the outbound policy.
pub(super) struct Signing {
    pub(super) aws: Arc<Aws>,
    pub(super) holding: Holding,
    /// Where credentials come from, if not from variables. No handler reaches it.
    pub(super) forbidden: Vec<Forbidden>,
    /// Where connections are opened during the start.
    pub(super) warm: Vec<(Destination, Reach)>,
}

/// What signing needs to know of other settings.
pub(super) struct Surroundings<'a> {
    pub(super) memory_mib: Option<u32>,
    pub(super) runtime_api: Option<&'a Endpoint>,
    pub(super) keep_alive: KeepAlive,
}

pub(super) fn signing(
    vars: &dyn Vars,
    values: &Values,
    surroundings: &Surroundings<'_>,
) -> Result<Signing, ConfigError> {
    let policy = Policy {
        allow: rules(values)?,
        endpoints: endpoints(values)?,
        region: variable(vars, REGION),
    };
    let container = container_variables(vars);
    let forbidden = container.hosts();
    let default_kib = |mib| (u64::from(mib) * 1024 / BODY_PART).clamp(BODY_KIB.0, BODY_KIB.1);
    let body_kib = surroundings.memory_mib.map_or(BODY_KIB.1, default_kib);
    let body_kib = values.number(&AWS_BODY_KIB, 1..=65_536, body_kib)?;
    let mut random = [0; 16];
    getrandom::fill(&mut random).expect("Linux has random bytes");
    let source = match container.endpoint(surroundings.runtime_api.map(Endpoint::host)) {
        Ok(Some(endpoint)) => Source::Container(endpoint),
        Ok(None) => from_variables(vars),
        Err(reason) => Source::Nowhere(reason.into()),
    };
    let warm = warm(values, &policy, surroundings.keep_alive)?;
    let aws = Aws {
        placeholder: Placeholder::from_random(random),
        policy,
        credentials: CredentialCache::new(source),
    };
    Ok(Signing {
        aws: Arc::new(aws),
        holding: Holding::new(super::sandbox::saturating_usize(body_kib * 1024)),
        forbidden,
        warm,
    })
}

/// Returns the variables by which SDKs find the placeholder and the endpoints, if anything is signed.
pub(super) fn handler_variables(aws: &Aws) -> Vec<(String, String)> {
    if aws.policy.is_empty() {
        return Vec::new();
    }
    let fixed = [
        (ACCESS_KEY_ID, aws.placeholder.as_str()),
        (SECRET_ACCESS_KEY, PLACEHOLDER_SECRET),
        (METADATA_DISABLED, "true"),
    ];
    let fixed = fixed.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let endpoints = aws.policy.endpoints.iter().flat_map(|endpoint| {
        let names = endpoint.variables().into_iter();
        names.map(|name| (name, endpoint.url()))
    });
    let mut variables = Vec::from(fixed);
    for (name, url) in endpoints {
        // A service may have several endpoints: SDKs find the first.
        if !variables.iter().any(|(known, _)| *known == name) {
            variables.push((name, url));
        }
    }
    variables
}

fn rules(values: &Values) -> Result<Vec<Rule>, ConfigError> {
    let listed = values.list(&AWS_ALLOW)?.into_iter();
    let rules = listed.map(|(text, given)| {
        let rule = text.parse();
        rule.map_err(|error| given.explained(&AWS_ALLOW, &error))
    });
    rules.collect()
}

fn endpoints(values: &Values) -> Result<Vec<CustomEndpoint>, ConfigError> {
    let listed = values.list(&AWS_ENDPOINTS)?.into_iter();
    let endpoints = listed.map(|(text, given)| {
        let (service, url) = text.split_once('=').ok_or_else(|| {
            given.invalid_item(
                &AWS_ENDPOINTS,
                &text,
                "`SERVICE=URL`, such as `dynamodb=http://127.0.0.1:8000`",
            )
        })?;
        let endpoint = CustomEndpoint::new(service.trim(), url.trim());
        endpoint.map_err(|error| given.explained(&AWS_ENDPOINTS, &error))
    });
    endpoints.collect()
}

/// Returns where the services in `aws.warm` are.
fn warm(
    values: &Values,
    policy: &Policy,
    keep_alive: KeepAlive,
) -> Result<Vec<(Destination, Reach)>, ConfigError> {
    let listed = values.list(&AWS_WARM)?.into_iter();
    let routes = listed.enumerate().map(|(index, (service, given))| {
        let invalid = |expected: &str| given.invalid_item(&AWS_WARM, &service, expected);
        if !keep_alive.is_on() {
            return Err(invalid(NO_KEEP_ALIVE));
        }
        if index == MOST_WARM {
            return Err(invalid(&format!("at most {MOST_WARM} services")));
        }
        route(policy, &service).ok_or_else(|| invalid(WARM_EXPECTED))
    });
    routes.collect()
}

fn route(policy: &Policy, service: &str) -> Option<(Destination, Reach)> {
    let service: Rule = service.parse().ok()?;
    let prefix = service.prefix();
    let is_limited = service.bucket().is_some() || service.region().is_some();
    if is_limited || service.operation().is_some() {
        return None;
    }
    if !policy.allow.iter().any(|rule| rule.prefix() == prefix) {
        return None;
    }
    let destination = Destination::of(&policy.warm(prefix)?.parse().ok()?)?;
    let is_custom = policy.endpoints.iter().any(|it| it.prefix() == prefix);
    let reach = Reach::of_service(&destination, is_custom);
    Some((destination, reach))
}

fn container_variables(vars: &dyn Vars) -> ContainerVariables {
    ContainerVariables {
        relative_uri: variable(vars, CREDENTIALS_RELATIVE_URI),
        full_uri: variable(vars, CREDENTIALS_FULL_URI),
        token: variable(vars, CREDENTIALS_TOKEN),
        token_file: variable(vars, CREDENTIALS_TOKEN_FILE),
    }
}

fn from_variables(vars: &dyn Vars) -> Source {
    let unset = |variable| Source::Nowhere(NoSource::Unset { variable });
    let Some(key_id) = variable(vars, ACCESS_KEY_ID) else {
        return unset(ACCESS_KEY_ID);
    };
    let Some(secret) = variable(vars, SECRET_ACCESS_KEY) else {
        return unset(SECRET_ACCESS_KEY);
    };
    match Credentials::new(key_id, secret, variable(vars, SESSION_TOKEN)) {
        Ok(credentials) => Source::Variables(Arc::new(credentials)),
        Err(error) => Source::Nowhere(NoSource::Invalid(error)),
    }
}

fn variable(vars: &dyn Vars, name: &str) -> Option<String> {
    vars.get(name).filter(|value| !value.is_empty())
}
