//! Instructions that `bootstrap` spends outside the kernel, counted by callgrind: the same on every
//! machine, however busy it is.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::event::Event;
use crate::process::Process;
use crate::target::{self, Target};

/// How far a count may be above the one on record. Which thread has to wake the other is chance.
const TOLERANCE_PERCENT: u64 = 10;

/// One thing that is counted, and how many.
type Count = (&'static str, u64);

/// Counts, and compares with the counts on record, or replaces them.
///
/// # Errors
///
/// When callgrind cannot be run, or a count is above the one on record.
pub(crate) fn check(root: &Path, update: bool) -> anyhow::Result<String> {
    let record = root.join("benches/instructions.txt");
    let counts = count(&target::ours(root)?)?;
    if update {
        let lines = counts
            .iter()
            .map(|(name, count)| format!("{count} {name}\n"));
        std::fs::write(&record, lines.collect::<String>())?;
        return Ok(format!("`{}` is written\n", record.display()));
    }
    let text = std::fs::read_to_string(&record)
        .with_context(|| format!("reading `{}`; `--update` writes it", record.display()))?;
    compare(&counts, &text)
}

fn compare(counts: &[Count], record: &str) -> anyhow::Result<String> {
    let (mut report, mut is_above) = (String::new(), false);
    for (name, count) in counts {
        let expected = recorded(record, name)?;
        let above = *count > expected + expected * TOLERANCE_PERCENT / 100;
        is_above |= above;
        let verdict = if above { "  ABOVE" } else { "" };
        writeln!(
            report,
            "{name}: {count} instructions, {expected} on record{verdict}"
        )?;
    }
    anyhow::ensure!(
        !is_above,
        "{report}more than {TOLERANCE_PERCENT} % above the record; find out why, or accept it with \
         `--update`"
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

/// Each count is a difference of two runs, so that what a process spends once is not in it.
fn count(target: &Target) -> anyhow::Result<Vec<Count>> {
    const INVOCATIONS: (usize, usize) = (50, 250);
    const WRITES: (u64, u64) = (5_000, 25_000);
    let tiny = |times| vec![Event::tiny(); times];
    let invocations = run(target, tiny(INVOCATIONS.1))? - run(target, tiny(INVOCATIONS.0))?;
    let writes = |count| vec![Event::chunks(count, 64)];
    let written = run(target, writes(WRITES.1))? - run(target, writes(WRITES.0))?;
    Ok(vec![
        (
            "a tiny invocation",
            invocations / (INVOCATIONS.1 - INVOCATIONS.0) as u64,
        ),
        ("a write of 64 bytes", written / (WRITES.1 - WRITES.0)),
    ])
}

/// Instructions of a process that serves these events.
fn run(target: &Target, events: Vec<Event>) -> anyhow::Result<u64> {
    let output = output_file(target)?;
    let plain = target.command();
    let mut command = Command::new("valgrind");
    command
        .args(["--quiet", "--tool=callgrind"])
        .arg(format!("--callgrind-out-file={}", output.display()))
        .arg(plain.get_program())
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin");
    for (name, value) in plain.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    let process = Process::spawn(target, command, 1).context("is `valgrind` installed?")?;
    process.lambda.invoke(events)?;
    process.terminate()?;
    let profile = std::fs::read_to_string(&output)?;
    let total = profile
        .lines()
        .find_map(|line| line.strip_prefix("totals: "));
    Ok(total.context("callgrind wrote no total")?.trim().parse()?)
}

fn output_file(target: &Target) -> anyhow::Result<PathBuf> {
    let folder = target
        .executable
        .parent()
        .context("an executable in a folder")?;
    Ok(folder.join("callgrind.out"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_may_be_a_little_above_its_record() {
        let record = "1000 a tiny invocation\n";
        compare(&[("a tiny invocation", 1100)], record).unwrap();
        let error = compare(&[("a tiny invocation", 1101)], record).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("1101 instructions, 1000 on record  ABOVE")
        );
        let error = compare(&[("a write", 1)], record).unwrap_err();
        assert!(error.to_string().contains("no `a write` on record"));
    }
}
