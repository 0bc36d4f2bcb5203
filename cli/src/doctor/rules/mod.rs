//! The checks of a template. One file per kind of resource.

mod api;
mod document;
mod event;
mod front;
pub(crate) mod function;
mod integration;
mod permissions;
mod role;
mod steps;
mod url;
mod variables;

use super::template::Template;
use crate::finding::Finding;

/// Checks a template itself, without its zips and nested stacks.
pub(crate) fn check(template: &Template) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(function::check(template));
    findings.extend(variables::check(template));
    findings.extend(api::check(template));
    findings.extend(event::check(template));
    findings.extend(front::check(template));
    findings.extend(url::check(template));
    findings.extend(document::check(template));
    findings.extend(steps::check(template));
    findings.extend(permissions::check(template));
    findings.extend(role::check(template));
    findings
}
