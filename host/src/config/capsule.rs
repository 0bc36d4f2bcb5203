//! The settings of recorded invocations.

use std::path::PathBuf;
use std::sync::OnceLock;

use super::error::ConfigError;
use super::setting::{OBSERVE_RECORD, OBSERVE_RECORD_KIB, REUSE_INVOCATIONS};
use super::values::Values;
use super::vars::{SECRET_ACCESS_KEY, SESSION_TOKEN, Vars};
use crate::capsule::{CapsuleSettings, Destination, Hidden, KEPT_SETTINGS, KEPT_VARIABLES};
use crate::guest::GuestConfig;
use crate::outbound::{Secret, SecretValue};

/// The folder that gets a capsule of each invocation. `bootstream dev --record` sets it.
pub const RECORD_FOLDER: &str = "BOOTSTREAM_RECORD_FOLDER";

/// Largest capsule in a folder, in bytes.
const FOLDER_LIMIT_BYTES: usize = 64 * 1024 * 1024;

const KIB: usize = 1024;

/// Largest capsule in the log, in KiB: as base64, and if it cannot be compressed, it still fits an event of the log.
const MOST_KIB: u64 = 704;

pub(super) fn settings(
    vars: &dyn Vars,
    values: &Values,
    guest: &GuestConfig,
) -> Result<Option<CapsuleSettings>, ConfigError> {
    let records = values.is_one_of(&OBSERVE_RECORD, "none", "failures")?;
    let limit_kib = values.number(&OBSERVE_RECORD_KIB, 16..=MOST_KIB, 256)?;
    let folder = vars.get(RECORD_FOLDER).filter(|folder| !folder.is_empty());
    let (destination, limit_bytes) = match folder {
        Some(folder) => (
            Destination::Folder(PathBuf::from(folder)),
            FOLDER_LIMIT_BYTES,
        ),
        None if records => {
            let limit_bytes = super::sandbox::saturating_usize(limit_kib) * KIB;
            (Destination::Log, limit_bytes)
        }
        None => return Ok(None),
    };
    refuse_reuse(values, guest)?;
    Ok(Some(CapsuleSettings {
        destination,
        limit_bytes,
        settings: values.texts(|key| KEPT_SETTINGS.iter().any(|kept| key.starts_with(kept))),
        function: KEPT_VARIABLES
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), vars.get(name)?)))
            .collect(),
        variables: guest.variables.clone(),
        hidden: hidden(vars, guest),
        component: OnceLock::new(),
    }))
}

/// Returns the secrets that the host fills into requests.
fn hidden(vars: &dyn Vars, guest: &GuestConfig) -> Vec<Hidden> {
    let given = |secret: &Secret| match &secret.value {
        SecretValue::Given(text) => Some(text.as_str().to_owned()),
        SecretValue::Stored(_) => None,
    };
    let secrets = guest.outbound.secrets.iter().filter_map(given);
    let keys = [SECRET_ACCESS_KEY, SESSION_TOKEN].into_iter();
    let keys = keys.filter_map(|name| vars.get(name));
    secrets.chain(keys).map(Hidden).collect()
}

/// What an instance has kept of earlier invocations is not in the capsule of a later one.
fn refuse_reuse(values: &Values, guest: &GuestConfig) -> Result<(), ConfigError> {
    if guest.reuse.invocations == 1 {
        return Ok(());
    }
    let expected = "1 while invocations are recorded (`observe.record`, `bootstream dev --record`): what an instance \
                    keeps from one invocation to the next is not recorded";
    Err(values.refused(&REUSE_INVOCATIONS, expected))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::super::{Config, HANDLER};
    use super::*;

    fn config(vars: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let own = [(HANDLER, "handler.wasm"), ("LAMBDA_TASK_ROOT", "/nowhere")];
        let vars: HashMap<_, _> = own.iter().chain(vars).map(owned).collect();
        Config::read(&vars)
    }

    const RECORDS: (&str, &str) = ("BOOTSTREAM_OBSERVE_RECORD", "failures");

    #[test]
    fn nothing_is_recorded_unless_that_is_set() {
        for vars in [&[][..], &[("BOOTSTREAM_OBSERVE_RECORD", "none")]] {
            let config = config(vars).unwrap();
            assert!(config.capsules.is_none() && !config.guest.is_taped);
        }
        let recorded = config(&[RECORDS]).unwrap();
        assert!(recorded.guest.is_taped);
        let capsules = recorded.capsules.unwrap();
        assert_eq!(capsules.destination, Destination::Log);
        assert_eq!(capsules.limit_bytes, 256 * KIB);
        let folder = config(&[RECORDS, (RECORD_FOLDER, "/capsules")]).unwrap();
        assert_eq!(
            folder.capsules.unwrap().destination,
            Destination::Folder("/capsules".into())
        );
    }

    #[test]
    fn a_capsule_has_what_a_handler_can_notice_and_no_secret() {
        let capsules = config(&[
            RECORDS,
            ("BOOTSTREAM_LIMITS_MEMORY_MIB", "64"),
            ("BOOTSTREAM_OUTBOUND_ALLOW", "api.example.com"),
            ("BOOTSTREAM_SECRETS", "KEY@api.example.com"),
            ("KEY", "s3cret-key"),
            ("AWS_SECRET_ACCESS_KEY", "s3cret-aws"),
        ]);
        let capsules = capsules.unwrap().capsules.unwrap();
        let memory = ("limits.memory-mib".to_owned(), "64".to_owned());
        assert_eq!(capsules.settings, [memory]);
        assert!(!format!("{capsules:?}").contains("s3cret"));
        let hidden: Vec<_> = capsules.hidden.iter().map(|it| it.0.as_str()).collect();
        assert_eq!(hidden, ["s3cret-key", "s3cret-aws"]);
    }

    #[test]
    fn what_cannot_be_recorded_is_refused_by_name() {
        let reuse = ("BOOTSTREAM_REUSE_INVOCATIONS", "5");
        assert!(config(&[reuse]).is_ok());
        for recording in [RECORDS, (RECORD_FOLDER, "/capsules")] {
            let error = config(&[recording, reuse]).unwrap_err().to_string();
            assert!(error.contains("`reuse.invocations` is `5`"), "{error}");
            assert!(error.contains("`observe.record`"), "{error}");
        }
        for (name, value, expected) in [
            ("BOOTSTREAM_OBSERVE_RECORD", "all", "`none` or `failures`"),
            ("BOOTSTREAM_OBSERVE_RECORD_KIB", "15", "from 16 to 704"),
            ("BOOTSTREAM_OBSERVE_RECORD_KIB", "705", "from 16 to 704"),
        ] {
            let error = config(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
