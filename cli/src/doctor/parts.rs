//! Parts of a template in other files: API documents, state machines, nested stacks.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use super::files::{Files, is_elsewhere};
use super::known::Known;
use super::scope::{Given, Scope};
use super::template::{Resource, Template, Unread};
use super::yaml::{Node, Value};
use crate::finding::{Finding, Rule};

/// Deepest nesting of stacks.
const DEPTH: usize = 8;

/// Most stacks to read in total: a small template can refer to very many.
const MOST_STACKS: usize = 250;

/// The templates around a nested one.
#[derive(Clone, Debug, Default)]
pub(super) struct Outer<'a> {
    /// Canonical paths, so that a cycle is detected whatever its spelling.
    paths: Vec<PathBuf>,
    read: Option<&'a Cell<usize>>,
}

/// The types of resources with a definition, its property for a location, and its property for inline
/// text.
const DEFINITIONS: [(&str, &str, &str); 6] = [
    ("AWS::Serverless::Api", "DefinitionUri", "DefinitionBody"),
    (
        "AWS::Serverless::HttpApi",
        "DefinitionUri",
        "DefinitionBody",
    ),
    (
        "AWS::Serverless::StateMachine",
        "DefinitionUri",
        "Definition",
    ),
    ("AWS::ApiGateway::RestApi", "BodyS3Location", "Body"),
    ("AWS::ApiGatewayV2::Api", "BodyS3Location", "Body"),
    (
        "AWS::StepFunctions::StateMachine",
        "DefinitionS3Location",
        "Definition",
    ),
];

/// Describes a file that is often mistaken for a template, and what to do with it.
pub(super) fn other_document(root: &Node) -> Option<&'static str> {
    let has = |keys: &[&str]| keys.iter().all(|key| root.get(key).is_some());
    if root.get("Resources").is_some() {
        return None;
    }
    if root.get("terraform_version").is_some() {
        return Some("a Terraform plan or state: doctor reads CloudFormation");
    }
    if has(&["service", "provider"]) {
        return Some(
            "the Serverless Framework's file, not a template: run `serverless package`, and name \
             `.serverless/cloudformation-template-update-stack.json`",
        );
    }
    if root.get("openapi").is_some() || root.get("swagger").is_some() {
        return Some("an API's document, not a template: name the template that has the API");
    }
    if root.get("app").is_some() || has(&["version", "artifacts"]) {
        return Some(
            "of the CDK, not a template: run `cdk synth`, and name `cdk.out/STACK.template.json`",
        );
    }
    None
}

/// Moves a transform `AWS::Include` of the whole template to the place of those of its parts.
pub(super) fn with_root_include(mut root: Node) -> Node {
    let transforms = root.get("Transform").into_iter().flat_map(Node::items);
    let includes: Vec<_> = transforms
        .filter(|it| it.get("Name").and_then(Node::scalar) == Some("AWS::Include"))
        .cloned()
        .collect();
    for node in includes {
        root.push("Fn::Transform", node);
    }
    root
}

/// Returns the macros that may change anything in the template: those that are not AWS's own.
pub(super) fn macros(root: &Node) -> Vec<Unread> {
    let transforms = root.get("Transform").into_iter().flat_map(Node::items);
    let foreign = transforms.filter_map(|it| {
        let name = it.scalar().or_else(|| it.get("Name")?.scalar())?;
        let what = format!("what the macro `{name}` makes of the template was not read");
        let why = "it runs when the template is deployed".to_owned();
        (!name.starts_with("AWS::")).then_some((it.at, what, why))
    });
    foreign.collect()
}

/// Reads the definitions in files on this machine, and puts them into the template. Returns those
/// that were not read.
pub(super) fn read_definitions(root: &mut Node, scope: &Scope, files: &mut Files) -> Vec<Unread> {
    let mut unread = Vec::new();
    let resources = root.get_mut("Resources").into_iter();
    for (name, resource) in resources.flat_map(Node::entries_mut) {
        let kind = resource.get("Type").and_then(Node::scalar);
        let Some((_, place, body)) = DEFINITIONS.iter().find(|(it, ..)| kind == Some(it)) else {
            continue;
        };
        let at_property = |key: &str| resource.at(&["Properties", key]);
        if at_property(body).is_some() {
            continue;
        }
        let Some(place) = at_property(place) else {
            continue;
        };
        let what = || format!("the definition of `{name}`");
        let at = place.at;
        let place = match place.known() {
            Known::Is(place) => place.to_owned(),
            known => {
                let is_map = matches!(place.value, Value::Map(_));
                let why = match known.why() {
                    Some(why) if !is_map => format!("it depends on {why}"),
                    _ => "it is in S3".to_owned(),
                };
                unread.push((at, format!("{} was not read", what()), why));
                continue;
            }
        };
        match files.read(at.file, &place) {
            Ok(node) => put_in(resource, body, scope, &node),
            Err(why) => unread.push((at, format!("{}, `{place}`, was not read", what()), why)),
        }
    }
    unread
}

fn put_in(resource: &mut Node, body: &str, scope: &Scope, node: &Node) {
    let Some(resolved) = scope.resolve(node) else {
        return;
    };
    if let Some(properties) = resource.get_mut("Properties") {
        properties.push(body, resolved);
    }
}

/// Reads the nested stacks of a template, with their parameters. `outer` are the templates around it.
pub(super) fn read_stacks(
    template: &Template,
    outer: &Outer<'_>,
) -> (Vec<(String, Template)>, Vec<Finding>) {
    let none_read = Cell::new(0);
    let outer = Outer {
        paths: [&outer.paths[..], &[canonical(&template.path())]].concat(),
        read: Some(outer.read.unwrap_or(&none_read)),
    };
    let mut stacks = Vec::new();
    let mut notes = Vec::new();
    let kinds = [
        ("AWS::CloudFormation::Stack", "TemplateURL"),
        ("AWS::Serverless::Application", "Location"),
    ];
    for (kind, property) in kinds {
        for stack in template.resources(kind) {
            match read_stack(template, stack, property, &outer) {
                Ok(nested) => stacks.push((stack.name.to_owned(), nested)),
                Err(finding) => notes.push(finding),
            }
        }
    }
    (stacks, notes)
}

fn read_stack(
    template: &Template,
    stack: Resource<'_>,
    property: &str,
    outer: &Outer<'_>,
) -> Result<Template, Finding> {
    let name = stack.name;
    let at = stack.at_of(property);
    let unread = |why: &str| {
        let what = format!("the stack `{name}` was not read: {why}");
        template.note(Rule::Template, at, what)
    };
    let asset = stack.metadata("aws:asset:path").and_then(Node::scalar);
    let place = match (asset, stack.text(property)) {
        (Some(path), _) => path,
        (None, Known::Is(place)) if is_elsewhere(place) => {
            return Err(unread(&format!("it is at `{place}`")));
        }
        (None, Known::Is(place)) => place,
        (None, Known::Unknown(why)) => {
            let is_map = stack.property(property);
            let is_map = is_map.is_some_and(|node| matches!(node.value, Value::Map(_)));
            return Err(unread(&if is_map {
                "it comes from the Serverless Application Repository".to_owned()
            } else {
                format!("it depends on {why}")
            }));
        }
        (None, Known::Absent) => return Err(unread("it has no template")),
    };
    let path = template.files.local(at.file, place);
    let path = path.map_err(|why| unread(&why))?;
    if outer.paths.len() > DEPTH || outer.paths.contains(&canonical(&path)) {
        return Err(unread("stacks have each other in them"));
    }
    if let Some(read) = outer.read {
        if read.get() >= MOST_STACKS {
            return Err(unread(&format!("there are more than {MOST_STACKS} stacks")));
        }
        read.set(read.get() + 1);
    }
    Template::read_within(&path, &given(name, stack), outer)
        .map_err(|error| unread(&format!("{error:#}")))
}

/// Returns the path without links and `..`; unchanged if the file does not exist.
fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Returns the parameters of a nested stack. Values that depend on the outer stack are unknown in the
/// inner one.
fn given(name: &str, stack: Resource<'_>) -> Given {
    let parameters = stack.property("Parameters").into_iter();
    let parameters = parameters.flat_map(Node::entries);
    parameters
        .map(|(parameter, node)| {
            let of_list = || {
                let items = node.items().iter().map(Node::scalar);
                let items: Option<Vec<_>> = items.collect();
                items.map(|items| Known::Is(items.join(",")))
            };
            let unknown = || {
                let why = format!("the parameter `{parameter}`, which the stack `{name}` is given");
                Known::Unknown(why)
            };
            (parameter.to_owned(), of_list().unwrap_or_else(unknown))
        })
        .collect()
}
