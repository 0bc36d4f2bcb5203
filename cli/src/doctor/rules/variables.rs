//! Variables that the settings in a package ask for.

use crate::doctor::known::Known;
use crate::doctor::template::Template;
use crate::doctor::yaml::Node;
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

/// What the names of the others begin with.
const PREFIXES_OF_LAMBDA: [&str; 2] = ["AWS_", "LAMBDA_"];

pub(super) fn check(template: &Template) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (function, resource) in template.functions() {
        let settings = &function.settings;
        if settings.secrets.is_empty() && settings.pass_env.is_empty() {
            continue;
        }
        let name = &function.name;
        let variables = match resource.variables() {
            Known::Is(variables) => Some(variables),
            Known::Absent => None,
            Known::Unknown(why) => {
                let what =
                    format!("cannot tell the variables of function `{name}`: they depend on {why}");
                let at = resource.at_of("Environment");
                findings.push(template.note(Rule::MissingVariable, at, what));
                continue;
            }
        };
        let at = variables.map_or(resource.at(), |node| node.at);
        let fix = |variable: &str| {
            format!("add `{variable}` to the function's `Environment: {{Variables: ...}}`")
        };
        for secret in settings
            .secrets
            .iter()
            .filter(|it| is_missing(variables, it))
        {
            let what = format!(
                "function `{name}` does not start: the secret `{secret}` of its settings is no \
                 variable of it"
            );
            findings.push(template.error(Rule::MissingVariable, at, what, fix(secret)));
        }
        let mut passed = settings.pass_env.iter();
        while let Some(variable) = passed.find(|it| !of_lambda(it) && !is_there(variables, it)) {
            let what = format!(
                "the handler of function `{name}` may see `{variable}` by its settings, which is no \
                 variable of it"
            );
            let finding = template.error(Rule::MissingVariable, at, what, fix(variable));
            findings.push(finding.into_warning());
        }
    }
    findings
}

fn of_lambda(name: &str) -> bool {
    OF_LAMBDA.contains(&name) || PREFIXES_OF_LAMBDA.iter().any(|it| name.starts_with(it))
}

fn is_there(variables: Option<&Node>, name: &str) -> bool {
    variables.is_some_and(|variables| variables.get(name).is_some())
}

/// The host takes an empty secret for one that is missing.
fn is_missing(variables: Option<&Node>, name: &str) -> bool {
    let value = Known::from(variables).and_then(|node| node.text_at(name));
    matches!(value, Known::Absent | Known::Is(""))
}
