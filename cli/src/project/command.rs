//! Builds a component with another tool.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use artifact::FileKind;

use crate::componentize::componentize;
use crate::files;

/// The command and its output.
#[derive(Debug)]
pub(super) struct BuildCommand {
    pub(super) folder: PathBuf,
    /// The program and its arguments. Empty if nothing is to be run.
    pub(super) command: Vec<String>,
    /// The component, relative to the folder.
    pub(super) component: PathBuf,
    /// The core module that the command makes, relative to the folder, if it does not make the component.
    pub(super) module: Option<PathBuf>,
    /// A shell command that installs what the tool needs.
    pub(super) install: Option<String>,
}

impl BuildCommand {
    /// Runs the tool, whose output goes to standard error, and returns the path of the component.
    ///
    /// # Errors
    ///
    /// The tool is missing or fails, or does not create the component or a module of which it can be made.
    pub(super) fn run(&self) -> Result<PathBuf> {
        if let Some((program, arguments)) = self.command.split_first() {
            self.run_tool(program, arguments)?;
        }
        let component = self.folder.join(&self.component);
        let Some(module) = &self.module else {
            expect_file(&component, "component")?;
            expect_no_module(&component)?;
            return Ok(component);
        };
        let module = self.folder.join(module);
        expect_file(&module, "module")?;
        let made = componentize(&files::read(&module)?)
            .with_context(|| format!("`{}`", module.display()))?;
        files::write_atomically(&component, &made)?;
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
                let tool = origin(program);
                let advice = self.install_advice();
                let advice = advice.unwrap_or("is what the project needs installed?".to_owned());
                format!("cannot run `{shown}` in `{folder}`: {tool}{advice}")
            })?;
        if !status.success() {
            match self.install_advice() {
                Some(advice) => {
                    bail!("`{shown}` failed, see above; if something is missing, {advice}")
                }
                None => bail!("`{shown}` failed, see above"),
            }
        }
        Ok(())
    }

    fn install_advice(&self) -> Option<String> {
        let install = self.install.as_ref()?;
        Some(match self.folder.display().to_string().as_str() {
            "" | "." => format!("install what the project needs: `{install}`"),
            folder => format!("install what the project needs: `cd {folder} && {install}`"),
        })
    }
}

/// Returns where a tool comes from that no package of the project installs.
fn origin(program: &str) -> &'static str {
    match program {
        "npm" => {
            "`npm` is part of Node.js, of which version 20 or later is needed (https://nodejs.org); then "
        }
        _ => "",
    }
}

fn expect_file(path: &Path, key: &str) -> Result<()> {
    if !path.is_file() {
        bail!(
            "there is no `{}`, which `[build]` of bootstream.toml names as the `{key}`",
            path.display()
        );
    }
    Ok(())
}

/// Rejects a core module in the place of a component, with the setting that makes one of it.
fn expect_no_module(component: &Path) -> Result<()> {
    if FileKind::of_source(&files::read(component)?) == FileKind::CoreModule {
        bail!(
            "`{}` is a core WebAssembly module: name it as the `module` in `[build]` of bootstream.toml, and as \
             the `component` the file to make of it",
            component.display()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(folder: &str, command: &[&str], install: Option<&str>) -> String {
        let command = BuildCommand {
            folder: folder.into(),
            command: command.iter().map(|&part| part.to_owned()).collect(),
            component: "handler.wasm".into(),
            module: None,
            install: install.map(str::to_owned),
        };
        format!("{:#}", command.run().unwrap_err())
    }

    #[test]
    fn a_missing_tool_is_named_with_what_installs_it() {
        let said = failure("/tmp", &["no-such-tool", "build"], Some("pip install x"));

        assert!(
            said.starts_with(
                "cannot run `no-such-tool build` in `/tmp`: install what the project needs: \
                 `cd /tmp && pip install x`"
            ),
            "{said}"
        );
        let said = failure(".", &[".venv/bin/python", "-m", "x"], Some("npm install"));
        assert!(said.contains("needs: `npm install`"), "{said}");
    }

    #[test]
    fn a_tool_that_no_package_installs_has_an_origin() {
        assert!(origin("npm").contains("Node.js"));
        assert_eq!(origin("no-such-tool"), "");
    }

    #[test]
    fn a_tool_that_fails_may_lack_something() {
        assert_eq!(
            failure(".", &["false"], Some("npm install")),
            "`false` failed, see above; if something is missing, install what the project needs: \
             `npm install`"
        );
        assert_eq!(failure(".", &["false"], None), "`false` failed, see above");
    }
}
