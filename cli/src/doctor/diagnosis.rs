//! All findings about a template, its zips and its nested stacks.

use std::path::Path;

use super::template::Template;
use super::{artefacts, rules, samconfig};
use crate::finding::{Finding, Place, Rule, Severity};

/// The findings, and how much of a template they cover.
#[derive(Debug)]
pub(crate) struct Diagnosis {
    pub(crate) findings: Vec<Finding>,
    /// Whether the template has a function of this runtime.
    pub(crate) is_ours: bool,
}

impl Diagnosis {
    /// Returns whether everything that could be judged is in order.
    pub(crate) fn is_sound(&self) -> bool {
        let mut findings = self.findings.iter();
        findings.all(|finding| finding.severity == Severity::Note)
    }
}

/// Checks one template and the zips it names, as deployed with `parameters` and, for the others, with
/// SAM's saved values.
pub(crate) fn diagnose(path: &Path, parameters: &[(String, String)]) -> Diagnosis {
    let template = samconfig::parameters(path).and_then(|mut all| {
        all.extend_from_slice(parameters);
        Template::read(path, &all)
    });
    match template {
        Ok(template) if template.is_ours() => {
            let mut findings = Vec::new();
            look_at(&template, &mut findings);
            Diagnosis {
                findings,
                is_ours: true,
            }
        }
        Ok(template) => Diagnosis {
            findings: unread(&template),
            is_ours: false,
        },
        Err(error) => Diagnosis {
            findings: vec![Finding::error(
                Rule::Template,
                Place::file(path),
                format!("{error:#}"),
                "correct the file",
            )],
            is_ours: true,
        },
    }
}

fn look_at(template: &Template, findings: &mut Vec<Finding>) {
    findings.extend_from_slice(template.notes());
    findings.extend(rules::check(template));
    findings.extend(artefacts::check(template));
    for (_, stack) in template.nested() {
        look_at(stack, findings);
    }
}

/// Returns the parts of a template that may contain a function of this runtime although none was
/// found: unread parts, and functions with an unknown runtime.
fn unread(template: &Template) -> Vec<Finding> {
    let mut findings = template.notes().to_vec();
    findings.extend(rules::function::check(template));
    for (_, stack) in template.nested() {
        findings.extend(unread(stack));
    }
    findings
}
