//! Front ends that take a whole document: HTTP APIs, load balancers, VPC Lattice.

use crate::doctor::callee::Callee;
use crate::doctor::function::Function;
use crate::doctor::known::Known;
use crate::doctor::settings::Buffered;
use crate::doctor::template::{Resource, Template};
use crate::doctor::yaml::{At, Node};
use crate::finding::{Finding, Rule};

pub(super) fn check(template: &Template) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (function, resource) in template.functions() {
        let events = resource.property("Events").into_iter();
        for (_, event) in events.flat_map(Node::entries) {
            let Some(kind) = event.get("Type") else {
                continue;
            };
            if kind.scalar() == Some("HttpApi") {
                findings.extend(buffers(template, function, kind.at, "an HTTP API"));
            }
        }
    }
    for api in template.resources("AWS::Serverless::HttpApi") {
        findings.extend(document(template, api, "DefinitionBody"));
    }
    for api in template.resources("AWS::ApiGatewayV2::Api") {
        findings.extend(document(template, api, "Body"));
        let target = api.property("Target").into_iter();
        findings.extend(target.flat_map(|it| target_of(template, it, "an HTTP API")));
    }
    for integration in template.resources("AWS::ApiGatewayV2::Integration") {
        if is_of_function(&integration.text("IntegrationType"))
            && !is_web_socket(template, integration)
        {
            let uri = integration.property("IntegrationUri").into_iter();
            findings.extend(uri.flat_map(|uri| target_of(template, uri, "an HTTP API")));
        }
    }
    for (kind, type_of, what) in [
        (
            "AWS::ElasticLoadBalancingV2::TargetGroup",
            "TargetType",
            "a load balancer",
        ),
        ("AWS::VpcLattice::TargetGroup", "Type", "VPC Lattice"),
    ] {
        for group in template.resources(kind) {
            let kind = group.text(type_of);
            let of_lambda = matches!(kind, Known::Is(it) if it.eq_ignore_ascii_case("lambda"));
            if !of_lambda && kind.why().is_none() {
                continue;
            }
            let targets = group.properties().into_iter();
            for target in targets.flat_map(|it| it.all_at(&["Targets", "*", "Id"])) {
                findings.extend(target_of(template, target, what));
            }
        }
    }
    findings
}

/// Returns whether an integration belongs to a WebSocket API.
pub(super) fn is_web_socket(template: &Template, integration: Resource<'_>) -> bool {
    let id = integration.property("ApiId");
    template.resources("AWS::ApiGatewayV2::Api").any(|api| {
        id.is_some_and(|id| id.refers_to(api.name))
            && api.text("ProtocolType") == Known::Is("WEBSOCKET")
    })
}

/// Checks the integrations of an OpenAPI document.
fn document(template: &Template, api: Resource<'_>, property: &str) -> Vec<Finding> {
    let path = ["paths", "*", "*", "x-amazon-apigateway-integration"];
    let document = api.property(property).into_iter();
    let integrations = document.flat_map(|document| document.all_at(&path));
    integrations
        .filter(|integration| is_of_function(&integration.text_at("type")))
        .filter_map(|integration| target_of(template, integration.get("uri")?, "an HTTP API"))
        .collect()
}

/// Returns whether an integration of this type calls a function, not a URL or another service.
pub(super) fn is_of_function(kind: &Known<&str>) -> bool {
    !matches!(kind, Known::Is(it) if !it.eq_ignore_ascii_case("aws_proxy"))
}

fn target_of(template: &Template, node: &Node, what: &str) -> Option<Finding> {
    match template.callee(node) {
        Callee::Ours(function) => buffers(template, function, node.at, what),
        Callee::Other => None,
        Callee::Unknown(why) => Some(template.note(
            Rule::HttpApi,
            node.at,
            format!("cannot tell which function is behind {what}: it depends on {why}"),
        )),
    }
}

/// Checks a function behind a front end that does not stream. No finding if `response.buffered` is
/// `always`, which is deliberate.
fn buffers(template: &Template, function: &Function, at: At, what: &str) -> Option<Finding> {
    let name = &function.name;
    let fix = "to stream, use a REST API with `responseTransferMode: STREAM`, or a function URL with \
               `InvokeMode: RESPONSE_STREAM`";
    match &function.settings.buffered {
        Known::Is(Buffered::Always) => None,
        Known::Is(Buffered::Auto) | Known::Absent => {
            let what = format!(
                "function `{name}` is behind {what}, which buffers: the caller gets the response only \
                 when it is complete"
            );
            Some(template.error(Rule::HttpApi, at, what, fix).into_warning())
        }
        Known::Is(Buffered::Never) => {
            let what = format!(
                "function `{name}` is behind {what}, which takes a whole document, but its setting \
                 `response.buffered` is `never`"
            );
            let fix = format!("set `response.buffered` to `auto`; {fix}");
            Some(template.error(Rule::HttpApi, at, what, fix))
        }
        Known::Unknown(why) => {
            let what = format!(
                "cannot tell whether function `{name}` answers {what}: `response.buffered` depends on {why}"
            );
            Some(template.note(Rule::HttpApi, at, what))
        }
    }
}
