//! REST APIs: SAM's and plain ones, with an OpenAPI document or with methods.

use super::front::is_of_function;
use super::integration::{Integration, OPEN_API, PLAIN_METHOD, called, public};
use crate::doctor::function::Function;
use crate::doctor::known::Known;
use crate::doctor::settings::Buffered;
use crate::doctor::template::{Resource, Template};
use crate::doctor::yaml::{At, Node, Value};
use crate::finding::{Finding, Rule};

pub(super) fn check(template: &Template) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (kind, body) in [
        ("AWS::Serverless::Api", "DefinitionBody"),
        ("AWS::ApiGateway::RestApi", "Body"),
    ] {
        for api in template.resources(kind) {
            let (methods, notes) = methods_of_document(template, api, body);
            findings.extend(notes);
            let mut functions: Vec<_> = methods.iter().map(|it| it.function).collect();
            functions.extend(by_methods(template, api));
            functions.extend(by_events(template, api));
            if functions.is_empty() {
                continue;
            }
            if functions.into_iter().any(may_stream) {
                let endpoint = api.property("EndpointConfiguration");
                let at = endpoint.map_or(api.at(), |node| node.at);
                findings.extend(edge(template, api.name, endpoint, at));
                findings.extend(cache(template, api));
            }
            if kind == "AWS::Serverless::Api" {
                findings.extend(stage_update(template, api));
            }
            for method in methods {
                findings.extend(document_method(template, api, &method));
            }
        }
    }
    for method in template.resources("AWS::ApiGateway::Method") {
        findings.extend(plain_method(template, method));
    }
    findings
}

/// Returns whether the host's setting allows streaming.
fn may_stream(function: &Function) -> bool {
    function.settings.buffered != Known::Is(Buffered::Always)
}

/// A method of an OpenAPI document that calls a function of this runtime.
struct Method<'a> {
    name: String,
    node: &'a Node,
    integration: &'a Node,
    function: &'a Function,
}

fn methods_of_document<'a>(
    template: &'a Template,
    api: Resource<'a>,
    property: &str,
) -> (Vec<Method<'a>>, Vec<Finding>) {
    let (mut methods, mut notes) = (Vec::new(), Vec::new());
    let Some(document) = api.property(property) else {
        return (methods, notes);
    };
    let paths = document.get("paths");
    notes.extend(
        [Some(document), paths]
            .into_iter()
            .flatten()
            .filter_map(|node| unknown(template, api.name, node)),
    );
    for (path, of_path) in paths.into_iter().flat_map(Node::entries) {
        notes.extend(unknown(template, path, of_path));
        for (method, node) in of_path.entries() {
            let name = format!("{method} {path}").replace("x-amazon-apigateway-any-method", "ANY");
            // A preflight rarely calls a function.
            if !method.eq_ignore_ascii_case("options") {
                notes.extend(unknown(template, &name, node));
            }
            let Some(integration) = node.get("x-amazon-apigateway-integration") else {
                continue;
            };
            notes.extend(unknown(template, &name, integration));
            if !is_of_function(&integration.text_at("type")) {
                continue;
            }
            match called(template, &name, integration, OPEN_API) {
                Ok(Some(function)) => methods.push(Method {
                    name,
                    node,
                    integration,
                    function,
                }),
                Ok(None) => {}
                Err(note) => notes.push(note),
            }
        }
    }
    (methods, notes)
}

/// Reports a part of a document that only the deployment knows, unless it was reported as unread.
fn unknown(template: &Template, name: &str, node: &Node) -> Option<Finding> {
    let Value::Open(text) = &node.value else {
        return None;
    };
    let what = format!(
        "cannot tell what `{name}` calls: it depends on {}",
        text.why()
    );
    (!template.is_unread(node.at)).then(|| template.note(Rule::TransferMode, node.at, what))
}

fn document_method(template: &Template, api: Resource<'_>, method: &Method<'_>) -> Vec<Finding> {
    let integration = Integration {
        template,
        name: &method.name,
        node: method.integration,
        at: method.integration.at,
        spelling: OPEN_API,
        function: method.function,
    };
    let mut findings = integration.check();
    // Browsers send the preflight without a signature.
    if !method.name.to_ascii_lowercase().starts_with("options ") {
        let authorized = authorized(api, method.node);
        let at = auth_at(method.node);
        findings.extend(public(template, at, &method.name, &authorized));
    }
    findings
}

/// Returns the functions of this runtime that plain methods of an API call.
fn by_methods<'a>(template: &'a Template, api: Resource<'_>) -> Vec<&'a Function> {
    let methods = template.resources("AWS::ApiGateway::Method");
    let of_api = methods.filter(|method| {
        let id = method.property("RestApiId");
        id.is_some_and(|id| id.refers_to(api.name))
    });
    of_api
        .filter_map(|method| {
            let integration = method.property("Integration")?;
            called(template, method.name, integration, PLAIN_METHOD).ok()?
        })
        .collect()
}

/// Returns the functions of this runtime whose SAM events become methods of an API.
fn by_events<'a>(template: &'a Template, api: Resource<'_>) -> Vec<&'a Function> {
    let functions = template.functions().filter(|(_, resource)| {
        let events = resource.properties().into_iter();
        let mut ids = events.flat_map(|it| it.all_at(&["Events", "*", "Properties", "RestApiId"]));
        ids.any(|id| id.refers_to(api.name))
    });
    functions.map(|(function, _)| function).collect()
}

pub(super) fn edge(
    template: &Template,
    name: &str,
    endpoint: Option<&Node>,
    at: At,
) -> Option<Finding> {
    match endpoint_type(endpoint) {
        Known::Is("REGIONAL" | "PRIVATE") => None,
        Known::Unknown(why) => {
            let what = format!(
                "cannot tell when the API `{name}` ends a silent stream: `EndpointConfiguration` \
                 depends on {why}"
            );
            Some(template.note(Rule::EdgeIdleLimit, at, what))
        }
        Known::Is(_) | Known::Absent => Some(template.error(
            Rule::EdgeIdleLimit,
            at,
            format!(
                "the API `{name}` is edge-optimized: it ends a stream that is silent for 30 seconds"
            ),
            "set `EndpointConfiguration: {Type: REGIONAL}`, where that limit is 5 minutes",
        )),
    }
}

fn endpoint_type(endpoint: Option<&Node>) -> Known<&str> {
    Known::from(endpoint).and_then(|node| {
        if matches!(node.value, Value::Scalar(_) | Value::Open(_)) {
            return node.known();
        }
        let kind = node.get("Type").or_else(|| node.get("Types"));
        let first = Known::from(kind).and_then(|kind| Known::from(kind.items().first()));
        first.and_then(Node::known)
    })
}

/// SAM derives a deployment's name from the text of the body, in which a parameter is only a name.
fn stage_update(template: &Template, api: Resource<'_>) -> Option<Finding> {
    let at = api.at_of("DefinitionBody");
    if !template.depends_on_parameters(api.name, "DefinitionBody") {
        return None;
    }
    match api.boolean("AlwaysDeploy") {
        Known::Is(true) => None,
        Known::Unknown(why) => {
            let name = api.name;
            let what = format!(
                "cannot tell whether a change reaches the stage of `{name}`: `AlwaysDeploy` depends on {why}"
            );
            Some(template.note(Rule::StageUpdate, at, what))
        }
        Known::Is(_) | Known::Absent => Some(template.error(
            Rule::StageUpdate,
            at,
            format!(
                "the definition of `{}` depends on parameters: a change of `AuthType` or the like \
                 does not reach the live stage",
                api.name
            ),
            "set `AlwaysDeploy: true`",
        )),
    }
}

fn cache(template: &Template, api: Resource<'_>) -> Vec<Finding> {
    let caches = api.boolean("CacheClusterEnabled");
    let compresses = api.text("MinimumCompressionSize").map(|_| true);
    [
        ("CacheClusterEnabled", caches),
        ("MinimumCompressionSize", compresses),
    ]
    .into_iter()
    .filter_map(|(key, is_set)| {
        let at = api.at_of(key);
        match is_set {
            Known::Is(false) | Known::Absent => None,
            Known::Unknown(why) => {
                let name = api.name;
                let what = format!(
                    "cannot tell whether `{name}` caches or compresses: `{key}` depends on {why}"
                );
                Some(template.note(Rule::StreamCache, at, what))
            }
            Known::Is(true) => {
                let what = format!(
                    "the API `{}` cannot cache or compress what it streams",
                    api.name
                );
                let fix = "take the setting out; the handler may compress by itself";
                let finding = template.error(Rule::StreamCache, at, what, fix);
                Some(finding.into_warning())
            }
        }
    })
    .collect()
}

/// Returns the first value unless it is false; then the other.
pub(super) fn or(one: Known<bool>, other: impl FnOnce() -> Known<bool>) -> Known<bool> {
    match one {
        Known::Is(true) => one,
        Known::Is(false) | Known::Absent => other(),
        Known::Unknown(_) => match other() {
            Known::Is(true) => Known::Is(true),
            Known::Is(false) | Known::Absent | Known::Unknown(_) => one,
        },
    }
}

/// Returns whether a method of an OpenAPI document requires authorization. The method's own setting wins over
/// the API's defaults.
fn authorized(api: Resource<'_>, method: &Node) -> Known<bool> {
    let own = by_method(method);
    let by_default = match own {
        Known::Absent => by_default(api),
        // SAM replaces an empty list by its default.
        Known::Is(false) if has_empty_security(method) => default_authorizer(api.property("Auth")),
        Known::Is(_) | Known::Unknown(_) => Known::Is(false),
    };
    or(own, || or(by_default, || for_all_methods(api)))
}

/// Returns whether an API requires authorization, unless its methods override that.
pub(super) fn by_api(api: Resource<'_>) -> Known<bool> {
    or(by_default(api), || for_all_methods(api))
}

/// Returns whether the API's default requires authorization.
fn by_default(api: Resource<'_>) -> Known<bool> {
    or(default_authorizer(api.property("Auth")), || {
        document(api).map_or(Known::Absent, by_security)
    })
}

/// Returns whether an API requires authorization by something that methods cannot override: its location, a key,
/// or a policy.
pub(super) fn for_all_methods(api: Resource<'_>) -> Known<bool> {
    let endpoint = endpoint_type(api.property("EndpointConfiguration"));
    if endpoint == Known::Is("PRIVATE") {
        return Known::Is(true);
    }
    or(key_or_policy(api.property("Auth")), || {
        let of_document = document(api).and_then(|it| it.get("x-amazon-apigateway-policy"));
        if of_document.is_some() || api.property("Policy").is_some() {
            return by_policy();
        }
        Known::Is(false)
    })
}

/// Returns the OpenAPI document of an API.
fn document(api: Resource<'_>) -> Option<&Node> {
    let names = ["DefinitionBody", "Body"];
    names.into_iter().find_map(|name| api.property(name))
}

/// Resource policies are not evaluated.
fn by_policy() -> Known<bool> {
    Known::Unknown("the API's resource policy".to_owned())
}

/// Returns whether SAM's `Auth` has an authorizer, a key or a policy for all methods.
pub(super) fn by_auth(auth: Option<&Node>) -> Known<bool> {
    or(default_authorizer(auth), || key_or_policy(auth))
}

/// Returns whether SAM's `Auth` has a key or a policy, which count with and without an authorizer.
pub(super) fn key_or_policy(auth: Option<&Node>) -> Known<bool> {
    let key = Known::from(auth).and_then(|auth| auth.lookup("ApiKeyRequired"));
    or(key.and_then(Node::boolean), || {
        let policy = auth.and_then(|auth| auth.get("ResourcePolicy"));
        policy.map_or(Known::Is(false), |_| by_policy())
    })
}

fn default_authorizer(auth: Option<&Node>) -> Known<bool> {
    let auth = Known::from(auth);
    auth.and_then(|auth| auth.text_at("DefaultAuthorizer"))
        .map(|name| name != "NONE")
}

/// Returns whether a method itself requires authorization. Absent if it has no setting.
fn by_method(method: &Node) -> Known<bool> {
    let kind = method.lookup("x-amazon-apigateway-auth");
    let by_type = kind.and_then(|auth| auth.text_at("type"));
    let by_type = by_type.map(|kind| kind != "NONE");
    match by_security(method) {
        Known::Absent => by_type,
        by_security => or(by_type, || by_security),
    }
}

/// Returns whether the `security` of a document or of a method has a scheme. To SAM, `NONE` is not one.
fn by_security(node: &Node) -> Known<bool> {
    node.lookup("security").and_then(|schemes| {
        if let Value::Open(text) = &schemes.value {
            return Known::Unknown(text.why());
        }
        let mut names = schemes.items().iter().flat_map(Node::entries);
        Known::Is(names.any(|(name, _)| name != "NONE"))
    })
}

fn has_empty_security(method: &Node) -> bool {
    let security = method.get("security");
    security.is_some_and(|it| matches!(&it.value, Value::List(items) if items.is_empty()))
        && method.get("x-amazon-apigateway-auth").is_none()
}

fn auth_at(method: &Node) -> At {
    let auth = method.at(&["x-amazon-apigateway-auth", "type"]);
    auth.or_else(|| method.get("x-amazon-apigateway-auth"))
        .map_or(method.at, |node| node.at)
}

fn plain_method(template: &Template, method: Resource<'_>) -> Vec<Finding> {
    let Some(node) = method.property("Integration") else {
        return Vec::new();
    };
    if let Some(note) = unknown(template, method.name, node) {
        return vec![note];
    }
    if !is_of_function(&node.text_at("Type")) {
        return Vec::new();
    }
    let function = match called(template, method.name, node, PLAIN_METHOD) {
        Ok(Some(function)) => function,
        Ok(None) => return Vec::new(),
        Err(note) => return vec![note],
    };
    let integration = Integration {
        template,
        name: method.name,
        node,
        at: node.at,
        spelling: PLAIN_METHOD,
        function,
    };
    let mut findings = integration.check();
    let is_preflight =
        matches!(method.text("HttpMethod"), Known::Is(it) if it.eq_ignore_ascii_case("options"));
    if !is_preflight {
        let by_method = method.text("AuthorizationType").map(|kind| kind != "NONE");
        let with_key = method.boolean("ApiKeyRequired");
        let authorized = or(or(by_method, || with_key), || {
            let id = method.property("RestApiId");
            let mut apis = template.resources("AWS::ApiGateway::RestApi");
            let api = apis.find(|api| id.is_some_and(|id| id.refers_to(api.name)));
            api.map_or(Known::Absent, for_all_methods)
        });
        let at = method.at_of("AuthorizationType");
        findings.extend(public(template, at, method.name, &authorized));
    }
    findings
}
