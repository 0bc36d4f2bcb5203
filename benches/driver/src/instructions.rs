//! Instructions and allocations of an invocation and of a write, compared with the recorded ones. Unlike
//! times, they hardly vary between runs, however busy the machine is.
//!
//! Callgrind counts the build for this machine's architecture, QEMU the build for Graviton.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;
use clap::ValueEnum;

use crate::callgrind;
use crate::event::Event;
use crate::profile::Profile;
use crate::qemu::{self, Plugin};
use crate::target;

/// How far the host's instructions may exceed the record. How many writes leave together is chance:
/// quiet and busy machines have been 3 % apart for an invocation, 7 % for a write.
const HOST_PERCENT: u64 = 10;

/// The same for allocations, which do not vary between runs.
const ALLOCATIONS_PERCENT: u64 = 0;

/// Tolerance for code from another compiler. The handler may have been built by any, so this applies to
/// its instructions as well.
const OTHER_TOOLS_PERCENT: u64 = 10;

/// The tool that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tool {
    /// On the processor of this machine
    Callgrind,
    /// On an emulated core of Graviton2
    Qemu,
}

impl Tool {
    fn count(self, root: &Path) -> anyhow::Result<Counted> {
        match self {
            Self::Callgrind => with_callgrind(root),
            Self::Qemu => with_qemu(root),
        }
    }
}

/// One count.
#[derive(Clone, Debug)]
struct Count {
    name: String,
    value: u64,
    /// How far it may exceed a record made with the same tools, in percent.
    percent: u64,
}

/// Counts, and compares with the recorded counts or replaces them.
///
/// # Errors
///
/// When callgrind or QEMU cannot be run, or a count is above the one on record.
pub(crate) fn check(root: &Path, only: Option<Tool>, update: bool) -> anyhow::Result<String> {
    let tools = only.as_ref();
    let tools = tools.map_or(Tool::value_variants(), std::slice::from_ref);
    let mut report = String::new();
    for tool in tools {
        let counted = tool.count(root)?;
        let result = if update {
            counted.write(root)
        } else {
            counted.compare(root)
        };
        write!(report, "`{}`:\n{}", counted.record, result?)?;
    }
    Ok(report)
}

/// Counts, and the tools that made them.
struct Counted {
    counts: Vec<Count>,
    /// Everything the counts depend on besides the code; the architecture comes first.
    tools: String,
    /// The file with the recorded counts.
    record: &'static str,
}

impl Counted {
    fn write(&self, root: &Path) -> anyhow::Result<String> {
        std::fs::write(root.join(self.record), record(&self.counts, &self.tools))?;
        Ok("is written\n".to_owned())
    }

    fn compare(&self, root: &Path) -> anyhow::Result<String> {
        let text = std::fs::read_to_string(root.join(self.record))
            .with_context(|| format!("reading `{}`; `--update` writes it", self.record))?;
        compare(&self.counts, &self.tools, &text)
    }
}

fn with_callgrind(root: &Path) -> anyhow::Result<Counted> {
    let ours = target::ours_with_names(root)?;
    let counts = count(|events| callgrind::run(&ours, events))?;
    let valgrind = Command::new("valgrind").arg("--version").output();
    let valgrind = String::from_utf8(valgrind.context("starting `valgrind`")?.stdout)?;
    let compiler = compiler_of(&ours.executable)?;
    Ok(Counted {
        counts,
        tools: format!(
            "{}, {compiler}, {}",
            std::env::consts::ARCH,
            valgrind.trim()
        ),
        record: "benches/instructions.txt",
    })
}

fn with_qemu(root: &Path) -> anyhow::Result<Counted> {
    let (ours, folder) = target::ours_for_arm64(root)?;
    let plugin = Plugin::build(root, &folder)?;
    let counts = count(|events| plugin.run(&ours, &events))?;
    let compiler = compiler_of(&ours.executable)?;
    Ok(Counted {
        counts,
        tools: format!("aarch64, {compiler}, {}", qemu::version()?),
        record: "benches/instructions-arm64.txt",
    })
}

fn compiler_of(bootstrap: &Path) -> anyhow::Result<String> {
    let executable =
        std::fs::read(bootstrap).with_context(|| format!("reading `{}`", bootstrap.display()))?;
    compiler(&executable).context("`bootstrap` does not say what compiled it")
}

/// The compiler an executable names in its section `.comment`, as every Rust program does.
fn compiler(executable: &[u8]) -> Option<String> {
    const NAME: &[u8] = b"rustc version ";
    let at = executable
        .windows(NAME.len())
        .position(|bytes| bytes == NAME)?;
    let named = executable.get(at..)?.split(|byte| *byte == 0).next()?;
    String::from_utf8(named.to_vec()).ok()
}

const MADE_WITH: &str = "# made with ";

fn record(counts: &[Count], tools: &str) -> String {
    let lines = counts
        .iter()
        .map(|count| format!("{} {}\n", count.value, count.name));
    format!("{MADE_WITH}{tools}\n{}", lines.collect::<String>())
}

fn compare(counts: &[Count], tools: &str, record: &str) -> anyhow::Result<String> {
    let made_with = record
        .lines()
        .find_map(|line| line.strip_prefix(MADE_WITH))
        .context("the record does not say what it was made with; `--update` writes another")?;
    let architecture = |tools: &str| tools.split(',').next().map(str::to_owned);
    if architecture(made_with) != architecture(tools) {
        return Ok(format!(
            "nothing to compare: the record was made with {made_with}, this is {tools}\n{}",
            self::record(counts, tools)
        ));
    }
    let (mut report, mut is_above) = (String::new(), false);
    if made_with != tools {
        writeln!(
            report,
            "the record was made with {made_with}, and this with {tools}: \
             {OTHER_TOOLS_PERCENT} % are allowed for that"
        )?;
    }
    for count in counts {
        let expected = recorded(record, &count.name)?;
        let percent = if made_with == tools {
            count.percent
        } else {
            count.percent.max(OTHER_TOOLS_PERCENT)
        };
        let above = count.value > expected + expected * percent / 100;
        is_above |= above;
        let verdict = if above { "  ABOVE" } else { "" };
        let Count { name, value, .. } = count;
        writeln!(
            report,
            "{name}: {value}, {expected} (+{percent} %) on record{verdict}"
        )?;
    }
    anyhow::ensure!(
        !is_above,
        "{report}above the record; find out why, or accept it with \
         `./scripts/bench.sh instructions --update`"
    );
    Ok(report)
}

fn recorded(record: &str, name: &str) -> anyhow::Result<u64> {
    let mut lines = record.lines().filter_map(|line| line.split_once(' '));
    let line = lines.find(|line| line.1 == name);
    let count = line
        .with_context(|| format!("no `{name}` on record; `--update` adds it"))?
        .0;
    Ok(count.parse()?)
}

/// Each count is the difference of two runs, which leaves out what a process spends once.
fn count(run: impl Fn(Vec<Event>) -> anyhow::Result<Profile>) -> anyhow::Result<Vec<Count>> {
    let tiny = |times| vec![Event::tiny(); times];
    let invocation = Difference {
        few: run(tiny(50))?,
        many: run(tiny(250))?,
        more: 200,
    };
    let writes = |count| vec![Event::chunks(count, 64)];
    let write = Difference {
        few: run(writes(5_000))?,
        many: run(writes(25_000))?,
        more: 20_000,
    };
    let mut counts = invocation.counts("a tiny invocation");
    counts.extend(write.counts("a write of 64 bytes"));
    Ok(counts)
}

/// Two runs, one of which did something `times` more often.
struct Difference {
    few: Profile,
    many: Profile,
    more: u64,
}

impl Difference {
    /// All counts of one operation.
    fn counts(&self, done: &str) -> Vec<Count> {
        let count = |what: &str, of: fn(&Profile) -> Option<u64>, percent| {
            self.each(of).map(|value| Count {
                name: format!("{what}, {done}"),
                value,
                percent,
            })
        };
        let counts = [
            count(
                "instructions of the host",
                |profile| Some(profile.host),
                HOST_PERCENT,
            ),
            count(
                "allocations of the host",
                |profile| profile.allocations,
                ALLOCATIONS_PERCENT,
            ),
            count(
                "instructions of the handler",
                |profile| Some(profile.handler),
                OTHER_TOOLS_PERCENT,
            ),
        ];
        counts.into_iter().flatten().collect()
    }

    /// Cost of one more operation, rounded up from three quarters on: every other invocation has an allocation more, and
    /// which ones is chance. `None` if the profiles do not count it.
    fn each(&self, of: impl Fn(&Profile) -> Option<u64>) -> Option<u64> {
        let added = of(&self.many)?.saturating_sub(of(&self.few)?);
        Some((added + self.more / 4) / self.more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOLS: &str = "x86_64, rustc version 1.96.0, valgrind-3.19.0";

    fn counted(name: &str, value: u64, percent: u64) -> Count {
        Count {
            name: name.to_owned(),
            value,
            percent,
        }
    }

    #[test]
    fn a_count_may_be_above_its_record_by_its_tolerance() {
        let record = record(&[counted("a", 1000, 3), counted("b", 110, 0)], TOOLS);
        for (a, b, is_fine) in [
            (900, 100, true),
            (1030, 110, true),
            (1031, 110, false),
            (1000, 111, false),
        ] {
            let counts = [counted("a", a, 3), counted("b", b, 0)];
            let compared = compare(&counts, TOOLS, &record);
            assert_eq!(compared.is_ok(), is_fine, "{compared:?}");
        }
        let error = compare(&[counted("a", 1031, 3)], TOOLS, &record).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("a: 1031, 1000 (+3 %) on record  ABOVE"),
            "{error}"
        );
        let error = compare(&[counted("c", 1, 3)], TOOLS, &record).unwrap_err();
        assert!(error.to_string().contains("no `c` on record"), "{error}");
    }

    #[test]
    fn other_tools_are_allowed_more_and_another_architecture_anything() {
        let record = record(&[counted("a", 1000, 3)], TOOLS);
        let newer = TOOLS.replace("1.96", "1.97");
        let report = compare(&[counted("a", 1100, 3)], &newer, &record).unwrap();
        assert!(report.contains("10 % are allowed"), "{report}");
        compare(&[counted("a", 1101, 3)], &newer, &record).unwrap_err();
        let arm = TOOLS.replace("x86_64", "aarch64");
        let report = compare(&[counted("a", 9000, 3)], &arm, &record).unwrap();
        assert!(report.starts_with("nothing to compare"), "{report}");
        let error = compare(&[], TOOLS, "1000 a\n").unwrap_err();
        assert!(error.to_string().contains("made with"), "{error}");
    }

    #[test]
    fn an_executable_names_its_compiler() {
        let comment = b"\x7fELF\0GCC: (Debian)\0rustc version 1.96.0 (ac68)\0rest";
        assert_eq!(
            compiler(comment).as_deref(),
            Some("rustc version 1.96.0 (ac68)")
        );
        assert_eq!(compiler(b"\x7fELF\0GCC: (Debian)\0"), None);
    }

    #[test]
    fn a_difference_is_rounded() {
        let profile = |allocations| Profile {
            allocations: Some(allocations),
            ..Profile::default()
        };
        for (added, each) in [(22_000, 110), (22_101, 110), (22_149, 110), (22_150, 111)] {
            let difference = Difference {
                few: profile(7),
                many: profile(7 + added),
                more: 200,
            };
            assert_eq!(difference.each(|profile| profile.allocations), Some(each));
        }
    }
}
