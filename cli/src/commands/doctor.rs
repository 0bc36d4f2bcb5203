//! `bootstream doctor`: reads templates, zips and the machine, and reports what would not work.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use serde_json::json;

use crate::doctor::args::{DoctorArgs, Subject};
use crate::doctor::machine::{self, Checked};
use crate::doctor::template::Template;
use crate::doctor::{artefacts, rules, samconfig};
use crate::finding::{Finding, Place, Rule, Severity};
use crate::package::args::Format;
use crate::printer::{Printer, Tone};

/// The templates that are looked for when none is named.
const TEMPLATES: [&str; 3] = ["template.yaml", "template.yml", "template-url.yaml"];

/// Checks and reports. The exit code is 1 if there is an error among the findings.
///
/// # Errors
///
/// A template that was named is not there.
pub(crate) fn run(args: &DoctorArgs, printer: &Printer) -> Result<ExitCode> {
    let templates = match args.only {
        Some(Subject::Machine) => Vec::new(),
        None | Some(Subject::Templates) => templates(args)?,
    };
    let tools = match args.only {
        Some(Subject::Templates) => Vec::new(),
        None | Some(Subject::Machine) => machine::check(),
    };
    let mut findings: Vec<_> = templates
        .iter()
        .flat_map(|path| diagnose(path, &args.parameters))
        .filter(|finding| !args.allow.contains(&finding.rule))
        .collect();
    findings.sort_by(|one, other| (&one.place, one.rule).cmp(&(&other.place, other.rule)));
    // Two functions may share a layer, and two templates a package.
    findings.dedup();
    match args.output {
        Format::Text => print_text(&templates, &findings, &tools, printer)?,
        Format::Json => print_json(&templates, &findings, &tools, printer)?,
    }
    let sick = findings.iter().any(|it| it.severity == Severity::Error);
    Ok(if sick {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn templates(args: &DoctorArgs) -> Result<Vec<PathBuf>> {
    if let Some(missing) = args.templates.iter().find(|path| !path.is_file()) {
        bail!("there is no template at `{}`", missing.display());
    }
    if !args.templates.is_empty() {
        return Ok(args.templates.clone());
    }
    let found: Vec<_> = TEMPLATES
        .iter()
        .map(PathBuf::from)
        .filter(|path| path.is_file())
        .collect();
    if found.is_empty() && args.only == Some(Subject::Templates) {
        bail!("there is no template here: name one, or make a project with `bootstream new`");
    }
    Ok(found)
}

/// Finds what is wrong with one template and the zips it names, when it is deployed with `parameters`
/// and, for the others, with what SAM remembers.
pub(crate) fn diagnose(path: &Path, parameters: &[(String, String)]) -> Vec<Finding> {
    let template = samconfig::parameters(path).and_then(|mut all| {
        all.extend_from_slice(parameters);
        Template::read(path, &all)
    });
    match template {
        Ok(template) => {
            let mut findings = rules::check(&template);
            findings.extend(artefacts::check(&template));
            findings
        }
        Err(error) => vec![Finding::error(
            Rule::Template,
            Place::file(path),
            format!("{error:#}"),
            "correct the file",
        )],
    }
}

fn print_text(
    templates: &[PathBuf],
    findings: &[Finding],
    tools: &[Checked],
    printer: &Printer,
) -> Result<()> {
    for tool in tools {
        match (&tool.version, &tool.finding) {
            (Some(version), None) => printer.data_line(&format!("ok: {}: {version}", tool.name))?,
            (_, Some(finding)) => printer.data_line(&finding.to_string())?,
            (None, None) => {}
        }
    }
    for finding in findings {
        printer.data_line(&finding.to_string())?;
    }
    for template in templates {
        let clean = !findings.iter().any(|it| it.place.file == *template);
        if clean {
            printer.data_line(&format!("ok: {}", template.display()))?;
        }
    }
    let count = |severity| {
        let of_tools = tools.iter().filter_map(|tool| tool.finding.as_ref());
        findings
            .iter()
            .chain(of_tools)
            .filter(|finding| finding.severity == severity)
            .count()
    };
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let tone = if errors == 0 { Tone::Good } else { Tone::Bad };
    printer.message(tone, &format!("errors: {errors}, warnings: {warnings}"));
    Ok(())
}

fn print_json(
    templates: &[PathBuf],
    findings: &[Finding],
    tools: &[Checked],
    printer: &Printer,
) -> Result<()> {
    let of_tools = tools.iter().filter_map(|tool| tool.finding.as_ref());
    let findings: Vec<_> = findings
        .iter()
        .chain(of_tools)
        .map(Finding::to_json)
        .collect();
    let tools: Vec<_> = tools
        .iter()
        .map(|tool| json!({ "name": tool.name, "version": tool.version }))
        .collect();
    let report = json!({ "templates": templates, "machine": tools, "findings": findings });
    printer.data_line(&report.to_string())?;
    Ok(())
}
