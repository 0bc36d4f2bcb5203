//! SAM's events, which become methods of an API without a document of its own.

use super::api::{by_api, by_auth, edge, for_all_methods, key_or_policy, or};
use super::integration::{Integration, SAM_EVENT, public};
use crate::doctor::function::Function;
use crate::doctor::known::Known;
use crate::doctor::settings::Buffered;
use crate::doctor::template::{Resource, Template};
use crate::doctor::yaml::Node;
use crate::finding::Finding;

pub(super) fn check(template: &Template) -> Vec<Finding> {
    let functions = template.functions();
    functions
        .flat_map(|(function, resource)| events(template, function, resource))
        .collect()
}

fn events(template: &Template, function: &Function, resource: Resource<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let events = resource.property("Events").into_iter();
    for (name, event) in events.flat_map(Node::entries) {
        if event.text_at("Type") != Known::Is("Api") {
            continue;
        }
        let properties = event.get("Properties").unwrap_or(event);
        let api = template.resources("AWS::Serverless::Api").find(|api| {
            let id = properties.get("RestApiId");
            id.is_some_and(|id| id.refers_to(api.name))
        });
        // The document counts, even one in another file.
        let has_document = |api: Resource<'_>| {
            ["DefinitionBody", "DefinitionUri"]
                .into_iter()
                .any(|name| api.property(name).is_some())
        };
        if api.is_some_and(has_document) {
            continue;
        }
        let integration = Integration {
            template,
            name,
            node: properties,
            at: event.at,
            spelling: SAM_EVENT,
            function,
        };
        findings.extend(integration.transfer_mode());
        findings.extend(integration.timeouts());
        let globals = template.globals("Api");
        let streams = function.settings.buffered != Known::Is(Buffered::Always);
        if api.is_none() && properties.get("RestApiId").is_none() && streams {
            let endpoint = globals.and_then(|globals| globals.get("EndpointConfiguration"));
            findings.extend(edge(template, "ServerlessRestApi", endpoint, event.at));
        }
        let by_all = || match api {
            Some(api) => by_api(api),
            None => by_auth(globals.and_then(|globals| globals.get("Auth"))),
        };
        let for_all = || match api {
            Some(api) => for_all_methods(api),
            None => key_or_policy(globals.and_then(|globals| globals.get("Auth"))),
        };
        let auth = properties.get("Auth");
        let own = auth.and_then(|auth| auth.get("Authorizer"));
        let authorized = match own.map(Node::known) {
            // `NONE` overrides the API's default.
            Some(Known::Is("NONE")) => or(key_or_policy(auth), for_all),
            Some(own) => own.map(|_| true),
            None => or(by_auth(auth), by_all),
        };
        let at = own.map_or(event.at, |own| own.at);
        findings.extend(public(template, at, name, &authorized));
    }
    findings
}
