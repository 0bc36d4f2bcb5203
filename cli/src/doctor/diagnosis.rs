//! Everything that is found in a template, its zips and the stacks in it.

use std::path::Path;

use super::template::Template;
use super::{artefacts, rules, samconfig};
use crate::finding::{Finding, Place, Rule, Severity};

/// What was found, and of how much of a template that can be said.
#[derive(Debug)]
pub(crate) struct Diagnosis {
    pub(crate) findings: Vec<Finding>,
    /// Whether there was anything to judge: a function of this runtime.
    pub(crate) is_ours: bool,
}

impl Diagnosis {
    /// Whether nothing is wrong in what could be judged.
    pub(crate) fn is_sound(&self) -> bool {
        let mut findings = self.findings.iter();
        findings.all(|finding| finding.severity == Severity::Note)
    }
}

/// Finds what is wrong with one template and the zips it names, when it is deployed with `parameters`
/// and, for the others, with what SAM remembers.
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

/// What of a template without a function of this runtime might have one: parts that were not read, and
/// functions that may or may not use this runtime.
fn unread(template: &Template) -> Vec<Finding> {
    let mut findings = template.notes().to_vec();
    findings.extend(rules::function::check(template));
    for (_, stack) in template.nested() {
        findings.extend(unread(stack));
    }
    findings
}
