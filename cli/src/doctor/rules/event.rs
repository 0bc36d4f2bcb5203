//! SAM's events, which make methods of an API that has no document of its own.

use super::api::{edge_finding, has_default_auth};
use super::integration::{Integration, SAM_EVENT, public};
use crate::doctor::template::{Resource, Template};
use crate::doctor::yaml::Node;
use crate::finding::Finding;

pub(super) fn check(template: &Template) -> Vec<Finding> {
    template
        .functions()
        .flat_map(|function| events(template, function))
        .collect()
}

fn events(template: &Template, function: Resource<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, event) in function
        .property("Events")
        .into_iter()
        .flat_map(Node::entries)
    {
        if event.get("Type").and_then(Node::scalar) != Some("Api") {
            continue;
        }
        let properties = event.get("Properties").unwrap_or(event);
        let api = template.resources("AWS::Serverless::Api").find(|api| {
            properties
                .get("RestApiId")
                .is_some_and(|id| id.refers_to(api.name))
        });
        if api.is_some_and(|api| api.property("DefinitionBody").is_some()) {
            continue;
        }
        let integration = Integration {
            template,
            name,
            node: properties,
            line: event.line,
            spelling: SAM_EVENT,
        };
        findings.extend(integration.transfer_mode());
        findings.extend(integration.timeouts(Some(function)));
        let globals = template.globals("Api");
        if api.is_none() && properties.get("RestApiId").is_none() {
            let endpoint = globals.and_then(|globals| globals.get("EndpointConfiguration"));
            findings.extend(edge_finding(
                template,
                "ServerlessRestApi",
                endpoint,
                event.line,
            ));
        }
        let auth = api
            .and_then(|api| api.property("Auth"))
            .or_else(|| globals.and_then(|globals| globals.get("Auth")));
        let own = properties.at(&["Auth", "Authorizer"]);
        let authorized = own.map_or(has_default_auth(auth), |own| own.scalar() != Some("NONE"));
        if !authorized {
            findings.push(public(
                template,
                own.map_or(event.line, |own| own.line),
                name,
            ));
        }
    }
    findings
}
