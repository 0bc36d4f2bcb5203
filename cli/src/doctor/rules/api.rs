//! REST APIs: SAM's and plain ones, with an OpenAPI document or with methods.

use super::integration::{Integration, OPEN_API, PLAIN_METHOD, public};
use crate::doctor::template::{Resource, Template};
use crate::doctor::yaml::Node;
use crate::finding::{Finding, Rule};

pub(super) fn check(template: &Template) -> Vec<Finding> {
    let mut findings = Vec::new();
    for api in template.resources("AWS::Serverless::Api") {
        findings.extend(edge(template, api, api.property("EndpointConfiguration")));
        findings.extend(stage_update(template, api));
        findings.extend(cache(template, api));
        findings.extend(body(template, api, "DefinitionBody"));
    }
    for api in template.resources("AWS::ApiGateway::RestApi") {
        findings.extend(edge(template, api, api.property("EndpointConfiguration")));
        findings.extend(cache(template, api));
        findings.extend(body(template, api, "Body"));
    }
    for method in template.resources("AWS::ApiGateway::Method") {
        findings.extend(plain_method(template, method));
    }
    findings
}

fn edge(template: &Template, api: Resource<'_>, endpoint: Option<&Node>) -> Option<Finding> {
    let line = endpoint.map_or(api.line(), |node| node.line);
    edge_finding(template, api.name, endpoint, line)
}

pub(super) fn edge_finding(
    template: &Template,
    name: &str,
    endpoint: Option<&Node>,
    line: usize,
) -> Option<Finding> {
    let kind = endpoint.and_then(|node| {
        let kind = node
            .get("Type")
            .or_else(|| node.get("Types"))
            .unwrap_or(node);
        kind.items().first()?.scalar()
    });
    let keeps_silent_streams = matches!(kind, Some("REGIONAL" | "PRIVATE"));
    (!keeps_silent_streams).then(|| {
        template.error(
            Rule::EdgeIdleLimit,
            line,
            format!(
                "the API `{name}` is edge-optimized: it ends a stream that is silent for 30 seconds"
            ),
            "set `EndpointConfiguration: {Type: REGIONAL}`, where that limit is 5 minutes",
        )
    })
}

/// SAM names a deployment after the text of the body, in which a parameter is only a name.
fn stage_update(template: &Template, api: Resource<'_>) -> Option<Finding> {
    let always = api.text("AlwaysDeploy") == Some("true");
    let depends = template.depends_on_parameters(api.name, "DefinitionBody");
    (depends && !always).then(|| {
        template.error(
            Rule::StageUpdate,
            api.line_of("DefinitionBody"),
            format!(
                "the definition of `{}` depends on parameters: a change of `AuthType` or the like \
                 does not reach the live stage",
                api.name
            ),
            "set `AlwaysDeploy: true`",
        )
    })
}

fn cache(template: &Template, api: Resource<'_>) -> Vec<Finding> {
    ["CacheClusterEnabled", "MinimumCompressionSize"]
        .into_iter()
        .filter_map(|name| api.property(name))
        .filter(|node| node.scalar() != Some("false"))
        .map(|node| {
            let what = format!(
                "the API `{}` cannot cache or compress what it streams",
                api.name
            );
            let fix = "take the setting out; the handler may compress by itself";
            template
                .error(Rule::StreamCache, node.line, what, fix)
                .into_warning()
        })
        .collect()
}

/// Checks every method of an OpenAPI document.
fn body(template: &Template, api: Resource<'_>, property: &str) -> Vec<Finding> {
    let Some(document) = api.property(property) else {
        return Vec::new();
    };
    let authorized = document.get("security").is_some() || has_default_auth(api.property("Auth"));
    let mut findings = Vec::new();
    for (path, methods) in document.get("paths").into_iter().flat_map(Node::entries) {
        for (method, node) in methods.entries() {
            let Some(integration) = node.get("x-amazon-apigateway-integration") else {
                continue;
            };
            let mock = integration.get("type").and_then(Node::scalar) == Some("mock");
            // Browsers send the preflight without a signature.
            if mock || method.eq_ignore_ascii_case("options") {
                continue;
            }
            let name = format!("{method} {path}").replace("x-amazon-apigateway-any-method", "ANY");
            let integration = Integration {
                template,
                name: &name,
                node: integration,
                line: integration.line,
                spelling: OPEN_API,
            };
            findings.extend(integration.check());
            if !authorized && !is_authorized(node) {
                findings.push(public(template, auth_line(node), &name));
            }
        }
    }
    findings
}

pub(super) fn has_default_auth(auth: Option<&Node>) -> bool {
    auth.and_then(|auth| auth.get("DefaultAuthorizer"))
        .is_some_and(|node| node.scalar() != Some("NONE"))
}

fn is_authorized(method: &Node) -> bool {
    let by_type = method
        .at(&["x-amazon-apigateway-auth", "type"])
        .is_some_and(|kind| kind.scalar() != Some("NONE"));
    let by_scheme = method.get("security").is_some_and(|schemes| {
        schemes
            .items()
            .iter()
            .any(|scheme| scheme.entries().next().is_some())
    });
    by_type || by_scheme
}

fn auth_line(method: &Node) -> usize {
    let auth = method.at(&["x-amazon-apigateway-auth", "type"]);
    auth.or_else(|| method.get("x-amazon-apigateway-auth"))
        .map_or(method.line, |node| node.line)
}

fn plain_method(template: &Template, method: Resource<'_>) -> Vec<Finding> {
    let Some(node) = method.property("Integration") else {
        return Vec::new();
    };
    let verb = method.text("HttpMethod").unwrap_or("ANY");
    if node.get("Type").and_then(Node::scalar) == Some("MOCK")
        || verb.eq_ignore_ascii_case("options")
    {
        return Vec::new();
    }
    let integration = Integration {
        template,
        name: method.name,
        node,
        line: node.line,
        spelling: PLAIN_METHOD,
    };
    let mut findings = integration.check();
    if method
        .text("AuthorizationType")
        .is_none_or(|kind| kind == "NONE")
    {
        let line = method.line_of("AuthorizationType");
        findings.push(public(template, line, method.name));
    }
    findings
}
