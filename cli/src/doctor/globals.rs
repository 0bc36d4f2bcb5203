//! SAM's `Globals`, put into the resources they are for.
//!
//! Source of how they are merged: SAM's "Globals section of the AWS SAM template".

use super::yaml::{Node, Value};

const PREFIX: &str = "AWS::Serverless::";

/// Puts the globals in. A resource's own values win; maps are merged, lists put together.
pub(crate) fn applied(mut root: Node) -> Node {
    let Some(globals) = root.get("Globals").cloned() else {
        return root;
    };
    let Value::Map(sections) = &mut root.value else {
        return root;
    };
    let resources = sections.iter_mut().find(|(name, _)| name == "Resources");
    let Some((
        _,
        Node {
            value: Value::Map(resources),
            ..
        },
    )) = resources
    else {
        return root;
    };
    for (_, resource) in resources {
        let kind = resource.get("Type").and_then(Node::scalar);
        let kind = kind.and_then(|kind| kind.strip_prefix(PREFIX));
        if let Some(of_kind) = kind.and_then(|kind| globals.get(kind)).cloned() {
            apply(resource, &of_kind);
        }
    }
    root
}

fn apply(resource: &mut Node, globals: &Node) {
    let ignored: Vec<String> = resource
        .get("IgnoreGlobals")
        .into_iter()
        .flat_map(Node::items)
        .filter_map(|name| name.scalar().map(str::to_owned))
        .collect();
    let at = resource.at;
    let Value::Map(sections) = &mut resource.value else {
        return;
    };
    if !sections.iter().any(|(name, _)| name == "Properties") {
        let value = Value::Map(Vec::new());
        sections.push(("Properties".to_owned(), Node { at, value }));
    }
    let properties = sections.iter_mut().find(|(name, _)| name == "Properties");
    let Some((
        _,
        Node {
            value: Value::Map(properties),
            ..
        },
    )) = properties
    else {
        return;
    };
    for (name, of_all) in globals.entries() {
        if ignored.iter().any(|it| it == "*" || it == name) {
            continue;
        }
        match properties.iter_mut().find(|(own, _)| own == name) {
            // A function has one: here the lists are no parts of one.
            Some(_) if name == "Architectures" => {}
            Some((_, own)) => merge(own, of_all),
            None => properties.push((name.to_owned(), of_all.clone())),
        }
    }
}

fn merge(own: &mut Node, of_all: &Node) {
    match (&mut own.value, &of_all.value) {
        (Value::Map(own), Value::Map(of_all)) => {
            for (name, node) in of_all {
                match own.iter_mut().find(|(it, _)| it == name) {
                    Some((_, own)) => merge(own, node),
                    None => own.push((name.clone(), node.clone())),
                }
            }
        }
        (Value::List(own), Value::List(of_all)) => {
            own.splice(0..0, of_all.iter().cloned());
        }
        _ => {}
    }
}
