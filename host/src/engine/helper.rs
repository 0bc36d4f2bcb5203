//! The compile helper: `bootstream-compile` beside `bootstrap`. It is a separate program, so that an unused
//! compiler does not slow down the start.

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

const NAME: &str = "bootstream-compile";

/// The installed helper.
#[derive(Debug)]
pub(super) struct Helper {
    program: PathBuf,
}

impl Helper {
    /// Finds the helper beside the running executable.
    pub(super) fn find() -> Option<Self> {
        let bootstrap = std::env::current_exe().ok()?;
        let program = bootstrap.parent()?.join(NAME);
        program.is_file().then_some(Self { program })
    }

    /// Compiles the component in this file and returns stamped machine code.
    ///
    /// # Errors
    ///
    /// Returns the reason in one line.
    pub(super) fn compile(&self, component: &Path) -> Result<Vec<u8>, String> {
        // The variables of a function hold its credentials.
        let output = Command::new(&self.program)
            .arg(component)
            .env_clear()
            .output()
            .map_err(|error| format!("`{}`: {error}", self.program.display()))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        Err(match stderr.lines().last() {
            Some(line) => line.trim_start_matches("error: ").to_owned(),
            None => ended(output.status),
        })
    }
}

fn ended(status: ExitStatus) -> String {
    match status.signal() {
        Some(9) => format!(
            "`{NAME}` was killed, which happens when memory runs out; \
             give the function more, or precompile"
        ),
        _ => format!("`{NAME}` printed no error and ended with {status}"),
    }
}
