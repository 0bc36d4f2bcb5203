//! Variables that the settings in a package require.

use crate::doctor::function::Function;
use crate::doctor::known::Known;
use crate::doctor::template::{Resource, Template};
use crate::doctor::yaml::At;
use crate::finding::{Finding, Rule};

/// Variables that Lambda sets: "Working with Lambda environment variables".
const OF_LAMBDA: [&str; 6] = [
    "TZ",
    "LANG",
    "PATH",
    "LD_LIBRARY_PATH",
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
];

/// The prefixes of Lambda's other variables.
const PREFIXES_OF_LAMBDA: [&str; 2] = ["AWS_", "LAMBDA_"];

pub(super) fn check(template: &Template) -> Vec<Finding> {
    let functions = template.functions();
    functions
        .flat_map(|(function, resource)| of_function(template, function, resource))
        .collect()
}

fn of_function(template: &Template, function: &Function, resource: Resource<'_>) -> Vec<Finding> {
    let name = &function.name;
    let note = |at: At, what: String| template.note(Rule::MissingVariable, at, what);
    let mut findings = Vec::new();
    let mut lists = Vec::new();
    for (list, key, what) in [
        (
            &function.settings.secrets,
            "BOOTSTREAM_SECRETS",
            "the secrets",
        ),
        (
            &function.settings.pass_env,
            "BOOTSTREAM_PASS_ENV",
            "what is passed to the handler",
        ),
    ] {
        if let Known::Unknown(why) = list {
            let at = resource.variables().is().and_then(|node| node.get(key));
            let at = at.map_or(resource.at(), |node| node.at);
            findings.push(note(
                at,
                format!("cannot tell {what} of function `{name}`: `{key}` depends on {why}"),
            ));
        }
        lists.push(list.clone().is().unwrap_or_default());
    }
    if lists.iter().all(Vec::is_empty) {
        return findings;
    }
    let variables = match resource.variables() {
        Known::Is(variables) => Some(variables),
        Known::Absent => None,
        Known::Unknown(why) => {
            let what =
                format!("cannot tell the variables of function `{name}`: they depend on {why}");
            findings.push(note(resource.at_of("Environment"), what));
            return findings;
        }
    };
    let at = variables.map_or(resource.at(), |node| node.at);
    for (list, is_secret) in lists.iter().zip([true, false]) {
        for variable in list {
            let value = variables.and_then(|variables| variables.get(variable));
            let is_missing = match value {
                None => is_secret || !of_lambda(variable),
                // To the host, an empty secret is a missing one.
                Some(value) => is_secret && value.scalar() == Some(""),
            };
            if is_missing {
                findings.push(missing(template, at, name, variable, is_secret));
            } else if let Some(value) = value.filter(|value| value.may_be_absent()) {
                let why = value.known().why().unwrap_or_default().to_owned();
                let what = format!(
                    "cannot tell whether function `{name}` has the variable `{variable}`, which its \
                     settings name: it depends on {why}"
                );
                findings.push(note(value.at, what));
            }
        }
    }
    findings
}

fn missing(template: &Template, at: At, name: &str, variable: &str, is_secret: bool) -> Finding {
    let fix = format!("add `{variable}` to the function's `Environment: {{Variables: ...}}`");
    if is_secret {
        let what = format!(
            "function `{name}` does not start: its settings name the secret `{variable}`, but the \
             template does not set that variable"
        );
        return template.error(Rule::MissingVariable, at, what, fix);
    }
    let what = format!(
        "`pass-env` of function `{name}` lists `{variable}`, but the template does not set it"
    );
    let finding = template.error(Rule::MissingVariable, at, what, fix);
    finding.into_warning()
}

fn of_lambda(name: &str) -> bool {
    OF_LAMBDA.contains(&name) || PREFIXES_OF_LAMBDA.iter().any(|it| name.starts_with(it))
}
