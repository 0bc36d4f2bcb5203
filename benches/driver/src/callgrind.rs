//! Counts a program's user-space instructions with callgrind, split into host and handler.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::event::Event;
use crate::process::Process;
use crate::profile::Profile;
use crate::target::Target;

/// Callgrind's name for code outside any known file: the handler's code, which `bootstrap` maps itself.
const NO_OBJECT: &str = "???";

/// Allocation functions: those of `bootstrap`'s allocator, and the C library's for executables that use it.
/// Calls among them do not count: whether a block can grow in place or must move is chance.
const ALLOCATORS: [&str; 6] = [
    "__rustc::__rust_realloc",
    "<bootstream_host::platform::allocator::Allocator as core::alloc::global::GlobalAlloc>::alloc",
    "<bootstream_host::platform::allocator::Allocator as core::alloc::global::GlobalAlloc>::realloc",
    "malloc",
    "calloc",
    "posix_memalign",
];

/// Profiles a process that serves these events.
///
/// # Errors
///
/// When callgrind cannot be run, or `target` does not respond.
pub(crate) fn run(target: &Target, events: Vec<Event>) -> anyhow::Result<Profile> {
    let folder = target.executable.parent();
    let folder = folder.context("an executable in a folder")?;
    let output = folder.join("callgrind.out");
    let process = Process::spawn(target, command(target, &output), 1)
        .context("is `valgrind` installed? `scripts/setup.sh --tests` does that")?;
    process.lambda.invoke(events)?;
    process.terminate()?;
    let profile = std::fs::read_to_string(&output)
        .with_context(|| format!("reading `{}`, which callgrind writes", output.display()))?;
    read(&profile)
}

fn command(target: &Target, output: &Path) -> Command {
    let mut command = target.command_under("valgrind");
    command
        .args(["--quiet", "--tool=callgrind"])
        .arg(format!("--callgrind-out-file={}", output.display()))
        .arg(&target.executable);
    command
}

/// Parses callgrind's output, with costs by line: <https://valgrind.org/docs/manual/cl-format.html>.
fn read(text: &str) -> anyhow::Result<Profile> {
    let mut reading = Reading::default();
    let mut total = None;
    for line in text.lines() {
        match line.split_once(['=', ':']) {
            Some(("totals", count)) => total = Some(count.trim().parse::<u64>()?),
            Some((key, value)) => reading.take(key, value)?,
            None => reading.count(line)?,
        }
    }
    let Reading { host, handler, .. } = reading;
    let total = total.context("callgrind wrote no total")?;
    anyhow::ensure!(
        host + handler == total,
        "callgrind's profile has {total} instructions in all, and {host} + {handler} in its lines"
    );
    anyhow::ensure!(
        reading.allocations > 0,
        "callgrind's profile knows no allocation: was `bootstrap` stripped?"
    );
    Ok(Profile {
        host,
        handler,
        allocations: Some(reading.allocations),
    })
}

#[derive(Default)]
struct Reading<'a> {
    host: u64,
    handler: u64,
    /// Calls of [`ALLOCATORS`] by other functions.
    allocations: u64,
    objects: Names<'a>,
    functions: Names<'a>,
    in_handler: bool,
    function: &'a str,
    callee: &'a str,
    /// Whether the next line is the inclusive cost of a callee, whose own lines count it already.
    after_call: bool,
}

impl<'a> Reading<'a> {
    fn take(&mut self, key: &str, value: &'a str) -> anyhow::Result<()> {
        match key {
            "ob" => self.in_handler = self.objects.name(value)? == NO_OBJECT,
            "cob" => drop(self.objects.name(value)?),
            "fn" => self.function = self.functions.name(value)?,
            "cfn" => self.callee = self.functions.name(value)?,
            "calls" => {
                self.after_call = true;
                if ALLOCATORS.contains(&self.callee) && !ALLOCATORS.contains(&self.function) {
                    let calls = value.split(' ').next().unwrap_or_default();
                    self.allocations += calls.parse::<u64>()?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A line of numbers: where, and how many instructions.
    fn count(&mut self, line: &str) -> anyhow::Result<()> {
        if line.is_empty() || line.starts_with('#') || std::mem::take(&mut self.after_call) {
            return Ok(());
        }
        let (_, count) = line.split_once(' ').context("a line without a count")?;
        let count = count.parse::<u64>()?;
        if self.in_handler {
            self.handler += count;
        } else {
            self.host += count;
        }
        Ok(())
    }
}

/// Names by number: `(number) name` at the first occurrence, `(number)` afterwards.
#[derive(Default)]
struct Names<'a>(HashMap<&'a str, &'a str>);

impl<'a> Names<'a> {
    fn name(&mut self, value: &'a str) -> anyhow::Result<&'a str> {
        if let Some((number, name)) = value.split_once(' ') {
            self.0.insert(number, name);
        }
        let number = value.split(' ').next().unwrap_or_default();
        let name = self.0.get(number).copied();
        name.with_context(|| format!("`{value}` in callgrind's profile has no name"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = "# callgrind format\nversion: 1\ncmd:  /x/bootstrap\npositions: line\n\
        events: Ir\nsummary: 9999\n\n\nob=(2) ???\nfl=(5) ???\nfn=(8) 0x44f65\n0 6\n+3 1\n\n\
        ob=(7) /x/bootstrap\nfn=(9) run\n12 10\ncob=(3) /lib/libc.so.6\n\
        cfn=(1) <bootstream_host::platform::allocator::Allocator as core::alloc::global::GlobalAlloc>::alloc\n\
        calls=3 0\n* 500\n-2 4\ncob=(2)\ncfn=(8)\ncalls=2 0\n* 7\n\
        fn=(10) grow\n0 1\ncob=(3)\ncfn=(2) __rustc::__rust_realloc\ncalls=1 0\n0 40\n\
        cfn=(1)\ncalls=1 0\n0 50\n\n\
        ob=(3)\nfn=(2)\n0 60\ncfn=(1)\ncalls=1 0\n0 7\nfn=(1)\n0 40\n\ntotals: 122\n";

    #[test]
    fn a_profile_tells_host_from_handler_and_counts_nothing_twice() {
        let expected = Profile {
            host: 10 + 4 + 1 + 100,
            handler: 7,
            allocations: Some(5),
        };
        assert_eq!(read(PROFILE).unwrap(), expected);
    }

    #[test]
    fn a_profile_that_cannot_be_parsed_is_an_error() {
        let refused = |from: &str, to: &str| read(&PROFILE.replace(from, to)).unwrap_err();
        let error = refused("totals: 122", "totals: 123").to_string();
        assert!(error.contains("123 instructions in all"), "{error}");
        let error = refused("totals: 122", "").to_string();
        assert!(error.contains("no total"), "{error}");
        let error = refused("ob=(3)\n", "ob=(4)\n").to_string();
        assert!(error.contains("`(4)` in callgrind's profile"), "{error}");
        let nameless = PROFILE.replace("::", "f");
        let error = read(&nameless).unwrap_err().to_string();
        assert!(error.contains("no allocation"), "{error}");
    }
}
