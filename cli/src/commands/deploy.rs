//! `bootstream deploy`: a stack by SAM, or the code of a function by the AWS CLI.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use artifact::Arch;
use serde::Deserialize;

use crate::args::DeployArgs;
use crate::deploy::plan::{self, CommandLine};
use crate::deploy::tool::{self, Ran};
use crate::doctor::diagnosis::diagnose;
use crate::doctor::samconfig;
use crate::finding::{Finding, Rule, Severity};
use crate::package::archive::Archive;
use crate::package::inspect::{self, Function, HostPlace};
use crate::printer::{Printer, Tone};

/// Deploys the output of `package`.
///
/// # Errors
///
/// `doctor` would find an error, a tool is missing, or it failed.
pub(crate) fn run(args: &DeployArgs, printer: &Printer) -> Result<ExitCode> {
    if args.handler_only {
        handler(args, printer)
    } else {
        stack(args, printer)
    }
}

fn stack(args: &DeployArgs, printer: &Printer) -> Result<ExitCode> {
    if !args.template.is_file() {
        bail!("there is no template at `{}`", args.template.display());
    }
    let guided = args.more.iter().any(|argument| argument == "--guided");
    let remembered = samconfig::path(&args.template).is_file();
    if args.stack.is_none() && !guided && !remembered {
        bail!(
            "name the stack with `--stack NAME`, or let SAM ask: `bootstream deploy -- --guided`"
        );
    }
    let diagnosis = diagnose(&args.template, &args.parameters);
    if !diagnosis.is_ours {
        let template = args.template.display();
        let message = format!("{template}: no function of this runtime");
        printer.message(Tone::Plain, &message);
    }
    let findings = diagnosis.findings.into_iter();
    // SAM will ask for parameters, so findings with the defaults may not apply.
    let findings = findings.map(|it| if guided { it.into_warning() } else { it });
    refuse(
        findings
            .filter(|finding| !args.allow.contains(&finding.rule))
            .collect(),
        "accept what is as you want it with `--allow RULE`",
        printer,
    )?;
    let line = plan::with_sam(args);
    if args.dry_run {
        printer.data_line(&line.to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    printer.message(Tone::Faint, &line.to_string());
    match tool::at_terminal(&line)? {
        Ran::Well(_) => Ok(ExitCode::SUCCESS),
        Ran::NoTool => {
            printer.message(Tone::Plain, "with SAM:");
            printer.data_line(&line.to_string())?;
            printer.message(Tone::Plain, "or with the AWS CLI, and a bucket of yours:");
            for line in plan::without_sam(args) {
                printer.data_line(&line.to_string())?;
            }
            bail!(
                "there is no `sam`, so nothing was deployed: install it (`pipx install \
                 aws-sam-cli`), or run the commands above"
            )
        }
    }
}

/// Prints findings, and stops at errors.
fn refuse(findings: Vec<Finding>, way_out: &str, printer: &Printer) -> Result<()> {
    let mut errors = 0;
    for finding in findings {
        errors += usize::from(finding.severity == Severity::Error);
        let tone = match finding.severity {
            Severity::Error | Severity::Warning => Tone::Bad,
            Severity::Note => Tone::Plain,
        };
        printer.message(tone, &finding.to_string());
    }
    if errors > 0 {
        bail!("nothing was deployed because of the errors above: correct them, or {way_out}");
    }
    Ok(())
}

/// The part of a function's configuration that determines which package it can run.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Configuration {
    function_name: String,
    #[serde(default)]
    handler: Option<String>,
    #[serde(default)]
    architectures: Vec<String>,
    #[serde(default)]
    layers: Vec<serde_json::Value>,
}

fn handler(args: &DeployArgs, printer: &Printer) -> Result<ExitCode> {
    if !args.zip.is_file() {
        bail!(
            "there is no package at `{}`: make it with `bootstream package --only function`",
            args.zip.display()
        );
    }
    let Some(function) = function(args)? else {
        return no_aws(args, printer);
    };
    let asked = tool::asked(&plan::configuration(args, &function))?;
    let Ran::Well(configuration) = asked else {
        return no_aws(args, printer);
    };
    let configuration: Configuration = serde_json::from_str(&configuration)
        .with_context(|| format!("`aws` did not describe the function `{function}`"))?;
    refuse(
        fits(args, &configuration)?,
        "deploy another function",
        printer,
    )?;
    let lines = plan::update(args, &function);
    for line in &lines {
        if args.dry_run {
            printer.data_line(&line.to_string())?;
            continue;
        }
        printer.message(Tone::Faint, &line.to_string());
        if let Ran::NoTool = tool::asked(line)? {
            return no_aws(args, printer);
        }
    }
    if !args.dry_run {
        printer.data_line(&format!(
            "{} serves {}",
            configuration.function_name,
            args.zip.display()
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the given function, or that of the stack. `None` without the tool to find it.
fn function(args: &DeployArgs) -> Result<Option<String>> {
    if let Some(function) = &args.function {
        return Ok(Some(function.clone()));
    }
    let stack = args
        .stack
        .as_deref()
        .context("name the function with `--function NAME`, or its stack with `--stack NAME`")?;
    let Ran::Well(arn) = tool::asked(&plan::function_of_stack(args, stack))? else {
        return Ok(None);
    };
    let arn = arn.trim();
    if arn.is_empty() || arn == "None" {
        bail!("the stack `{stack}` has no output `LambdaArn`: name the function with `--function`");
    }
    Ok(Some(arn.to_owned()))
}

/// Checks the package against the deployed function.
fn fits(args: &DeployArgs, configuration: &Configuration) -> Result<Vec<Finding>> {
    let name = args.zip.display();
    let mut archive = Archive::open(&args.zip).with_context(|| format!("cannot read `{name}`"))?;
    let arch = match configuration.architectures.first().map(String::as_str) {
        Some("arm64") => Arch::Arm64,
        Some("x86_64") | None => Arch::X86_64,
        Some(other) => bail!("the function is {other}, which is not known here"),
    };
    let host = if configuration.layers.is_empty() {
        HostPlace::Package
    } else {
        HostPlace::UnknownLayer
    };
    let facts = Function {
        arch,
        handler: configuration.handler.clone(),
        host,
    };
    let mut findings = inspect::function(&mut archive, &facts);
    for finding in &mut findings {
        // Here the zip goes to Lambda directly, not through S3.
        if finding.rule == Rule::PackageSize {
            finding.severity = Severity::Error;
        }
    }
    Ok(findings)
}

fn no_aws(args: &DeployArgs, printer: &Printer) -> Result<ExitCode> {
    let function = args.function.as_deref().unwrap_or("FUNCTION");
    let mut lines: Vec<CommandLine> = Vec::new();
    if let (None, Some(stack)) = (&args.function, &args.stack) {
        printer.message(Tone::Plain, "FUNCTION is what the first command prints:");
        lines.push(plan::function_of_stack(args, stack));
    }
    lines.extend(plan::update(args, function));
    for line in lines {
        printer.data_line(&line.to_string())?;
    }
    bail!(
        "there is no `aws`, so nothing was deployed: install the AWS CLI, or run the commands above"
    )
}
