//! Callers that take a JSON document from the function, not a stream.
//!
//! Sources: Lambda's pages on partial batch responses and on each event source, API Gateway's on Lambda
//! authorizers and WebSocket APIs, and those of the services named here.

use super::front::is_web_socket;
use crate::doctor::callee::Callee;
use crate::doctor::function::Function;
use crate::doctor::known::Known;
use crate::doctor::template::{Resource, Template};
use crate::doctor::yaml::{At, Node};
use crate::finding::{Finding, Rule, Severity};

/// With this setting, a queue or a stream reads a list of failed messages from the response.
const BATCHES: &str = "ReportBatchItemFailures";

const AUTHORIZER: &str = "an API's authorizer";
const TRIGGER: &str = "a Cognito trigger";
const SOURCE: &str = "a data source of AppSync";

/// SAM's events whose callers always read the response.
const EVENTS: [(&str, &str); 2] = [("Cognito", TRIGGER), ("AlexaSkill", "an Alexa skill")];

/// Where resources name a function whose response they read: their type, the path to the name, and the
/// function's role.
const CALLERS: [(&str, &str, &str); 17] = [
    ("AWS::ApiGateway::Authorizer", "AuthorizerUri", AUTHORIZER),
    ("AWS::ApiGatewayV2::Authorizer", "AuthorizerUri", AUTHORIZER),
    (
        "AWS::Serverless::Api",
        "Auth.Authorizers.*.FunctionArn",
        AUTHORIZER,
    ),
    (
        "AWS::Serverless::HttpApi",
        "Auth.Authorizers.*.FunctionArn",
        AUTHORIZER,
    ),
    (
        "AWS::AppSync::GraphQLApi",
        "LambdaAuthorizerConfig.AuthorizerUri",
        AUTHORIZER,
    ),
    (
        "AWS::AppSync::GraphQLApi",
        "AdditionalAuthenticationProviders.*.LambdaAuthorizerConfig.AuthorizerUri",
        AUTHORIZER,
    ),
    (
        "AWS::Serverless::GraphQLApi",
        "Auth.LambdaAuthorizer.AuthorizerUri",
        AUTHORIZER,
    ),
    (
        "AWS::AppSync::DataSource",
        "LambdaConfig.LambdaFunctionArn",
        SOURCE,
    ),
    (
        "AWS::Serverless::GraphQLApi",
        "DataSources.Lambda.*.FunctionArn",
        SOURCE,
    ),
    ("AWS::Cognito::UserPool", "LambdaConfig.*", TRIGGER),
    (
        "AWS::Bedrock::Agent",
        "ActionGroups.*.ActionGroupExecutor.Lambda",
        "an action group of a Bedrock agent",
    ),
    (
        "AWS::KinesisFirehose::DeliveryStream",
        "*.ProcessingConfiguration.Processors.*.Parameters.*.ParameterValue",
        "a transformation of Firehose",
    ),
    (
        "AWS::Lex::Bot",
        "TestBotAliasSettings.BotAliasLocaleSettings.*",
        "a code hook of Lex",
    ),
    (
        "AWS::Lex::BotAlias",
        "BotAliasLocaleSettings.*",
        "a code hook of Lex",
    ),
    ("AWS::Pipes::Pipe", "Enrichment", "the enrichment of a pipe"),
    (
        "AWS::IoT::Authorizer",
        "AuthorizerFunctionArn",
        "an authorizer of IoT",
    ),
    (
        "AWS::EC2::ClientVpnEndpoint",
        "ClientConnectOptions.LambdaFunctionArn",
        "a connection handler of Client VPN",
    ),
];

/// Where an OpenAPI document names a Lambda authorizer, in versions 3 and 2.
const IN_DOCUMENTS: [&str; 2] = [
    "components.securitySchemes.*.x-amazon-apigateway-authorizer.authorizerUri",
    "securityDefinitions.*.x-amazon-apigateway-authorizer.authorizerUri",
];

/// The resources with an OpenAPI document, and its place.
const DOCUMENTS: [(&str, &str); 4] = [
    ("AWS::Serverless::Api", "DefinitionBody"),
    ("AWS::Serverless::HttpApi", "DefinitionBody"),
    ("AWS::ApiGateway::RestApi", "Body"),
    ("AWS::ApiGatewayV2::Api", "Body"),
];

pub(super) fn check(template: &Template) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(events(template));
    findings.extend(mappings(template));
    for (kind, path, what) in CALLERS {
        for resource in template.resources(kind) {
            findings.extend(named(template, resource, path, what));
        }
    }
    for (kind, body) in DOCUMENTS {
        for api in template.resources(kind) {
            for path in IN_DOCUMENTS {
                findings.extend(named(template, api, &format!("{body}.{path}"), AUTHORIZER));
            }
            let path = format!("{body}.paths.*.*.x-amazon-apigateway-integration");
            for integration in at_path(api, &path) {
                findings.extend(mapped(template, integration, "type", "uri"));
            }
        }
    }
    for method in template.resources("AWS::ApiGateway::Method") {
        let integration = method.property("Integration").into_iter();
        findings.extend(integration.flat_map(|it| mapped(template, it, "Type", "Uri")));
    }
    findings.extend(receipt_rules(template));
    findings.extend(destinations(template));
    for integration in template.resources("AWS::ApiGatewayV2::Integration") {
        let kind = integration.text("IntegrationType");
        if !matches!(kind, Known::Is("HTTP" | "HTTP_PROXY" | "MOCK"))
            && is_web_socket(template, integration)
        {
            let what = "a route of a WebSocket API";
            findings.extend(named(template, integration, "IntegrationUri", what));
        }
    }
    findings.extend(custom_resources(template));
    findings
}

fn at_path<'a>(resource: Resource<'a>, path: &str) -> Vec<&'a Node> {
    let path: Vec<_> = path.split('.').collect();
    let properties = resource.properties().into_iter();
    properties.flat_map(|node| node.all_at(&path)).collect()
}

/// Checks the functions that a resource names at a path.
fn named(template: &Template, resource: Resource<'_>, path: &str, what: &str) -> Vec<Finding> {
    let nodes = at_path(resource, path).into_iter();
    nodes
        .flat_map(|node| named_by(template, node, what))
        .collect()
}

fn named_by(template: &Template, node: &Node, what: &str) -> Option<Finding> {
    match template.callee(node) {
        Callee::Ours(function) => takes(template, function, node.at, what),
        // A map or a list may name several.
        Callee::Other => {
            let functions = template.functions_in(node).into_iter();
            functions
                .filter_map(|function| takes(template, function, node.at, what))
                .next()
        }
        Callee::Unknown(why) => Some(template.note(
            Rule::Document,
            node.at,
            format!("cannot tell which function is {what}: it depends on {why}"),
        )),
    }
}

/// Checks receipt rules of SES that wait for the response.
fn receipt_rules(template: &Template) -> Vec<Finding> {
    let rules = template.resources("AWS::SES::ReceiptRule");
    let actions = rules.flat_map(|rule| at_path(rule, "Rule.Actions.*.LambdaAction"));
    actions
        .filter(|action| action.text_at("InvocationType") == Known::Is("RequestResponse"))
        .filter_map(|action| {
            let what = "an action of a receipt rule of SES that waits for it";
            named_by(template, action.get("FunctionArn")?, what)
        })
        .collect()
}

/// Checks destinations for the response of an asynchronous invocation. The invocation itself does not
/// need a document.
fn destinations(template: &Template) -> Vec<Finding> {
    let configs = template.resources("AWS::Lambda::EventInvokeConfig");
    let by_resource = configs.filter_map(|config| {
        let to = config.property("DestinationConfig")?.get("OnSuccess")?;
        let function = template.callee(config.property("FunctionName")?).ours()?;
        Some((function, to.at))
    });
    let by_property = template.functions().filter_map(|(function, resource)| {
        let config = resource.property("EventInvokeConfig")?;
        let to = config.at(&["DestinationConfig", "OnSuccess"])?;
        Some((function, to.at))
    });
    by_resource
        .chain(by_property)
        .filter_map(|(function, at)| {
            let what = "invoked with a destination on success";
            takes(template, function, at, what).map(warned)
        })
        .collect()
}

/// Turns an error into a warning.
fn warned(finding: Finding) -> Finding {
    if finding.severity == Severity::Error {
        finding.into_warning()
    } else {
        finding
    }
}

/// Checks a method that maps the function's response.
fn mapped(template: &Template, integration: &Node, kind: &str, uri: &str) -> Option<Finding> {
    let is_mapped =
        matches!(integration.text_at(kind), Known::Is(it) if it.eq_ignore_ascii_case("aws"));
    // An asynchronous invocation's response is not read.
    let is_event = integration.any(&|node| node.scalar() == Some("'Event'"));
    if !is_mapped || is_event {
        return None;
    }
    let function = template.callee(integration.get(uri)?).ours()?;
    let what = "an integration with mappings";
    takes(template, function, integration.at, what)
}

/// Checks SAM's events.
fn events(template: &Template) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (function, resource) in template.functions() {
        let events = resource.property("Events").into_iter();
        for (_, event) in events.flat_map(Node::entries) {
            let Known::Is(kind) = event.text_at("Type") else {
                continue;
            };
            if let Some((_, what)) = EVENTS.iter().find(|(name, _)| *name == kind) {
                findings.extend(takes(template, function, event.at, what));
            }
            let types = event.at(&["Properties", "FunctionResponseTypes"]);
            if let Some(types) = types {
                let what = format!("the consumer of `{kind}` that reports failed messages");
                findings.extend(batches(template, function, types, &what));
            }
        }
    }
    findings
}

fn mappings(template: &Template) -> Vec<Finding> {
    let mappings = template.resources("AWS::Lambda::EventSourceMapping");
    mappings
        .filter_map(|mapping| {
            let types = mapping.property("FunctionResponseTypes")?;
            let name = mapping.property("FunctionName")?;
            let what = format!(
                "the consumer of `{}` that reports failed messages",
                mapping.name
            );
            match template.callee(name) {
                Callee::Ours(function) => batches(template, function, types, &what),
                Callee::Other => None,
                Callee::Unknown(why) => {
                    let mapping = mapping.name;
                    let what = format!(
                        "cannot tell which function `{mapping}` calls: it depends on {why}"
                    );
                    Some(template.note(Rule::Document, name.at, what))
                }
            }
        })
        .collect()
}

fn batches(template: &Template, function: &Function, types: &Node, what: &str) -> Option<Finding> {
    for kind in types.items() {
        match kind.known() {
            Known::Is(BATCHES) => return takes(template, function, types.at, what),
            Known::Unknown(why) => {
                let what = format!(
                    "cannot tell whether function `{}` must report failed messages: it depends on {why}",
                    function.name
                );
                return Some(template.note(Rule::Document, types.at, what));
            }
            Known::Is(_) | Known::Absent => {}
        }
    }
    None
}

/// CloudFormation reads the document sent to the URL in the event, so the stream itself does no harm.
fn custom_resources(template: &Template) -> Vec<Finding> {
    let custom = template.all().filter(|resource| {
        resource.kind().starts_with("Custom::")
            || resource.kind() == "AWS::CloudFormation::CustomResource"
    });
    custom
        .filter_map(|resource| {
            let token = resource.property("ServiceToken")?;
            let function = template.callee(token).ours()?;
            let name = resource.name;
            let what = format!("handles the custom resource `{name}`");
            takes_as(template, function, token.at, &what).map(|finding| {
                let fix = format!(
                    "send a JSON document to the `ResponseURL` of the event; behind the CDK's \
                     provider, {}",
                    finding.fix
                );
                let finding = warned(finding);
                if finding.fix.is_empty() {
                    finding
                } else {
                    Finding { fix, ..finding }
                }
            })
        })
        .collect()
}

/// Checks a function in a role whose caller takes a document.
pub(super) fn takes(
    template: &Template,
    function: &Function,
    at: At,
    what: &str,
) -> Option<Finding> {
    takes_as(template, function, at, &format!("is {what}"))
}

/// Checks a function that does something for which a caller takes a document.
fn takes_as(template: &Template, function: &Function, at: At, does: &str) -> Option<Finding> {
    let name = &function.name;
    match &function.documents {
        Known::Is(true) => None,
        Known::Is(false) | Known::Absent => Some(template.error(
            Rule::Document,
            at,
            format!(
                "function `{name}` {does}, which takes a JSON document, but its handler only streams"
            ),
            "answer with `response.document(&value)`, or with `start-document` of `response-stream`",
        )),
        Known::Unknown(why) => {
            let what = format!(
                "function `{name}` {does}, which takes a JSON document; cannot tell whether its handler \
                 answers with one: it depends on {why}"
            );
            Some(template.note(Rule::Document, at, what))
        }
    }
}
