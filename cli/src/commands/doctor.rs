//! `bootstream doctor`: checks templates, zips and the machine, and reports what would fail.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use serde_json::json;

use crate::args::{DoctorArgs, Format, Subject};
use crate::doctor::diagnosis::{Diagnosis, diagnose};
use crate::doctor::machine::{self, Checked};
use crate::finding::{Finding, Severity};
use crate::printer::{Printer, Tone};

/// The default templates.
const TEMPLATES: [&str; 3] = ["template.yaml", "template.yml", "template-url.yaml"];

/// Checks and reports. The exit code is 1 if any finding is an error.
///
/// # Errors
///
/// A given template does not exist.
pub(crate) fn run(args: &DoctorArgs, printer: &Printer) -> Result<ExitCode> {
    let templates = match args.only {
        Some(Subject::Machine) => Vec::new(),
        None | Some(Subject::Templates) => templates(args)?,
    };
    let tools = match args.only {
        Some(Subject::Templates) => Vec::new(),
        None | Some(Subject::Machine) => machine::check(),
    };
    let report = Report::new(args, &templates, &tools);
    match args.output {
        Format::Text => report.print_text(printer)?,
        Format::Json => report.print_json(printer)?,
    }
    let has_errors = report.count(Severity::Error) > 0;
    Ok(if has_errors {
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

/// The findings, in order.
struct Report<'a> {
    templates: Vec<(&'a Path, Diagnosis)>,
    findings: Vec<Finding>,
    tools: &'a [Checked],
}

impl<'a> Report<'a> {
    fn new(args: &DoctorArgs, templates: &'a [PathBuf], tools: &'a [Checked]) -> Self {
        let mut templates: Vec<(&Path, Diagnosis)> = templates
            .iter()
            .map(|path| (path.as_path(), diagnose(path, &args.parameters)))
            .collect();
        let mut findings = Vec::new();
        for (_, diagnosis) in &mut templates {
            let accepted = |finding: &Finding| args.allow.contains(&finding.rule);
            diagnosis.findings.retain(|finding| !accepted(finding));
            findings.extend_from_slice(&diagnosis.findings);
        }
        findings.sort_by(|one, other| (&one.place, one.rule).cmp(&(&other.place, other.rule)));
        // Two functions may share a layer, and two templates a package.
        findings.dedup();
        Self {
            templates,
            findings,
            tools,
        }
    }

    fn all(&self) -> impl Iterator<Item = &Finding> {
        let of_tools = self.tools.iter().filter_map(|tool| tool.finding.as_ref());
        self.findings.iter().chain(of_tools)
    }

    fn count(&self, severity: Severity) -> usize {
        let all = self.all();
        all.filter(|finding| finding.severity == severity).count()
    }

    fn print_text(&self, printer: &Printer) -> Result<()> {
        for tool in self.tools {
            match (&tool.version, &tool.finding) {
                (Some(version), None) => {
                    printer.data_line(&format!("ok: {}: {version}", tool.name))?;
                }
                (_, Some(finding)) => printer.data_line(&finding.to_string())?,
                (None, None) => {}
            }
        }
        for finding in &self.findings {
            printer.data_line(&finding.to_string())?;
        }
        for (path, diagnosis) in &self.templates {
            let path = path.display();
            if !diagnosis.is_ours {
                printer.data_line(&format!("{path}: no function of this runtime"))?;
            } else if diagnosis.findings.is_empty() {
                printer.data_line(&format!("ok: {path}"))?;
            } else if diagnosis.is_sound() {
                printer.data_line(&format!("ok but for what the notes name: {path}"))?;
            }
        }
        let count = |severity| self.count(severity);
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        let notes = match count(Severity::Note) {
            0 => String::new(),
            notes => format!(", notes: {notes}"),
        };
        let tone = if errors == 0 { Tone::Good } else { Tone::Bad };
        printer.message(
            tone,
            &format!("errors: {errors}, warnings: {warnings}{notes}"),
        );
        Ok(())
    }

    /// Notes have a list of their own: everything in `findings` is a fault.
    fn print_json(&self, printer: &Printer) -> Result<()> {
        let of = |is_note: bool| -> Vec<_> {
            let all = self.all();
            all.filter(|finding| (finding.severity == Severity::Note) == is_note)
                .map(Finding::to_json)
                .collect()
        };
        let tools: Vec<_> = self
            .tools
            .iter()
            .map(|tool| json!({ "name": tool.name, "version": tool.version }))
            .collect();
        let templates: Vec<_> = self.templates.iter().map(|(path, _)| path).collect();
        let foreign = self.templates.iter().filter(|(_, it)| !it.is_ours);
        let foreign: Vec<_> = foreign.map(|(path, _)| path).collect();
        let report = json!({
            "templates": templates,
            "withoutFunctions": foreign,
            "machine": tools,
            "findings": of(false),
            "notes": of(true),
        });
        printer.data_line(&report.to_string())?;
        Ok(())
    }
}
