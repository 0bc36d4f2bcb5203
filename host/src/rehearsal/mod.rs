//! What only the command's own host does: for `bootstream test` a clock that skips waits, answers in place of other
//! hosts, and a report of what the guest did; for `bootstream replay` answers from a recording. `bootstrap` has none of
//! it, and refuses the [variable](crate::config::REHEARSAL_VARIABLE).

pub(crate) mod clock;
mod double;
pub(crate) mod reader;
mod replay;
pub(crate) mod report;
mod server;

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::runtime::Builder;
use wasmtime_wasi::WasiCtxBuilder;

pub use crate::capsule::{Capsule, Difference, Ending, InvalidCapsule};
use crate::config::{ConfigError, REHEARSAL_VARIABLE, Vars};
pub use crate::guest::{Told, told};
use crate::outbound::Policy;
pub use clock::FakeClock;
pub use double::{Answer, Double, Failing, Piece, Reaction};
pub(crate) use double::{Chosen, Doubles};
pub use replay::{Outcome, Replay};
pub use report::Event;
pub(crate) use report::note;
pub(crate) use server::{connect, pairs};

/// Prepares a runtime of one thread for a rehearsal. Settings that are not valid are refused later.
pub(crate) fn prepare_runtime(runtime: &mut Builder, vars: &dyn Vars) {
    if Rehearsal::read(vars).is_ok_and(|rehearsal| rehearsal.clock.is_some()) {
        clock::prepare(runtime);
    }
}

/// The settings of a rehearsal. The variable names a file with them, in JSON.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Rehearsal {
    /// A clock that skips waits, in place of the machine's.
    pub clock: Option<FakeClock>,
    /// Answers to the requests of the guest, in the order in which they are tried. `None`: requests reach the network.
    pub outbound: Option<Vec<Double>>,
    /// The file to which [events](Event) are written, as JSON, one per line.
    pub report: Option<PathBuf>,
    /// The receiver of the response leaves after this many bytes of its body. The fake clock waits for that.
    pub leaves_after: Option<u64>,
    /// Bytes of the body that the receiver of the response reads in a second, by the fake clock. `None`: it takes all at
    /// once.
    pub bytes_per_second: Option<u32>,
}

impl Rehearsal {
    /// Reads the settings. Without the variable, everything is as in production.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or does not have the form of [`Rehearsal`].
    pub(crate) fn read(vars: &dyn Vars) -> Result<Self, ConfigError> {
        let Some(path) = vars.get(REHEARSAL_VARIABLE) else {
            return Ok(Self::default());
        };
        let read = std::fs::read(&path).map_err(|error| error.to_string());
        read.and_then(|text| serde_json::from_slice(&text).map_err(|error| error.to_string()))
            .map_err(|error| ConfigError::Rehearsal(format!("`{path}`: {error}")))
    }

    /// Has the doubles answer in place of other hosts, if there are any. What is allowed stays the same.
    pub(crate) fn without_network(&self, mut policy: Policy) -> Policy {
        if let Some(doubles) = self.outbound.clone() {
            policy.doubles = Some(Arc::new(Doubles::new(doubles)));
            policy.warm.clear();
        }
        policy
    }

    /// Begins the rehearsal. Call it in the runtime that serves invocations, before the first of them.
    ///
    /// # Errors
    ///
    /// The report cannot be written, or the clock is not [prepared](prepare_runtime).
    pub(crate) fn begin(&self) -> Result<(), ConfigError> {
        if let Some(clock) = &self.clock
            && !clock.start()
        {
            let text = "its `clock` needs a process of one thread: serve one invocation at a time";
            return Err(ConfigError::Rehearsal(text.to_owned()));
        }
        if let Some(rate) = self.bytes_per_second {
            reader::set_rate(rate);
        }
        let Some(path) = &self.report else {
            return Ok(());
        };
        let started = report::start(path, self.leaves_after);
        started.map_err(|error| ConfigError::Rehearsal(format!("`{}`: {error}", path.display())))
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
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rehearsal.json");
        std::fs::write(&path, text).unwrap();
        let path = path.to_str().unwrap().to_owned();
        Rehearsal::read(&HashMap::from([(REHEARSAL_VARIABLE.to_owned(), path)]))
    }

    #[test]
    fn the_settings_are_read_as_they_are_written() {
        let answer = Answer {
            delay_ms: 5,
            status: 404,
            headers: vec![("x-a".to_owned(), "b".to_owned())],
            body: vec![Piece {
                pause_ms: 1,
                bytes: vec![0, 255],
            }],
            cut_after: Some(1),
        };
        let double = |reaction| Double {
            method: Some("GET".to_owned()),
            url: "https://a.example/*".to_owned(),
            times: Some(2),
            reaction,
        };
        let written = Rehearsal {
            clock: Some(FakeClock {
                start_unix_ms: 1_767_225_600_000,
                timeout_ms: 3000,
            }),
            outbound: Some(vec![
                double(Reaction::Answer(answer)),
                double(Reaction::Fail(Failing::Refused)),
            ]),
            report: Some("/nowhere/report".into()),
            leaves_after: Some(7),
            bytes_per_second: Some(1000),
        };
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
            assert!(error.contains("rehearsal.json"), "{error}");
        }
    }
}
