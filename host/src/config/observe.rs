//! Who gets the records of invocations.

use std::net::SocketAddr;
use std::sync::Arc;

use super::error::ConfigError;
use super::setting::{OBSERVE_METRICS, OBSERVE_NAMESPACE, OBSERVE_WRITES, OBSERVE_XRAY};
use super::values::Values;
use super::vars::{FUNCTION_NAME, METRICS_NAMESPACE, SERVICE_NAME, Vars, XRAY_DAEMON};
use crate::observe::metrics::Labels;
use crate::telemetry::{MetricsKind, MetricsSettings, TelemetrySettings, parse_address};

const DEFAULT_NAMESPACE: &str = "Bootstream";

/// Longest namespace of metrics.
const NAMESPACE_LIMIT: usize = 256;

pub(super) fn settings(vars: &dyn Vars, values: &Values) -> Result<TelemetrySettings, ConfigError> {
    Ok(TelemetrySettings {
        xray: daemon(vars, values)?,
        metrics: metrics(vars, values)?,
        collector: super::collector::settings(vars)?.map(Arc::new),
        writes: values.is_one_of(&OBSERVE_WRITES, "false", "true")?,
    })
}

fn daemon(vars: &dyn Vars, values: &Values) -> Result<Option<SocketAddr>, ConfigError> {
    let is_on = match values.text(&OBSERVE_XRAY)? {
        None | Some(("true", _)) => true,
        Some(("false", _)) => false,
        Some((_, given)) => return Err(given.invalid(&OBSERVE_XRAY, "`true` or `false`")),
    };
    let address = vars.get(XRAY_DAEMON).filter(|it| is_on && !it.is_empty());
    let Some(address) = address else {
        return Ok(None);
    };
    let parsed = parse_address(&address);
    if parsed.is_none() {
        // Lambda sets it. A trace is no reason for a function not to start.
        tracing::warn!(
            "`{XRAY_DAEMON}` is `{address}`, and not an address such as `127.0.0.1:2000`: no traces are sent to X-Ray"
        );
    }
    Ok(parsed)
}

fn metrics(vars: &dyn Vars, values: &Values) -> Result<Option<MetricsSettings>, ConfigError> {
    let kind = match values.text(&OBSERVE_METRICS)? {
        None | Some(("none", _)) => None,
        Some(("emf", _)) => Some(MetricsKind::Emf),
        Some(("log", _)) => Some(MetricsKind::Log),
        Some((_, given)) => {
            return Err(given.invalid(&OBSERVE_METRICS, "`none`, `emf` or `log`"));
        }
    };
    let namespace = namespace(values)?;
    let Some(kind) = kind else {
        return Ok(None);
    };
    let of_powertools = || vars.get(METRICS_NAMESPACE).filter(|it| is_namespace(it));
    let namespace = namespace.or_else(of_powertools);
    let named = |name| vars.get(name).filter(|value| !value.is_empty());
    let function_name = named(FUNCTION_NAME).unwrap_or_else(|| "unknown".to_owned());
    Ok(Some(MetricsSettings {
        kind,
        format: super::log_settings(vars).0,
        labels: Labels {
            namespace: namespace.unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned()),
            service: named(SERVICE_NAME).unwrap_or_else(|| function_name.clone()),
            function_name,
        },
    }))
}

fn namespace(values: &Values) -> Result<Option<String>, ConfigError> {
    match values.text(&OBSERVE_NAMESPACE)? {
        None => Ok(None),
        Some((text, _)) if is_namespace(text) => Ok(Some(text.to_owned())),
        Some((_, given)) => {
            let expected = "1 to 256 letters, digits and `.-_/#:`, not beginning with a colon";
            Err(given.invalid(&OBSERVE_NAMESPACE, expected))
        }
    }
}

fn is_namespace(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_/#:".contains(&byte);
    (1..=NAMESPACE_LIMIT).contains(&text.len())
        && text.bytes().all(is_allowed)
        && !text.starts_with(':')
}
