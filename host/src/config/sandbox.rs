//! The settings of the sandbox: what an instance sees, consumes and connects to.

use std::path::{Path, PathBuf};
use std::time::Duration;

#[cfg(feature = "outbound-http")]
use super::aws::Surroundings;
use super::error::ConfigError;
use super::events;
use super::secrets::secrets;
use super::setting::{
    AWS_ALLOW, FILES_TASK_ROOT, FILES_TMP, FILES_TMP_MIB, LIMITS_EVENT_KIB, LIMITS_HOSTCALL_KIB,
    LIMITS_INSTANCES, LIMITS_MEMORY_MIB, LIMITS_RESPONSE_MIB, LIMITS_RESPONSE_WRITES,
    LIMITS_STACK_KIB, LIMITS_TABLE_ELEMENTS, LIMITS_TABLES, LOG_USAGE, OUTBOUND_ALLOW,
    OUTBOUND_CA_FILE, OUTBOUND_CONNECT_MS, OUTBOUND_FIRST_BYTE_MS, OUTBOUND_HEADER_KIB,
    OUTBOUND_IDLE_MS, OUTBOUND_KEEP_ALIVE_S, OUTBOUND_PRIVATE, OUTBOUND_REQUESTS, OUTBOUND_TRACE,
    OUTBOUND_WARM, PASS_ENV, RESPONSE_EMPTY, REUSE_INVOCATIONS, REUSE_SECONDS, SECRETS_REFRESH_S,
    Setting,
};
use super::values::Values;
use super::vars::{
    ALWAYS_PASSED, FUNCTION_NAME, FUNCTION_VERSION, MEMORY_SIZE, NEVER_PASSED, Vars,
};
use crate::guest::{Files, GuestConfig, LimitSettings, Reuse};
use crate::observe::Onward;
#[cfg(feature = "outbound-http")]
use crate::outbound::client::Vault;
use crate::outbound::target::{Destination, Target};
use crate::outbound::{
    Forbidden, KeepAlive, LIFE_SECONDS, MOST_WARM, NO_KEEP_ALIVE, Policy, Reach, address, target,
};

#[cfg(feature = "rehearsal")]
use crate::rehearsal::Rehearsal;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// Memory reserved for the host, in MiB, besides what a guest may pass to it in one call.
const HOST_MEMORY_MIB: u64 = 16;
/// Divides the function's memory into the default of what a guest may pass to the host in one call. The host
/// holds it while the guest may use everything else.
const HOSTCALL_PART: u64 = 16;
/// Upper bound of that default, in KiB. Larger calls gain nothing.
const MOST_HOSTCALL_KIB: u64 = 32 * 1024;
/// Lower bound of an instance's default memory, in MiB, however small the function is.
const LEAST_GUEST_MEMORY_MIB: u64 = 16;
/// Linear memory ends at 4 GiB; also the limit when the function's memory is unknown.
const MOST_GUEST_MEMORY_MIB: u64 = 4096;
/// Longest wait for a request: Lambda's longest invocation.
const LONGEST_WAIT_MS: u64 = 900_000;

pub(super) fn guest_config(
    vars: &dyn Vars,
    values: &Values,
    task_root: &Path,
) -> Result<GuestConfig, ConfigError> {
    let memory = parse_memory(vars)?;
    let outbound = policy(vars, values, memory, task_root)?;
    #[cfg(feature = "rehearsal")]
    let rehearsal = Rehearsal::read(vars)?;
    #[cfg(feature = "rehearsal")]
    let outbound = rehearsal.without_network(outbound);
    let mut variables = passed_variables(vars, values)?;
    let secrets = outbound.secrets.iter();
    let mut own: Vec<(String, String)> = secrets
        .map(|secret| (secret.name.clone(), secret.placeholder.clone()))
        .collect();
    #[cfg(feature = "outbound-http")]
    own.extend(super::aws::handler_variables(&outbound.aws));
    variables.retain(|(name, _)| own.iter().all(|(own, _)| own != name));
    variables.append(&mut own);
    Ok(GuestConfig {
        variables,
        limits: limits(values, memory)?.into(),
        files: files(values, task_root)?,
        outbound: outbound.into(),
        events: events::settings(vars, values, memory)?,
        reuse: reuse(values)?,
        pad_empty: values.is_on(&RESPONSE_EMPTY, "line-feed")?,
        logs_usage: values.is_one_of(&LOG_USAGE, "debug", "info")?,
        is_observed: false,
        is_taped: false,
        function_name: vars.get(FUNCTION_NAME).unwrap_or_default(),
        function_version: vars.get(FUNCTION_VERSION).unwrap_or_default(),
        memory_limit_mib: memory.unwrap_or(0),
        #[cfg(feature = "rehearsal")]
        rehearsal: rehearsal.into(),
    })
}

fn parse_memory(vars: &dyn Vars) -> Result<Option<u32>, ConfigError> {
    let Some(value) = vars.get(MEMORY_SIZE).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let memory = value.trim().parse();
    memory.map(Some).map_err(|_| ConfigError::Invalid {
        name: MEMORY_SIZE,
        value,
        expected: "a whole number of MiB",
    })
}

fn limits(values: &Values, function_mib: Option<u32>) -> Result<LimitSettings, ConfigError> {
    let set_memory = values.optional_number(&LIMITS_MEMORY_MIB, 1..=MOST_GUEST_MEMORY_MIB)?;
    let hostcall_kib = default_hostcall_kib(function_mib);
    let hostcall_kib = values.number(&LIMITS_HOSTCALL_KIB, 64..=1_048_576, hostcall_kib)?;
    let memory_mib = set_memory.unwrap_or_else(|| guest_memory_mib(function_mib, hostcall_kib));
    let number = |setting: &Setting, range, default| {
        values.number(setting, range, default).map(saturating_usize)
    };
    let least_one = 1..=u64::MAX;
    let response_mib = values.optional_number(&LIMITS_RESPONSE_MIB, least_one.clone())?;
    Ok(LimitSettings {
        memory_bytes: saturating_usize(memory_mib * MIB),
        memory_is_set: set_memory.is_some(),
        stack_bytes: number(&LIMITS_STACK_KIB, 64..=16_384, 512)? * 1024,
        instances: number(&LIMITS_INSTANCES, 1..=1000, 64)?,
        tables: number(&LIMITS_TABLES, 1..=1000, 64)?,
        table_elements: number(&LIMITS_TABLE_ELEMENTS, 1..=16_777_216, 1_048_576)?,
        event_bytes: number(&LIMITS_EVENT_KIB, 1..=1_048_576, 32_768)? * 1024,
        hostcall_bytes: saturating_usize(hostcall_kib * KIB),
        response_bytes: response_mib.map(|mib| mib.saturating_mul(MIB)),
        response_writes: values.optional_number(&LIMITS_RESPONSE_WRITES, least_one)?,
    })
}

fn default_hostcall_kib(function_mib: Option<u32>) -> u64 {
    let part = |mib| u64::from(mib) * KIB / HOSTCALL_PART;
    function_mib
        .map_or(MOST_HOSTCALL_KIB, part)
        .clamp(KIB, MOST_HOSTCALL_KIB)
}

fn guest_memory_mib(function_mib: Option<u32>, hostcall_kib: u64) -> u64 {
    let kept_mib = HOST_MEMORY_MIB + hostcall_kib.div_ceil(KIB);
    function_mib
        .map_or(MOST_GUEST_MEMORY_MIB, |mib| {
            u64::from(mib).saturating_sub(kept_mib)
        })
        .clamp(LEAST_GUEST_MEMORY_MIB, MOST_GUEST_MEMORY_MIB)
}

pub(super) fn saturating_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn reuse(values: &Values) -> Result<Reuse, ConfigError> {
    let seconds = values.number(&REUSE_SECONDS, 1..=86_400, 300)?;
    Ok(Reuse {
        invocations: values.number(&REUSE_INVOCATIONS, 1..=1_000_000, 1)?,
        age: Duration::from_secs(seconds),
    })
}

fn files(values: &Values, task_root: &Path) -> Result<Files, ConfigError> {
    let tmp_mib = values.number(&FILES_TMP_MIB, 1..=10_240, 64)?;
    let task_root_is_shown = values.is_on(&FILES_TASK_ROOT, "read-only")?;
    Ok(Files {
        task_root: task_root_is_shown.then(|| task_root.to_owned()),
        tmp_bytes: values
            .is_on(&FILES_TMP, "private")?
            .then_some(tmp_mib * MIB),
    })
}

fn passed_variables(
    vars: &dyn Vars,
    values: &Values,
) -> Result<Vec<(String, String)>, ConfigError> {
    let listed = values.list(&PASS_ENV)?;
    for (name, given) in &listed {
        if NEVER_PASSED.contains(&name.as_str()) {
            let expected = "no credentials: handlers never see them";
            return Err(given.invalid_item(&PASS_ENV, name, expected));
        }
    }
    let listed = listed.iter().map(|(name, _)| name.as_str());
    let mut passed: Vec<(String, String)> = Vec::new();
    for name in ALWAYS_PASSED.into_iter().chain(listed) {
        if let Some(value) = vars.get(name)
            && !passed.iter().any(|(seen, _)| seen == name)
        {
            passed.push((name.to_owned(), value));
        }
    }
    Ok(passed)
}

fn policy(
    vars: &dyn Vars,
    values: &Values,
    #[cfg_attr(
        not(feature = "outbound-http"),
        expect(unused_variables, reason = "only bodies of requests are held")
    )]
    memory_mib: Option<u32>,
    task_root: &Path,
) -> Result<Policy, ConfigError> {
    if cfg!(not(feature = "outbound-http")) {
        refuse_requests(values)?;
    }
    let runtime_api = super::endpoint(vars).ok();
    let forbidden = runtime_api.iter().map(Forbidden::from);
    let mut allow = Vec::new();
    for (text, given) in values.list(&OUTBOUND_ALLOW)? {
        let parsed = text.parse();
        allow.push(
            parsed.map_err(|_| given.invalid_item(&OUTBOUND_ALLOW, &text, target::EXPECTED))?,
        );
    }
    let mut private = Vec::new();
    for (text, given) in values.list(&OUTBOUND_PRIVATE)? {
        let network = address::parse_network(&text);
        let expected = "an address or a network such as `10.0.0.0/8`";
        private
            .push(network.ok_or_else(|| given.invalid_item(&OUTBOUND_PRIVATE, &text, expected))?);
    }
    let milliseconds = |setting: &Setting, default| {
        let number = values.number(setting, 1..=LONGEST_WAIT_MS, default);
        number.map(Duration::from_millis)
    };
    let refresh = values.number(&SECRETS_REFRESH_S, 10..=86_400, 300)?;
    let header_kib = values.number(&OUTBOUND_HEADER_KIB, 8..=1024, 64)?;
    let keep_alive = values.number(&OUTBOUND_KEEP_ALIVE_S, 0..=LIFE_SECONDS, 50)?;
    let keep_alive = KeepAlive::new(
        Duration::from_secs(keep_alive),
        super::max_concurrency(vars)?,
    );
    let warm = warm(values, &allow, keep_alive)?.into_iter();
    let warm = warm.map(|destination| (destination, Reach::Listed));
    #[cfg(feature = "outbound-http")]
    let (signing, warm, forbidden) = {
        let surroundings = Surroundings {
            memory_mib,
            runtime_api: runtime_api.as_ref(),
            keep_alive,
        };
        let signing = super::aws::signing(vars, values, &surroundings)?;
        let forbidden = forbidden.chain(signing.forbidden.clone());
        let warm = warm.chain(signing.warm.clone());
        (signing, warm, forbidden)
    };
    Ok(Policy {
        keep_alive,
        warm: warm.collect(),
        allow,
        private,
        secrets: secrets(vars, values)?,
        secrets_refresh: Duration::from_secs(refresh),
        #[cfg(feature = "outbound-http")]
        vault: Vault::new(),
        requests: saturating_usize(values.number(&OUTBOUND_REQUESTS, 1..=1000, 16)?),
        connect: milliseconds(&OUTBOUND_CONNECT_MS, 5000)?,
        first_byte: milliseconds(&OUTBOUND_FIRST_BYTE_MS, 60_000)?,
        idle: milliseconds(&OUTBOUND_IDLE_MS, 60_000)?,
        header_bytes: saturating_usize(header_kib * KIB),
        trace: trace(values)?,
        ca_file: ca_file(values, task_root)?,
        forbidden: forbidden.collect(),
        #[cfg(feature = "outbound-http")]
        aws: signing.aws,
        #[cfg(feature = "outbound-http")]
        holding: signing.holding,
        #[cfg(feature = "rehearsal")]
        doubles: None,
    })
}

fn trace(values: &Values) -> Result<Onward, ConfigError> {
    let (w3c, xray) = match values.text(&OUTBOUND_TRACE)? {
        None | Some(("off", _)) => (false, false),
        Some(("w3c", _)) => (true, false),
        Some(("xray", _)) => (false, true),
        Some(("both", _)) => (true, true),
        Some((_, given)) => {
            return Err(given.invalid(&OUTBOUND_TRACE, "`off`, `w3c`, `xray` or `both`"));
        }
    };
    Ok(Onward { w3c, xray })
}

/// Refuses settings that allow requests, which this build cannot send.
fn refuse_requests(values: &Values) -> Result<(), ConfigError> {
    for setting in [&OUTBOUND_ALLOW, &AWS_ALLOW] {
        if let Some((text, given)) = values.list(setting)?.first() {
            let expected =
                "nothing: this `bootstrap` was built without its feature `outbound-http`";
            return Err(given.invalid_item(setting, text, expected));
        }
    }
    Ok(())
}

/// Reads where connections are opened during the start.
fn warm(
    values: &Values,
    allow: &[Target],
    keep_alive: KeepAlive,
) -> Result<Vec<Destination>, ConfigError> {
    let mut warm = Vec::new();
    for (text, given) in values.list(&OUTBOUND_WARM)? {
        let invalid = |expected: &str| given.invalid_item(&OUTBOUND_WARM, &text, expected);
        if !keep_alive.is_on() {
            return Err(invalid(NO_KEEP_ALIVE));
        }
        let target = text.parse::<Target>().ok();
        let destination = target.and_then(Target::destination);
        let destination =
            destination.ok_or_else(|| invalid("one host such as `https://api.example.com`"))?;
        if !allow.iter().any(|target| target.covers(&destination)) {
            return Err(invalid("a host that is in `outbound.allow`"));
        }
        if warm.len() == MOST_WARM {
            return Err(invalid(&format!("at most {MOST_WARM} hosts")));
        }
        warm.push(destination);
    }
    Ok(warm)
}

fn ca_file(values: &Values, task_root: &Path) -> Result<Option<PathBuf>, ConfigError> {
    let Some((text, given)) = values.text(&OUTBOUND_CA_FILE)? else {
        return Ok(None);
    };
    let path = task_root.join(text);
    if !path.is_file() {
        return Err(given.invalid(&OUTBOUND_CA_FILE, "a file that exists"));
    }
    Ok(Some(path))
}
