//! Merges SAM's `Globals` into the resources.
//!
//! Source of the merge rules: SAM's "Globals section of the AWS SAM template".

use super::yaml::{Node, Value};

const PREFIX: &str = "AWS::Serverless::";

/// Merges the globals. A resource's own values win; maps are merged, lists concatenated.
pub(crate) fn applied(mut root: Node) -> Node {
    let Some(globals) = root.get("Globals").cloned() else {
        return root;
    };
    let resources = root.get_mut("Resources").into_iter();
    for (_, resource) in resources.flat_map(Node::entries_mut) {
        let kind = resource.get("Type").and_then(Node::scalar);
        let kind = kind.and_then(|kind| kind.strip_prefix(PREFIX));
        if let Some(of_kind) = kind.and_then(|kind| globals.get(kind)) {
            apply(resource, of_kind);
        }
    }
    root
}

fn apply(resource: &mut Node, globals: &Node) {
    let ignored = resource.get("IgnoreGlobals").into_iter();
    let ignored: Vec<String> = ignored
        .flat_map(Node::items)
        .filter_map(|name| name.scalar().map(str::to_owned))
        .collect();
    if resource.get("Properties").is_none() {
        let (at, value) = (resource.at, Value::Map(Vec::new()));
        resource.push("Properties", Node { at, value });
    }
    let Some(properties) = resource.get_mut("Properties") else {
        return;
    };
    for (name, of_all) in globals.entries() {
        if ignored.iter().any(|it| it == "*" || it == name) {
            continue;
        }
        match properties.get_mut(name) {
            // A function has one architecture: its own list replaces the global one.
            Some(_) if name == "Architectures" => {}
            Some(own) => merge(own, of_all),
            None => properties.push(name, of_all.clone()),
        }
    }
}

/// Merges another node into one: maps are merged, lists concatenated, and other values stay.
pub(super) fn merge(own: &mut Node, of_all: &Node) {
    if let (Value::List(own), Value::List(of_all)) = (&mut own.value, &of_all.value) {
        own.splice(0..0, of_all.iter().cloned());
        return;
    }
    for (name, node) in of_all.entries() {
        match own.get_mut(name) {
            Some(own) => merge(own, node),
            None => own.push(name, node.clone()),
        }
    }
}
