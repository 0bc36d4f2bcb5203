//! OpenTelemetry's standard variables.

use std::time::Duration;

use http::uri::{Authority, Scheme};
use http::{HeaderName, HeaderValue, Uri};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::error::ConfigError;
use super::vars::{
    FUNCTION_NAME, FUNCTION_VERSION, LOG_GROUP, LOG_STREAM, MEMORY_SIZE, REGION, Vars,
};
use crate::observe::otlp::Resource;
use crate::observe::{Propagation, Propagator, Sampler};
use crate::telemetry::CollectorSettings;

const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const PROTOCOLS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
];
const HEADERS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "OTEL_EXPORTER_OTLP_HEADERS",
];
const CERTIFICATES: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_CERTIFICATE",
];
const TIMEOUTS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
    "OTEL_EXPORTER_OTLP_TIMEOUT",
];
const EXPORTER: &str = "OTEL_TRACES_EXPORTER";
const DISABLED: &str = "OTEL_SDK_DISABLED";
const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";
const RESOURCE_ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";
const PROPAGATORS: &str = "OTEL_PROPAGATORS";
const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
const SAMPLER_ARGUMENT: &str = "OTEL_TRACES_SAMPLER_ARG";

/// Default of the longest time for one request. The function waits for it.
const DEFAULT_TIMEOUT: Duration = Duration::from_millis(500);

/// Longest invocation of Lambda, in milliseconds.
const LONGEST_TIMEOUT_MS: u64 = 900_000;

/// Returns `None` if no collector is named.
pub(super) fn settings(vars: &dyn Vars) -> Result<Option<CollectorSettings>, ConfigError> {
    // First, so that a start without a collector looks at no other variable.
    let Some(target) = target(vars)? else {
        return Ok(None);
    };
    let is_off = set(vars, DISABLED).is_some_and(|(_, value)| value.eq_ignore_ascii_case("true"))
        || set(vars, EXPORTER).is_some_and(|(_, value)| value == "none");
    if is_off {
        return Ok(None);
    }
    let Target {
        authority,
        is_secure,
        port,
        path,
    } = target;
    check_protocol(vars)?;
    check_authorities(vars)?;
    let function_name = vars.get(FUNCTION_NAME).filter(|name| !name.is_empty());
    let function_name = function_name.unwrap_or_else(|| "handler".to_owned());
    Ok(Some(CollectorSettings {
        authority,
        is_secure,
        port,
        path,
        headers: headers(vars)?,
        timeout: timeout(vars)?,
        resource: Resource::new(&resource(vars, &function_name)),
        propagation: propagation(vars)?,
        function_name,
    }))
}

struct Target {
    authority: Authority,
    is_secure: bool,
    port: u16,
    path: String,
}

/// The variable, if it is not empty.
fn set(vars: &dyn Vars, name: &'static str) -> Option<(&'static str, String)> {
    let value = vars.get(name)?;
    let value = value.trim();
    (!value.is_empty()).then(|| (name, value.to_owned()))
}

fn first_set(vars: &dyn Vars, names: [&'static str; 2]) -> Option<(&'static str, String)> {
    names.into_iter().find_map(|name| set(vars, name))
}

fn target(vars: &dyn Vars) -> Result<Option<Target>, ConfigError> {
    // The first is a whole URL; signals have paths below the second.
    let own = set(vars, TRACES_ENDPOINT).map(|found| (found, ""));
    let shared = || set(vars, ENDPOINT).map(|found| (found, "/v1/traces"));
    let Some(((name, value), signal)) = own.or_else(shared) else {
        return Ok(None);
    };
    let invalid = |expected| ConfigError::Invalid {
        name,
        value: without_user(&value),
        expected,
    };
    let expected = "a URL such as `http://localhost:4318`";
    let uri: Uri = value.parse().map_err(|_| invalid(expected))?;
    let authority = uri.authority().filter(|it| !it.as_str().contains('@'));
    let authority = authority.filter(|it| !it.host().is_empty());
    let scheme = uri
        .scheme()
        .filter(|it| [Scheme::HTTP, Scheme::HTTPS].contains(it));
    let (scheme, authority) = scheme.zip(authority).ok_or_else(|| invalid(expected))?;
    let is_secure = *scheme == Scheme::HTTPS;
    if is_secure && cfg!(not(feature = "outbound-http")) {
        return Err(invalid(
            "an `http://` URL: this `bootstrap` was built without its feature `outbound-http`, which has TLS",
        ));
    }
    let path = format!("{}{signal}", uri.path().trim_end_matches('/'));
    Ok(Some(Target {
        is_secure,
        port: authority
            .port_u16()
            .unwrap_or(if is_secure { 443 } else { 80 }),
        authority: authority.clone(),
        path: if path.is_empty() {
            "/".to_owned()
        } else {
            path
        },
    }))
}

/// A URL as an error may show it.
fn without_user(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((_, rest)) => format!("...@{rest}"),
        None => url.to_owned(),
    }
}

fn check_protocol(vars: &dyn Vars) -> Result<(), ConfigError> {
    match first_set(vars, PROTOCOLS) {
        Some((name, value)) if value != "http/protobuf" => Err(ConfigError::Invalid {
            name,
            value,
            expected: "`http/protobuf`, with the collector's port for HTTP, which is 4318 by default",
        }),
        _ => Ok(()),
    }
}

/// Whom to trust is said in one place.
fn check_authorities(vars: &dyn Vars) -> Result<(), ConfigError> {
    match first_set(vars, CERTIFICATES) {
        Some((name, value)) => Err(ConfigError::Invalid {
            name,
            value,
            expected: "no value: certificate authorities are those of `outbound.ca-file`, beside the public ones",
        }),
        None => Ok(()),
    }
}

fn headers(vars: &dyn Vars) -> Result<Vec<(HeaderName, HeaderValue)>, ConfigError> {
    let Some((name, value)) = first_set(vars, HEADERS) else {
        return Ok(Vec::new());
    };
    let parse = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
        let name = HeaderName::from_bytes(name.trim().as_bytes()).ok()?;
        Some((name, HeaderValue::from_str(&value).ok()?))
    };
    let pairs = value.split(',').filter(|pair| !pair.trim().is_empty());
    let headers: Option<Vec<_>> = pairs.map(parse).collect();
    headers.ok_or(ConfigError::Invalid {
        name,
        // It may hold a secret.
        value: "...".to_owned(),
        expected: "`name=value` pairs, separated by commas, with values encoded as in URLs",
    })
}

fn timeout(vars: &dyn Vars) -> Result<Duration, ConfigError> {
    let Some((name, value)) = first_set(vars, TIMEOUTS) else {
        return Ok(DEFAULT_TIMEOUT);
    };
    let ms = value
        .parse()
        .ok()
        .filter(|ms| (1..=LONGEST_TIMEOUT_MS).contains(ms));
    ms.map(Duration::from_millis).ok_or(ConfigError::Invalid {
        name,
        value,
        expected: "a whole number of milliseconds from 1 to 900000",
    })
}

fn propagation(vars: &dyn Vars) -> Result<Propagation, ConfigError> {
    let (is_parent_based, sampler) = sampler(vars)?;
    let propagators = match set(vars, PROPAGATORS) {
        None => vec![Propagator::TraceContext, Propagator::Xray],
        Some((_, names)) => names.split(',').filter_map(propagator).collect(),
    };
    Ok(Propagation {
        propagators,
        is_parent_based,
        sampler,
    })
}

/// Other names are those of propagators that other programs have.
fn propagator(name: &str) -> Option<Propagator> {
    match name.trim() {
        "tracecontext" => Some(Propagator::TraceContext),
        "xray" => Some(Propagator::Xray),
        "xray-lambda" => Some(Propagator::XrayLambda),
        _ => None,
    }
}

fn sampler(vars: &dyn Vars) -> Result<(bool, Sampler), ConfigError> {
    let Some((name, value)) = set(vars, SAMPLER) else {
        return Ok((true, Sampler::Always));
    };
    let own = value.strip_prefix("parentbased_");
    let sampler = match own.unwrap_or(&value) {
        "always_on" => Sampler::Always,
        "always_off" => Sampler::Never,
        "traceidratio" => Sampler::Ratio(ratio(vars)?),
        _ => {
            return Err(ConfigError::Invalid {
                name,
                value,
                expected: "`always_on`, `always_off` or `traceidratio`, each also with `parentbased_` before it",
            });
        }
    };
    Ok((own.is_some(), sampler))
}

fn ratio(vars: &dyn Vars) -> Result<f64, ConfigError> {
    let Some((name, value)) = set(vars, SAMPLER_ARGUMENT) else {
        return Ok(1.0);
    };
    // The standard library's parser would bring a table of 10 KiB.
    let ratio = serde_json::from_str(&value)
        .ok()
        .filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.ok_or(ConfigError::Invalid {
        name,
        value,
        expected: "a number from 0 to 1",
    })
}

/// The attributes of the resource, the user's last.
fn resource(vars: &dyn Vars, function_name: &str) -> Vec<(String, Value)> {
    let variable = |name| vars.get(name).filter(|value| !value.is_empty());
    let mib = variable(MEMORY_SIZE).and_then(|mib| mib.trim().parse::<u64>().ok());
    let known: [(&str, Value); 12] = [
        ("service.name", function_name.into()),
        ("cloud.provider", "aws".into()),
        ("cloud.platform", "aws_lambda".into()),
        ("cloud.region", variable(REGION).into()),
        ("faas.name", variable(FUNCTION_NAME).into()),
        ("faas.version", variable(FUNCTION_VERSION).into()),
        (
            "faas.max_memory",
            mib.map(|mib| mib.saturating_mul(1024 * 1024)).into(),
        ),
        ("faas.instance", variable(LOG_STREAM).into()),
        (
            "aws.log.group.names",
            variable(LOG_GROUP).map(|group| vec![group]).into(),
        ),
        ("telemetry.sdk.name", "bootstream".into()),
        ("telemetry.sdk.language", "rust".into()),
        ("telemetry.sdk.version", env!("CARGO_PKG_VERSION").into()),
    ];
    let known = known.into_iter().filter(|(_, value)| !value.is_null());
    let mut attributes: Vec<_> = known
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    for (name, value) in named_attributes(vars) {
        attributes.push((name, value.into()));
    }
    if let Some((_, name)) = set(vars, SERVICE_NAME) {
        attributes.push(("service.name".to_owned(), name.into()));
    }
    attributes
}

/// The user's attributes. None if one is invalid, as the specification has it.
fn named_attributes(vars: &dyn Vars) -> Vec<(String, String)> {
    let Some((name, value)) = set(vars, RESOURCE_ATTRIBUTES) else {
        return Vec::new();
    };
    let decoded = |text: &str| {
        let text = percent_decode_str(text.trim()).decode_utf8().ok()?;
        Some(text.into_owned())
    };
    let pairs = value.split(',').filter(|pair| !pair.trim().is_empty());
    let attributes: Option<Vec<_>> = pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=')?;
            let name = decoded(name).filter(|name| !name.is_empty())?;
            Some((name, decoded(value)?))
        })
        .collect();
    attributes.unwrap_or_else(|| {
        tracing::warn!(
            "ignoring `{name}`: it is not a list of `name=value` pairs, separated by commas"
        );
        Vec::new()
    })
}
