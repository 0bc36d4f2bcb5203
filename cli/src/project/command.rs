//! Builds a component with another tool.

use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// The command and its output.
#[derive(Debug)]
pub(super) struct BuildCommand {
    pub(super) folder: PathBuf,
    /// The program and its arguments. Empty if nothing is to be run.
    pub(super) command: Vec<String>,
    /// The component, relative to the folder.
    pub(super) component: PathBuf,
}

impl BuildCommand {
    /// Runs the tool, whose output goes to standard error, and returns the path of the component.
    ///
    /// # Errors
    ///
    /// The tool is missing or fails, or does not create the component.
    pub(super) fn run(&self) -> Result<PathBuf> {
        if let Some((program, arguments)) = self.command.split_first() {
            self.run_tool(program, arguments)?;
        }
        let component = self.folder.join(&self.component);
        if !component.is_file() {
            bail!(
                "there is no `{}`, which `[build]` of bootstream.toml names as the `component`",
                component.display()
            );
        }
        Ok(component)
    }

    fn run_tool(&self, program: &str, arguments: &[String]) -> Result<()> {
        let shown = self.command.join(" ");
        // A path is relative to the project; a plain name is looked up in `PATH`.
        let path = if program.contains('/') {
            std::path::absolute(self.folder.join(program))?
        } else {
            program.into()
        };
        let status = Command::new(path)
            .args(arguments)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(io::stderr())
            .status()
            .with_context(|| {
                let folder = self.folder.display();
                format!("cannot run `{shown}` in `{folder}`: is what the project needs installed?")
            })?;
        if !status.success() {
            bail!("`{shown}` failed, see above");
        }
        Ok(())
    }
}
