//! Expands a template: loops and included files.
//!
//! Sources: CloudFormation's pages on `Fn::ForEach` and on the transform `AWS::Include`.

use super::files::Files;
use super::globals::merge;
use super::known::Known;
use super::scope::Scope;
use super::yaml::{At, Node, Value};

/// Upper bound for the expansion of a template. AWS allows fewer resources in a stack.
const MOST_COPIES: usize = 10_000;

/// Deepest nesting of included files.
const DEPTH: usize = 8;

const LOOP: &str = "ForEach";

/// Expands loops and included files.
#[derive(Debug)]
pub(crate) struct Expander<'a> {
    scope: &'a Scope,
    files: &'a mut Files,
    /// What could not be expanded: its place, what it is, and what it depends on.
    pub(crate) unread: Vec<(At, String, String)>,
    copies: usize,
    depth: usize,
}

impl<'a> Expander<'a> {
    pub(crate) fn new(scope: &'a Scope, files: &'a mut Files) -> Self {
        Self {
            scope,
            files,
            unread: Vec::new(),
            copies: 0,
            depth: 0,
        }
    }

    pub(crate) fn expand(&mut self, node: &Node) -> Node {
        let value = match &node.value {
            Value::Scalar(_) | Value::Open(_) => return node.clone(),
            Value::List(items) => Value::List(items.iter().map(|item| self.expand(item)).collect()),
            Value::Map(entries) => {
                let mut all = Vec::new();
                for (name, node) in entries {
                    self.entry(name, node, &mut all);
                }
                Value::Map(all)
            }
            Value::Call(function, argument) if function.starts_with(LOOP) => {
                let mut all = Vec::new();
                self.loop_over(argument.at, function, argument, &mut all);
                Value::Map(all)
            }
            Value::Call(function, argument) if function == "Transform" => {
                return self.include(node.at, argument);
            }
            Value::Call(function, argument) => {
                Value::Call(function.clone(), Box::new(self.expand(argument)))
            }
        };
        Node { at: node.at, value }
    }

    /// Expands an entry of a map, which may become several.
    fn entry(&mut self, name: &str, node: &Node, all: &mut Vec<(String, Node)>) {
        match name.strip_prefix("Fn::") {
            Some(function) if function.starts_with(LOOP) => {
                self.loop_over(node.at, function, node, all);
            }
            Some("Transform") => {
                let included = self.include(node.at, node);
                for (name, node) in included.entries() {
                    match all.iter_mut().find(|(own, _)| own == name) {
                        Some((_, own)) => merge(own, node),
                        None => all.push((name.to_owned(), node.clone())),
                    }
                }
            }
            _ => all.push((name.to_owned(), self.expand(node))),
        }
    }

    fn loop_over(&mut self, at: At, name: &str, argument: &Node, all: &mut Vec<(String, Node)>) {
        let what = || format!("the loop `Fn::{name}` was not expanded");
        let [variable, collection, body] = argument.items() else {
            return self.unread(at, what(), "it needs three elements".to_owned());
        };
        let Some(variable) = variable.scalar() else {
            return self.unread(at, what(), "its first element is not a name".to_owned());
        };
        let values = match self.values(collection) {
            Ok(values) => values,
            Err(why) => return self.unread(at, what(), format!("it depends on {why}")),
        };
        for value in values {
            self.copies += 1;
            if self.copies > MOST_COPIES {
                let why = format!("the loops have more than {MOST_COPIES} iterations");
                return self.unread(at, what(), why);
            }
            let body = self.expand(&with_value(body, variable, &value));
            if let Value::Map(entries) = body.value {
                all.extend(entries);
            }
        }
    }

    /// Returns the values of a loop, or what they depend on.
    fn values(&self, collection: &Node) -> Result<Vec<String>, String> {
        let Some(list) = self.scope.resolve(collection) else {
            return Ok(Vec::new());
        };
        let items = list.items().iter().map(|item| {
            let known = item.known();
            let why = known.why().unwrap_or("its list").to_owned();
            known.is().map(str::to_owned).ok_or(why)
        });
        items.collect()
    }

    fn include(&mut self, at: At, argument: &Node) -> Node {
        self.included(at, argument).unwrap_or_else(|(what, why)| {
            self.unread(at, format!("{what} was not read"), why);
            Node::unknown(at, what)
        })
    }

    /// Returns an included file. The error is what was not read, and why.
    fn included(&mut self, at: At, argument: &Node) -> Result<Node, (String, String)> {
        let name = argument.get("Name").and_then(Node::scalar).unwrap_or("?");
        if name != "AWS::Include" {
            let what = format!("what the macro `{name}` makes");
            return Err((what, "it runs when the template is deployed".to_owned()));
        }
        let location = argument.at(&["Parameters", "Location"]);
        let location = location.and_then(|node| self.scope.resolve(node));
        let location = Known::from(location.as_ref()).and_then(Node::known);
        let unread = |why: String| ("an included file".to_owned(), why);
        let place = match location {
            Known::Is(place) => place,
            Known::Unknown(why) => return Err(unread(format!("it depends on {why}"))),
            Known::Absent => return Err(unread("it has no `Location`".to_owned())),
        };
        let unread = |why: String| (format!("the included file `{place}`"), why);
        self.copies += 1;
        if self.depth >= DEPTH || self.copies > MOST_COPIES {
            return Err(unread("files include each other".to_owned()));
        }
        let node = self.files.read(at.file, place).map_err(unread)?;
        self.depth += 1;
        let node = self.expand(&node);
        self.depth -= 1;
        Ok(node)
    }

    fn unread(&mut self, at: At, what: String, why: String) {
        self.unread.push((at, what, why));
    }
}

/// Replaces a loop's variable by the value of one iteration.
fn with_value(node: &Node, variable: &str, value: &str) -> Node {
    let replaced = match &node.value {
        Value::Scalar(text) => Value::Scalar(put_in(text, variable, value)),
        Value::List(items) => {
            let items = items.iter().map(|item| with_value(item, variable, value));
            Value::List(items.collect())
        }
        Value::Map(entries) => {
            let entries = entries.iter();
            let entries = entries.map(|(name, node)| {
                let name = put_in(name, variable, value);
                (name, with_value(node, variable, value))
            });
            Value::Map(entries.collect())
        }
        Value::Call(function, argument) => {
            if function == "Ref" && argument.scalar() == Some(variable) {
                Value::Scalar(value.to_owned())
            } else {
                let argument = Box::new(with_value(argument, variable, value));
                Value::Call(put_in(function, variable, value), argument)
            }
        }
        Value::Open(text) => Value::Open(text.clone()),
    };
    Node {
        at: node.at,
        value: replaced,
    }
}

/// `&{name}` takes letters and digits only, so that the result may be part of a logical id.
fn put_in(text: &str, variable: &str, value: &str) -> String {
    let plain: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
    text.replace(&format!("${{{variable}}}"), value)
        .replace(&format!("&{{{variable}}}"), &plain)
}
