//! Functions and layers: runtime, architecture and timeout.

use lambda_protocol::limits::TIMEOUT_SECONDS;

use crate::doctor::function::Kind;
use crate::doctor::known::Known;
use crate::doctor::template::{Resource, Template};
use crate::doctor::yaml::Node;
use crate::finding::{Finding, Rule};

const RUNTIME: &str = "provided.al2023";

pub(crate) fn check(template: &Template) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, function) in template.functions() {
        findings.extend(runtime(template, function));
        findings.extend(timeout(template, function));
        findings.extend(architecture(template, function));
    }
    for (name, kind) in template.kinds_of_functions() {
        if let (Kind::Unknown(why), Some(function)) = (kind, template.resource(name)) {
            let what = format!(
                "cannot tell whether function `{name}` is of this runtime: it depends on {why}"
            );
            findings.push(template.note(Rule::Runtime, function.at_of("Runtime"), what));
        }
    }
    findings
}

fn runtime(template: &Template, function: Resource<'_>) -> Option<Finding> {
    let name = function.name;
    let at = function.at_of("Runtime");
    let what = match function.text("Runtime") {
        Known::Is(RUNTIME) => return None,
        Known::Is(found) => format!(
            "function `{name}` has the runtime `{found}`, which Lambda no longer keeps up to date"
        ),
        Known::Absent => format!("function `{name}` has no runtime"),
        Known::Unknown(why) => {
            let what = format!("cannot tell the runtime of function `{name}`: it depends on {why}");
            return Some(template.note(Rule::Runtime, at, what));
        }
    };
    let fix = format!("set `Runtime: {RUNTIME}`");
    Some(template.error(Rule::Runtime, at, what, fix))
}

fn timeout(template: &Template, function: Resource<'_>) -> Option<Finding> {
    let name = function.name;
    let at = function.at_of("Timeout");
    if function.property("Timeout").is_none() {
        let what =
            format!("function `{name}` has no `Timeout`: Lambda stops its streams after 3 seconds");
        let fix = "set `Timeout` to the longest a stream may take, in seconds";
        let finding = template.error(Rule::TimeoutOrder, at, what, fix);
        return Some(finding.into_warning());
    }
    let longest = *TIMEOUT_SECONDS.end();
    match function.timeout_seconds() {
        Known::Is(seconds) if seconds > longest as f64 => Some(template.error(
            Rule::TimeoutOrder,
            at,
            format!(
                "function `{name}` has a timeout of {seconds} seconds; Lambda takes at most {longest}"
            ),
            format!("set `Timeout` to {longest} or less"),
        )),
        Known::Unknown(why) => {
            let what = format!(
                "cannot tell how long function `{name}` may take: `Timeout` depends on {why}"
            );
            Some(template.note(Rule::TimeoutOrder, at, what))
        }
        Known::Is(_) | Known::Absent => None,
    }
}

/// Lambda's default is x86_64.
pub(crate) fn architecture_of(function: Resource<'_>) -> Known<&str> {
    let listed = Known::from(function.property("Architectures"));
    let first = listed.and_then(|node| Known::from(node.items().first()));
    first.and_then(Node::known).or("x86_64")
}

fn architecture(template: &Template, function: Resource<'_>) -> Vec<Finding> {
    let wanted = match architecture_of(function) {
        Known::Is(wanted) => wanted,
        Known::Absent => return Vec::new(),
        Known::Unknown(why) => {
            let name = function.name;
            let what =
                format!("cannot tell the architecture of function `{name}`: it depends on {why}");
            let at = function.at_of("Architectures");
            return vec![template.note(Rule::Architecture, at, what)];
        }
    };
    let layers = template.layers(function).into_iter();
    layers
        .filter_map(|layer| {
            let listed = layer.property("CompatibleArchitectures")?;
            let known: Vec<_> = listed.items().iter().map(Node::known).collect();
            // An unknown architecture may be the right one.
            let fits = |it: &Known<&str>| it.why().is_some() || *it == Known::Is(wanted);
            (!known.iter().any(fits)).then(|| {
                template.error(
                    Rule::Architecture,
                    listed.at,
                    format!(
                        "layer `{}` is not for {wanted}, which function `{}` is",
                        layer.name, function.name
                    ),
                    "give both the same parameter: `CompatibleArchitectures: [!Ref Architecture]`",
                )
            })
        })
        .collect()
}
