//! State machines, whose steps read a function's response.
//!
//! Source: Step Functions' "Invoke an AWS Lambda function with Step Functions".

use super::document::takes;
use crate::doctor::function::Function;
use crate::doctor::template::{Resource, Template};
use crate::doctor::text::{Piece, Text};
use crate::doctor::yaml::{At, Node, Value};
use crate::finding::Finding;

/// The types of state machines.
const MACHINES: [&str; 2] = [
    "AWS::Serverless::StateMachine",
    "AWS::StepFunctions::StateMachine",
];

/// Where a state machine names functions.
const DEFINITIONS: [&str; 3] = ["Definition", "DefinitionString", "DefinitionSubstitutions"];

/// Marks the resource of a step that calls the function named in its parameters.
const INVOKE: &str = "lambda:invoke";

/// Where a step has its parameters, for JSONPath and for JSONata.
const PARAMETERS: [&str; 2] = ["Parameters", "Arguments"];

pub(super) fn check(template: &Template) -> Vec<Finding> {
    let machines = MACHINES.into_iter();
    let machines = machines.flat_map(|kind| template.resources(kind));
    machines
        .flat_map(|machine| of_machine(template, machine))
        .collect()
}

/// Checks the functions that a state machine calls, each once.
fn of_machine(template: &Template, machine: Resource<'_>) -> Vec<Finding> {
    let mut found: Vec<(&Function, At)> = Vec::new();
    let functions = match definition(machine) {
        Some(definition) => {
            let at = definition.at;
            let mut functions = Vec::new();
            by_states(template, &definition, &mut functions);
            functions.into_iter().map(|it| (it, at)).collect()
        }
        None => anywhere(template, machine),
    };
    for (function, at) in functions {
        if !found.iter().any(|(other, _)| other.name == function.name) {
            found.push((function, at));
        }
    }
    let found = found.into_iter();
    found
        .filter_map(|(function, at)| takes(template, function, at, "a step of a state machine"))
        .collect()
}

/// Returns every function that a state machine names, for a definition that cannot be read.
fn anywhere<'a>(template: &'a Template, machine: Resource<'_>) -> Vec<(&'a Function, At)> {
    let definitions = DEFINITIONS.into_iter();
    let definitions = definitions.filter_map(|name| machine.property(name));
    definitions
        .flat_map(|node| {
            let functions = template.functions_in(node).into_iter();
            functions.map(|function| (function, node.at))
        })
        .collect()
}

/// Returns the definition with its substitutions, if it has states.
fn definition(machine: Resource<'_>) -> Option<Node> {
    let names = ["Definition", "DefinitionString"];
    let written = names.into_iter().find_map(|name| machine.property(name))?;
    let at = written.at;
    let parsed = match written.as_text() {
        Some(text) => parsed(at, &text.to_string())?,
        None => written.clone(),
    };
    parsed.get("States")?;
    Some(substituted(
        &parsed,
        machine.property("DefinitionSubstitutions"),
    ))
}

fn parsed(at: At, text: &str) -> Option<Node> {
    let node = Node::parse(text, at.file).ok()?;
    Some(Node { at, ..node })
}

/// Substitutes as `Fn::Sub` does. Other placeholders refer to the template.
fn substituted(node: &Node, own: Option<&Node>) -> Node {
    let Some(text) = node.scalar().filter(|text| text.contains("${")) else {
        return node.with_children(|child| Some(substituted(child, own)));
    };
    let mut all = Text::default();
    for piece in Text::parse(text).pieces() {
        all.extend(substitution(piece, own).unwrap_or_else(|| Text::of(piece.clone())));
    }
    Node::of_text(node.at, all)
}

fn substitution(piece: &Piece, own: Option<&Node>) -> Option<Text> {
    let Piece::Reference {
        name,
        attribute: None,
    } = piece
    else {
        return None;
    };
    own?.get(name)?.as_text()
}

/// Collects the functions that states call and wait for.
fn by_states<'a>(template: &'a Template, node: &Node, found: &mut Vec<&'a Function>) {
    match &node.value {
        Value::Map(_) if is_unread(node) => {}
        Value::Map(_) | Value::List(_) => {
            if invokes(node) {
                let named = parameter(node, "FunctionName");
                found.extend(named.and_then(|name| template.callee(name).ours()));
            }
            for child in node.children() {
                by_states(template, child, found);
            }
        }
        Value::Scalar(_) | Value::Open(_) | Value::Call(..) => {
            found.extend(template.functions_in(node));
        }
    }
}

/// Returns the text of a step's resource.
fn resource(state: &Node) -> String {
    let text = state.get("Resource").and_then(Node::as_text);
    text.unwrap_or_default().to_string()
}

fn invokes(state: &Node) -> bool {
    resource(state).contains(INVOKE)
}

/// Returns whether a step does not read its function's response: it waits for a token, or not at all.
fn is_unread(state: &Node) -> bool {
    let invocation = parameter(state, "InvocationType").and_then(Node::scalar);
    invokes(state)
        && (resource(state).ends_with(".waitForTaskToken")
            || matches!(invocation, Some("Event" | "DryRun")))
}

fn parameter<'a>(state: &'a Node, name: &str) -> Option<&'a Node> {
    let mut parameters = PARAMETERS.into_iter();
    parameters.find_map(|parameters| state.get(parameters)?.get(name))
}
