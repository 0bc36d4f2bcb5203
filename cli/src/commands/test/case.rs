//! The cases of a handler, as its file has them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use lambda_protocol::limits::MEMORY_MIB;
use serde::Deserialize;

use super::clock::StartsAt;
use super::event::Event;
use super::expectation::Expectation;
use super::outbound::Outbound;

/// Longest deadline of a case, in milliseconds: Lambda's longest timeout.
const DEADLINE_MS: std::ops::RangeInclusive<u64> = 1..=900_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    case: Vec<Case>,
}

/// A case: an event, and what is expected of the response.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Case {
    pub(super) name: String,
    event: Event,
    #[serde(default)]
    pub(super) reader: Reader,
    /// A clock that skips waits.
    pub(super) clock: Option<StartsAt>,
    /// What answers in place of other hosts.
    #[serde(default)]
    pub(super) outbound: Vec<Outbound>,
    /// Whether requests reach the network, in place of `outbound`.
    #[serde(default)]
    pub(super) network: bool,
    /// Variables of the function, beside those of the command.
    #[serde(default)]
    pub(super) env: BTreeMap<String, String>,
    /// Timeout of the function, in place of that of the command.
    pub(super) deadline_ms: Option<u64>,
    /// Memory of the function, in MiB, in place of that of the command.
    pub(super) memory: Option<u32>,
    #[serde(default)]
    pub(super) expect: Expectation,
}

/// How the caller reads the response.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Reader {
    /// The caller takes no more than this.
    pub(super) bytes_per_second: Option<u32>,
    /// The caller leaves after this many bytes of the body.
    pub(super) leaves_after: Option<usize>,
}

/// Parses a file of cases.
///
/// # Errors
///
/// The text is not a file of cases, two cases have one name, or a bound is out of range. The error names the case.
pub(super) fn parse(text: &str) -> Result<Vec<Case>> {
    let File { case: cases } = toml::from_str(text)?;
    for (index, case) in cases.iter().enumerate() {
        let name = &case.name;
        ensure!(!name.is_empty(), "case {} has no name", index + 1);
        let is_first = cases.iter().position(|it| it.name == *name) == Some(index);
        ensure!(is_first, "two cases are called `{name}`");
        case.check().with_context(|| format!("case `{name}`"))?;
    }
    Ok(cases)
}

impl Case {
    fn check(&self) -> Result<()> {
        if let Some(deadline) = self.deadline_ms {
            ensure!(
                DEADLINE_MS.contains(&deadline),
                "`deadline-ms` is {deadline}, and must be {DEADLINE_MS:?}"
            );
        }
        if let Some(memory) = self.memory {
            ensure!(
                MEMORY_MIB.contains(&memory),
                "`memory` is {memory}, and must be {MEMORY_MIB:?}, in MiB"
            );
        }
        ensure!(
            self.reader.bytes_per_second != Some(0),
            "a reader that takes 0 bytes a second never ends: leave `bytes-per-second` out, or use `leaves-after`"
        );
        ensure!(
            !self.network || (self.outbound.is_empty() && self.clock.is_none()),
            "`network = true` is for requests to real hosts: leave out `clock` and `[[case.outbound]]`, or `network`"
        );
        for (index, outbound) in self.outbound.iter().enumerate() {
            let checked = outbound.check();
            checked.with_context(|| format!("`[[case.outbound]]` {}", index + 1))?;
        }
        Ok(())
    }

    /// Returns the reader in real time. By a fake clock, the host reads slowly.
    pub(super) fn real_reader(&self) -> Reader {
        let rate = self.reader.bytes_per_second;
        Reader {
            bytes_per_second: rate.filter(|_| self.clock.is_none()),
            ..self.reader.clone()
        }
    }

    /// Whether only the command's own host can run it as it is written.
    pub(super) fn needs_own_host(&self) -> bool {
        self.clock.is_some() || !self.outbound.is_empty()
    }

    /// Returns the event. Files are relative to `folder`.
    ///
    /// # Errors
    ///
    /// The event is not described in exactly one way, cannot be made or read, or has no place for a change.
    pub(super) fn event(&self, folder: &Path) -> Result<Bytes> {
        let event = self.event.document(folder);
        let event = event.with_context(|| format!("the event of case `{}`", self.name))?;
        Ok(serde_json::to_vec(&event)?.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        format!("{:#}", parse(text).unwrap_err())
    }

    #[test]
    fn what_is_wrong_with_a_file_is_named() {
        let case =
            |more: &str| format!("[[case]]\nname = \"a\"\nevent = {{ json = \"{{}}\" }}\n{more}");
        for (text, expected) in [
            ("[[case]]\nevent = {}".to_owned(), "missing field `name`"),
            (case("") + &case(""), "two cases are called `a`"),
            (case("deadline-ms = 0"), "`deadline-ms` is 0"),
            (
                case("memory = 127"),
                "`memory` is 127, and must be 128..=10240",
            ),
            (case("memory = 10241"), "`memory` is 10241"),
            (
                case("network = true\nclock = \"fake\""),
                "leave out `clock`",
            ),
            (case("clock = \"slow\""), "`clock = \"fake\"`"),
            (
                case("[[case.outbound]]\nurl = \"ftp://a\""),
                "`[[case.outbound]]` 1",
            ),
            (case("reader = { bytes-per-second = 0 }"), "never ends"),
            (case("expects = {}"), "unknown field `expects`"),
            (case("expect = { status = \"ok\" }"), "line 4"),
        ] {
            let refused = refusal(&text);
            assert!(refused.contains(expected), "{text}: {refused}");
        }
    }
}
