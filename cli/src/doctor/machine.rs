//! The tools on this machine, and their purpose.

use std::path::Path;
use std::process::{Command, Stdio};

use artifact::{Arch, Concurrency};

use crate::bootstrap;
use crate::finding::{Finding, Place, Rule};
use crate::package::elf::Executable;
use crate::package::inspect;
use crate::toolchain::{TARGET, Toolchain};

/// A tool, and its purpose.
struct Tool {
    name: &'static str,
    purpose: &'static str,
    fix: &'static str,
    /// The oldest suitable version.
    least: Option<(u32, u32)>,
}

const TOOLS: [Tool; 5] = [
    Tool {
        name: "cargo",
        purpose: "to build handlers in Rust",
        fix: "install Rust from https://rustup.rs",
        least: Some((1, 95)),
    },
    Tool {
        name: "node",
        purpose: "to build handlers in JavaScript",
        fix: "install Node.js 20 or later",
        least: Some((20, 0)),
    },
    Tool {
        name: "python3",
        purpose: "to build handlers in Python",
        fix: "install Python 3.10 or later, with venv and pip",
        least: Some((3, 10)),
    },
    Tool {
        name: "sam",
        purpose: "to deploy with `bootstream deploy`",
        fix: "install the AWS SAM CLI, for instance with `pipx install aws-sam-cli`",
        least: Some((1, 100)),
    },
    Tool {
        name: "aws",
        purpose: "to swap a handler with `bootstream deploy --handler-only`",
        fix: "install the AWS CLI",
        least: None,
    },
];

/// The result for one tool.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) name: String,
    /// `None` if the tool is missing.
    pub(crate) version: Option<String>,
    pub(crate) finding: Option<Finding>,
}

/// Checks for all tools for building and deploying. A missing one is not an error: a machine may
/// only build or only deploy.
pub(crate) fn check() -> Vec<Checked> {
    let mut checked: Vec<_> = TOOLS.iter().map(tool).collect();
    checked.push(target());
    checked.push(host());
    checked
}

fn tool(tool: &Tool) -> Checked {
    let version = version(tool.name);
    let found = version.as_deref().and_then(number);
    let finding = match (&version, found, tool.least) {
        (None, _, _) => Some(finding(
            format!("there is no `{}` {}", tool.name, tool.purpose),
            tool.fix,
        )),
        (Some(version), Some(found), Some(least)) if found < least => Some(finding(
            format!(
                "`{}` is {version}; {}.{} or later is needed {}",
                tool.name, least.0, least.1, tool.purpose
            ),
            tool.fix,
        )),
        (Some(_), _, _) => None,
    };
    Checked {
        name: tool.name.to_owned(),
        version,
        finding,
    }
}

fn finding(what: String, fix: &str) -> Finding {
    Finding::error(Rule::Machine, Place::default(), what, fix).into_warning()
}

/// Returns the first line of a tool's version output.
fn version(name: &str) -> Option<String> {
    let output = Command::new(name)
        .arg("--version")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let line = String::from_utf8_lossy(&output.stdout)
        .lines()
        .next()?
        .to_owned();
    (output.status.success()).then_some(line)
}

/// Returns the first version number in a line.
fn number(line: &str) -> Option<(u32, u32)> {
    line.split([' ', '/', 'v', ',']).find_map(|word| {
        let mut numbers = word.split('.').map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    })
}

fn target() -> Checked {
    let found = Toolchain::find(Path::new("."));
    Checked {
        name: TARGET.to_owned(),
        version: found.is_ok().then(|| "installed".to_owned()),
        finding: found.err().map(|_| {
            finding(
                format!("no Rust compiler here has the target {TARGET}"),
                "run `rustup target add wasm32-wasip2`, or `bootstream build --setup`",
            )
        }),
    }
}

/// Checks the `bootstrap` that `package` would take.
fn host() -> Checked {
    let name = "bootstrap".to_owned();
    let path = match bootstrap::find(None, Arch::HOST, Concurrency::Off) {
        Ok(path) => path,
        Err(error) => {
            let what = format!("there is no `bootstrap` to package: {error:#}");
            let fix = "run `bootstream host install`";
            return Checked {
                name,
                version: None,
                finding: Some(finding(what, fix)),
            };
        }
    };
    let facts = std::fs::read(&path)
        .map_err(anyhow::Error::from)
        .and_then(|bytes| Executable::read(&bytes));
    let place = Place::file(&path);
    match facts {
        Ok(facts) => {
            let arch = facts.arch.unwrap_or(Arch::HOST);
            let problem = inspect::system(&facts, &name, arch, &place)
                .into_iter()
                .next();
            let needs = facts.glibc.map_or("linked statically".to_owned(), |glibc| {
                format!("needs glibc {glibc}")
            });
            Checked {
                name,
                version: Some(format!("{arch}, {needs}: {}", path.display())),
                finding: problem.map(Finding::into_warning),
            }
        }
        Err(error) => Checked {
            name,
            version: None,
            finding: Some(finding(
                format!("`{}` {error:#}", path.display()),
                bootstrap::HOW,
            )),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_tools_print() {
        let lines = [
            ("cargo 1.95.0 (abc 2026-01-01)", (1, 95)),
            ("v20.11.1", (20, 11)),
            ("SAM CLI, version 1.170.0", (1, 170)),
            ("aws-cli/2.15.0 Python/3.11", (2, 15)),
        ];
        for (line, version) in lines {
            assert_eq!(number(line), Some(version), "{line}");
        }
        assert_eq!(number("unknown"), None);
    }
}
