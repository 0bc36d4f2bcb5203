//! Functions and layers: runtime, architecture, timeout, and APIs that cannot stream.

use crate::doctor::template::{Resource, Template};
use crate::doctor::yaml::Node;
use crate::finding::{Finding, Rule};

const RUNTIME: &str = "provided.al2023";

/// The longest an invocation may take, in seconds: "Lambda quotas".
const LONGEST_SECONDS: f64 = 900.0;

pub(super) fn check(template: &Template) -> Vec<Finding> {
    let mut findings = Vec::new();
    for function in template.functions() {
        findings.extend(runtime(template, function));
        findings.extend(timeout(template, function));
        findings.extend(architecture(template, function));
        findings.extend(http_api(template, function));
    }
    findings
}

fn runtime(template: &Template, function: Resource<'_>) -> Option<Finding> {
    let found = function.text("Runtime");
    let name = function.name;
    let what = match found {
        Some(RUNTIME) => return None,
        Some(found) => format!(
            "function `{name}` has the runtime `{found}`, which Lambda no longer keeps up to date"
        ),
        None => format!("function `{name}` has no runtime"),
    };
    let fix = format!("set `Runtime: {RUNTIME}`");
    Some(template.error(Rule::Runtime, function.line_of("Runtime"), what, fix))
}

fn timeout(template: &Template, function: Resource<'_>) -> Option<Finding> {
    let line = function.line_of("Timeout");
    if function.property("Timeout").is_none() {
        let what = format!(
            "function `{}` has no `Timeout`: Lambda stops its streams after 3 seconds",
            function.name
        );
        let fix = "set `Timeout` to the longest a stream may take, in seconds";
        return Some(
            template
                .error(Rule::TimeoutOrder, line, what, fix)
                .into_warning(),
        );
    }
    (function.timeout_seconds() > LONGEST_SECONDS).then(|| {
        template.error(
            Rule::TimeoutOrder,
            line,
            format!(
                "function `{}` has a timeout of {} seconds; Lambda takes at most 900",
                function.name,
                function.timeout_seconds()
            ),
            "set `Timeout` to 900 or less",
        )
    })
}

/// Lambda's default is x86_64.
pub(crate) fn architecture_of(function: Resource<'_>) -> &str {
    function
        .property("Architectures")
        .and_then(|node| node.items().first())
        .and_then(Node::scalar)
        .unwrap_or("x86_64")
}

/// The layers of this template that a function uses.
pub(crate) fn layers<'a>(
    template: &'a Template,
    function: Resource<'a>,
) -> impl Iterator<Item = Resource<'a>> {
    ["AWS::Serverless::LayerVersion", "AWS::Lambda::LayerVersion"]
        .into_iter()
        .flat_map(|kind| template.resources(kind))
        .filter(move |layer| {
            function
                .property("Layers")
                .is_some_and(|layers| layers.refers_to(layer.name))
        })
}

fn architecture(template: &Template, function: Resource<'_>) -> Vec<Finding> {
    let wanted = architecture_of(function);
    layers(template, function)
        .filter_map(|layer| {
            let listed = layer.property("CompatibleArchitectures")?;
            let fits = listed
                .items()
                .iter()
                .any(|item| item.scalar() == Some(wanted));
            (!fits).then(|| {
                template.error(
                    Rule::Architecture,
                    listed.line,
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

fn http_api(template: &Template, function: Resource<'_>) -> Vec<Finding> {
    let what = || {
        format!(
            "function `{}` is behind an HTTP API, which buffers every response",
            function.name
        )
    };
    let fix = "use a REST API with `responseTransferMode: STREAM`, or a function URL with \
               `InvokeMode: RESPONSE_STREAM`";
    let events = function
        .property("Events")
        .into_iter()
        .flat_map(Node::entries);
    let events = events
        .filter_map(|(_, event)| event.get("Type"))
        .filter(|kind| kind.scalar() == Some("HttpApi"))
        .map(|kind| kind.line);
    let resources = ["AWS::Serverless::HttpApi", "AWS::ApiGatewayV2::Integration"]
        .into_iter()
        .flat_map(|kind| template.resources(kind))
        .filter_map(|resource| {
            ["DefinitionBody", "IntegrationUri"]
                .into_iter()
                .filter_map(|name| resource.property(name))
                .find(|node| node.refers_to(function.name))
        })
        .map(|node| node.line);
    events
        .chain(resources)
        .map(|line| template.error(Rule::HttpApi, line, what(), fix))
        .collect()
}
