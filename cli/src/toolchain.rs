//! Finds or installs a Rust compiler for components.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// The target every handler is compiled for.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// The script that installs a compiler if rustup cannot add the target.
const SETUP_SCRIPT: &str = include_str!("../assets/setup-wasm-target.sh");

/// A compiler that has the target.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Toolchain {
    /// The rustc in use: the one in `RUSTC`, or the one cargo finds.
    InUse,
    /// The one that the setup script installs.
    Fallback { rustc: PathBuf },
}

impl Toolchain {
    /// Chooses the compiler for a crate in `folder`, whose `rust-toolchain.toml` may name one.
    ///
    /// # Errors
    ///
    /// No compiler on this machine has the target. The error says how to get one.
    pub(crate) fn find(folder: &Path) -> Result<Self> {
        Self::find_installed(folder).with_context(|| {
            format!(
                "no Rust compiler here has the target {TARGET}: \
                 run `rustup target add {TARGET}`, or `bootstream build --setup`"
            )
        })
    }

    fn find_installed(folder: &Path) -> Option<Self> {
        let in_use = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        if has_target(Path::new(&in_use), folder) {
            return Some(Self::InUse);
        }
        let rustc = std::path::absolute(fallback_prefix()?.join("bin/rustc")).ok()?;
        has_target(&rustc, folder).then_some(Self::Fallback { rustc })
    }

    /// Chooses the compiler, installing one first if there is none.
    ///
    /// # Errors
    ///
    /// Neither rustup nor the setup script could install the target.
    pub(crate) fn find_or_install(folder: &Path) -> Result<Self> {
        if let Some(toolchain) = Self::find_installed(folder) {
            return Ok(toolchain);
        }
        let no_rustup =
            std::env::var_os("BOOTSTREAM_NO_RUSTUP").is_some_and(|value| !value.is_empty());
        if no_rustup || !rustup_adds_target(folder) {
            run_setup_script()?;
        }
        Self::find(folder)
    }

    /// Returns the target folder for this compiler. Two compilers must not share one.
    pub(crate) fn target_dir(&self, target_dir: &Path) -> PathBuf {
        match self {
            Self::InUse => target_dir.to_owned(),
            Self::Fallback { .. } => target_dir.join("guests"),
        }
    }

    /// Makes cargo use this compiler.
    pub(crate) fn configure(&self, cargo: &mut Command) {
        match self {
            Self::InUse => {}
            Self::Fallback { rustc } => {
                cargo.env("RUSTC", rustc);
            }
        }
    }
}

/// Returns whether `rustc`, run in `folder`, has the standard library of the target.
fn has_target(rustc: &Path, folder: &Path) -> bool {
    // A plain name is looked up in `PATH`.
    let is_path = rustc.parent().is_some_and(|it| !it.as_os_str().is_empty());
    let rustc = match std::path::absolute(rustc) {
        Ok(absolute) if is_path => absolute,
        Ok(_) | Err(_) => rustc.to_owned(),
    };
    let output = Command::new(rustc)
        .current_dir(folder)
        .args(["--print", "target-libdir", "--target", TARGET])
        .stderr(Stdio::null())
        .output();
    let Ok(output) = output else { return false };
    let Ok(folder) = String::from_utf8(output.stdout) else {
        return false;
    };
    let Ok(files) = std::fs::read_dir(folder.trim()) else {
        return false;
    };
    files.flatten().any(|file| {
        let name = file.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libstd") && name.ends_with(".rlib")
    })
}

/// Returns the folder in which the setup script installs its compiler.
fn fallback_prefix() -> Option<PathBuf> {
    let set = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("WASM_TOOLCHAIN_DIR").or_else(|| {
        let cache = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?;
        Some(cache.join("wasm-guest-toolchain"))
    })
}

fn rustup_adds_target(folder: &Path) -> bool {
    Command::new("rustup")
        .current_dir(folder)
        .args(["target", "add", TARGET])
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn run_setup_script() -> Result<()> {
    let mut shell = Command::new("sh")
        .args(["-s", "--", "--no-rustup"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .context("cannot run `sh`")?;
    let mut stdin = shell.stdin.take().context("`sh` has no standard input")?;
    stdin
        .write_all(SETUP_SCRIPT.as_bytes())
        .context("cannot pass the setup script to `sh`")?;
    drop(stdin);
    if !shell.wait()?.success() {
        bail!("the target {TARGET} could not be installed, see above");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fallback_has_a_target_folder_of_its_own() {
        let fallback = Toolchain::Fallback {
            rustc: "/x/rustc".into(),
        };

        assert_eq!(
            fallback.target_dir(Path::new("target")),
            Path::new("target/guests")
        );
        assert_eq!(
            Toolchain::InUse.target_dir(Path::new("target")),
            Path::new("target")
        );
    }

    #[test]
    fn a_compiler_that_is_not_there_lacks_the_target() {
        assert!(!has_target(Path::new("/nowhere/rustc"), Path::new("/")));
    }
}
