//! What only the command's own host does, for `bootstream test` and `bootstream replay`: it gives the guest another
//! clock than that of the machine, and answers it from a recording. `bootstrap` has none of it, and refuses the [variable](crate::config::REHEARSAL_VARIABLE).

pub(crate) mod clock;
mod replay;

use serde::{Deserialize, Serialize};
use wasmtime_wasi::WasiCtxBuilder;

use crate::config::{ConfigError, REHEARSAL_VARIABLE, Vars};
pub use crate::capsule::{Capsule, Difference, Ending, InvalidCapsule};
pub use clock::FakeClock;
pub use replay::{Outcome, Replay, prepare};

/// The settings of a rehearsal, in JSON in its variable.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Rehearsal {
    /// A clock that skips waits, in place of the machine's.
    pub clock: Option<FakeClock>,
}

impl Rehearsal {
    /// Reads the settings. Without the variable, everything is as in production.
    ///
    /// # Errors
    ///
    /// The variable does not have the form of [`Rehearsal`].
    pub(crate) fn read(vars: &dyn Vars) -> Result<Self, ConfigError> {
        let Some(text) = vars.get(REHEARSAL_VARIABLE) else {
            return Ok(Self::default());
        };
        let read = serde_json::from_str(&text);
        read.map_err(|error| ConfigError::Rehearsal(error.to_string()))
    }

    /// Begins the rehearsal. Call it in the runtime of one thread that serves invocations, before the first of them.
    pub(crate) fn begin(&self) {
        if let Some(clock) = &self.clock {
            clock.start();
        }
    }

    /// Replaces what a guest gets of the machine.
    pub(crate) fn dress(&self, wasi: &mut WasiCtxBuilder) {
        if self.clock.is_some() {
            wasi.wall_clock(clock::Wall);
            wasi.monotonic_clock(clock::Monotonic);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn read(text: &str) -> Result<Rehearsal, ConfigError> {
        let vars = HashMap::from([(REHEARSAL_VARIABLE.to_owned(), text.to_owned())]);
        Rehearsal::read(&vars)
    }

    #[test]
    fn the_settings_are_read_as_they_are_written() {
        let clock = FakeClock {
            start_unix_ms: 1_767_225_600_000,
            timeout_ms: 3000,
        };
        let written = Rehearsal { clock: Some(clock) };
        let text = serde_json::to_string(&written).unwrap();
        assert_eq!(read(&text).unwrap(), written);
    }

    #[test]
    fn what_is_not_understood_is_refused_by_name() {
        for text in [
            "",
            "{",
            r#"{"clocks":{}}"#,
            r#"{"clock":{"start-unix-ms":1}}"#,
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains("`BOOTSTREAM_REHEARSAL`"), "{error}");
        }
    }
}
