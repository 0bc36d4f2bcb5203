//! Counts an arm64 program's user-space instructions under QEMU, split into host and handler.
//!
//! A plugin counts (`qemu.c`). The emulated processor is Graviton2's, so the code takes the same branches
//! as there. Kernel instructions do not count, as under callgrind.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::event::Event;
use crate::place::Place;
use crate::process::Process;
use crate::profile::Profile;
use crate::target::Target;

const QEMU: &str = "qemu-aarch64";

/// Number of runs. On a busy machine, one run in six had a quarter more instructions for a write.
const RUNS: usize = 3;

/// The plugin, compiled for the QEMU of this machine.
pub(crate) struct Plugin {
    library: PathBuf,
    counts: PathBuf,
}

impl Plugin {
    /// Compiles the plugin into `folder`.
    ///
    /// # Errors
    ///
    /// When there is no QEMU, or no C compiler.
    pub(crate) fn build(root: &Path, folder: &Path) -> anyhow::Result<Self> {
        let interface = interface(&version()?)?;
        let library = folder.join("qemu-plugin.so");
        let compiled = Command::new("cc")
            .args(["-O2", "-shared", "-fPIC"])
            .arg(format!("-DPLUGIN_VERSION={interface}"))
            .arg("-o")
            .arg(&library)
            .arg(root.join("benches/driver/src/qemu.c"))
            .status()
            .context("starting `cc`; `scripts/setup.sh --tests` installs it")?;
        anyhow::ensure!(compiled.success(), "QEMU's plugin does not compile");
        Ok(Self {
            library,
            counts: folder.join("qemu.out"),
        })
    }

    /// Runs several processes that serve these events, one after the other. Returns the profile with the fewest
    /// host instructions.
    ///
    /// # Errors
    ///
    /// When QEMU cannot be run, or `target` does not respond.
    pub(crate) fn run(&self, target: &Target, events: &[Event]) -> anyhow::Result<Profile> {
        let_run_out()?;
        let profiles = (0..RUNS).map(|_| self.run_once(target, events.to_vec()));
        let profiles = profiles.collect::<anyhow::Result<Vec<_>>>()?;
        let fewest = profiles.into_iter().min_by_key(|profile| profile.host);
        fewest.context("at least one run")
    }

    fn run_once(&self, target: &Target, events: Vec<Event>) -> anyhow::Result<Profile> {
        // An earlier run may have left its counts.
        std::fs::remove_file(&self.counts).ok();
        let target = &target.at(Place::OneProcessor);
        let process = Process::spawn(target, self.command(target), 1)?;
        process.lambda.invoke(events)?;
        process.terminate()?;
        let counts = std::fs::read_to_string(&self.counts).with_context(|| {
            format!(
                "reading `{}`, which QEMU's plugin writes",
                self.counts.display()
            )
        })?;
        read(&counts)
    }

    fn command(&self, target: &Target) -> Command {
        let (library, counts) = (self.library.display(), self.counts.display());
        let mut command = target.command_under(QEMU);
        command
            .args(["-cpu", "neoverse-n1", "-plugin"])
            .arg(format!("{library},out={counts}"))
            .arg(&target.executable);
        command
    }
}

/// Makes this process and its children run each thread until it blocks. If woken threads preempted others,
/// the number of writes that leave together would depend on the machine's load: 1230 to 1590
/// instructions for a write instead of 1210 to 1240.
fn let_run_out() -> anyhow::Result<()> {
    let own = std::process::id().to_string();
    let status = Command::new("chrt")
        .args(["--batch", "--pid", "0", &own])
        .status()
        .context("starting `chrt` (Debian: util-linux)")?;
    anyhow::ensure!(
        status.success(),
        "`chrt` cannot set the scheduling of this process"
    );
    Ok(())
}

/// QEMU's name and version, such as `qemu-aarch64 version 7.2.22`.
///
/// # Errors
///
/// When there is no QEMU.
pub(crate) fn version() -> anyhow::Result<String> {
    let output = Command::new(QEMU).arg("--version").output();
    let output = output.with_context(|| {
        format!("starting `{QEMU}`; `scripts/setup.sh --tests` installs it (Debian: qemu-user)")
    })?;
    let text = String::from_utf8(output.stdout)?;
    let first = text.lines().next().unwrap_or_default();
    // The version of the distribution's package follows.
    Ok(first.split(" (").next().unwrap_or_default().to_owned())
}

/// The version of the plugin's interface: QEMU 9.0 was the first to refuse version 1, and no earlier one
/// knows version 2.
fn interface(version: &str) -> anyhow::Result<u32> {
    let numbers = version.rsplit(' ').next().unwrap_or_default();
    let major = numbers.split('.').next().unwrap_or_default();
    let major: u32 = major
        .parse()
        .with_context(|| format!("`{QEMU} --version` says `{version}`, which names no version"))?;
    Ok(if major < 9 { 1 } else { 2 })
}

/// Parses the plugin's counts: instructions of the executable, and outside it. `bootstrap` is linked
/// statically, so everything outside is the handler.
fn read(counts: &str) -> anyhow::Result<Profile> {
    let numbers = counts.split_whitespace().map(str::parse::<u64>);
    let numbers = numbers.collect::<Result<Vec<_>, _>>()?;
    let [host, handler] = numbers[..] else {
        anyhow::bail!("QEMU's plugin wrote `{counts}` in place of two counts");
    };
    anyhow::ensure!(
        host > 0 && handler > 0,
        "QEMU's plugin counted {host} instructions of the host and {handler} of the handler: is \
         `bootstrap` linked statically?"
    );
    Ok(Profile {
        host,
        handler,
        allocations: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plugin_is_for_the_version_of_qemu() {
        let interface = |version: &str| interface(version).unwrap();
        assert_eq!(interface("qemu-aarch64 version 7.2.22"), 1);
        assert_eq!(interface("qemu-aarch64 version 8.2.2"), 1);
        assert_eq!(interface("qemu-aarch64 version 9.0.0"), 2);
        assert_eq!(interface("qemu-aarch64 version 10.0.2"), 2);
        let error = super::interface("qemu").unwrap_err().to_string();
        assert!(error.contains("names no version"), "{error}");
    }

    #[test]
    fn counts_are_of_host_and_handler() {
        let profile = read("12 5\n").unwrap();
        assert_eq!((profile.host, profile.handler), (12, 5));
        for counts in ["", "12\n", "12 5 6\n", "12 x\n", "12 0\n"] {
            read(counts).unwrap_err();
        }
    }
}
