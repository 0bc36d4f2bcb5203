//! Templates as nodes that know their line, in YAML or in JSON.

use anyhow::{Result, bail};
use saphyr::{LoadableYamlNode as _, MarkedYamlOwned, ScalarOwned, YamlDataOwned};

/// A value and where it is.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) value: Value,
}

/// What CloudFormation tells apart: to it, `60` and `'60'` are the same.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Scalar(String),
    List(Vec<Node>),
    /// In the order of the file.
    Map(Vec<(String, Node)>),
    /// An intrinsic function, without `Fn::`, and its argument.
    Call(String, Box<Node>),
}

impl Node {
    /// Parses a template.
    ///
    /// # Errors
    ///
    /// It is not YAML, or is empty. The error names line and column.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut documents = MarkedYamlOwned::load_from_str(text)?;
        if documents.is_empty() {
            bail!("is empty");
        }
        Ok(from_yaml(documents.swap_remove(0)))
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entries()
            .find(|(name, _)| *name == key)
            .map(|(_, node)| node)
    }

    /// Follows keys downwards.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    pub(crate) fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text) => Some(text),
            Value::List(_) | Value::Map(_) | Value::Call(..) => None,
        }
    }

    pub(crate) fn number(&self) -> Option<f64> {
        self.scalar()?.parse().ok()
    }

    /// The elements of a list, or the node itself: many properties take either.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            Value::Scalar(_) | Value::Map(_) | Value::Call(..) => std::slice::from_ref(self),
        }
    }

    /// The entries of a map; none for anything else.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &Self)> {
        let entries: &[(String, Self)] = match &self.value {
            Value::Map(entries) => entries,
            Value::Scalar(_) | Value::List(_) | Value::Call(..) => &[],
        };
        entries.iter().map(|(name, node)| (name.as_str(), node))
    }

    /// Whether this or anything in it fulfils a condition.
    pub(crate) fn any(&self, condition: &dyn Fn(&Self) -> bool) -> bool {
        condition(self)
            || match &self.value {
                Value::Scalar(_) => false,
                Value::List(items) => items.iter().any(|item| item.any(condition)),
                Value::Map(entries) => entries.iter().any(|(_, node)| node.any(condition)),
                Value::Call(_, argument) => argument.any(condition),
            }
    }

    /// The resource that this refers to, by `Ref`, `GetAtt` or `Sub`.
    pub(crate) fn refers_to(&self, name: &str) -> bool {
        self.any(&|node| match &node.value {
            Value::Call(function, argument) => {
                let argument = argument
                    .items()
                    .first()
                    .and_then(Self::scalar)
                    .unwrap_or("");
                match function.as_str() {
                    "Ref" => argument == name,
                    "GetAtt" => argument.split('.').next() == Some(name),
                    "Sub" => {
                        argument.contains(&format!("${{{name}}}"))
                            || argument.contains(&format!("${{{name}."))
                    }
                    _ => false,
                }
            }
            Value::Scalar(_) | Value::List(_) | Value::Map(_) => false,
        })
    }
}

/// Values are equal wherever they are.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (Value::Scalar(one), Value::Scalar(other)) => one == other,
            (Value::List(one), Value::List(other)) => one == other,
            (Value::Map(one), Value::Map(other)) => one == other,
            (Value::Call(one, of_one), Value::Call(other, of_other)) => {
                one == other && of_one == of_other
            }
            _ => false,
        }
    }
}

fn from_yaml(yaml: MarkedYamlOwned) -> Node {
    let line = yaml.span.start.line();
    let value = match yaml.data {
        YamlDataOwned::Sequence(items) => Value::List(items.into_iter().map(from_yaml).collect()),
        YamlDataOwned::Mapping(entries) => map(entries
            .into_iter()
            .map(|(key, node)| {
                // What a reader looks for is the line of the key.
                let line = key.span.start.line();
                let node = from_yaml(node);
                (text(&key.data), Node { line, ..node })
            })
            .collect()),
        YamlDataOwned::Tagged(tag, node) => {
            let node = from_yaml(*node);
            return Node {
                line: if line == 0 { node.line } else { line },
                value: Value::Call(tag.suffix, Box::new(node)),
            };
        }
        scalar => Value::Scalar(text(&scalar)),
    };
    Node { line, value }
}

/// A map, or the long form of a call: a map with one key, `Ref` or `Fn::...`.
fn map(mut entries: Vec<(String, Node)>) -> Value {
    let function = match entries.as_slice() {
        [(name, _)] if name == "Ref" => Some("Ref".to_owned()),
        [(name, _)] => name.strip_prefix("Fn::").map(str::to_owned),
        _ => None,
    };
    match (function, entries.pop()) {
        (Some(function), Some((_, argument))) => Value::Call(function, Box::new(argument)),
        (_, last) => {
            entries.extend(last);
            Value::Map(entries)
        }
    }
}

fn text(data: &YamlDataOwned<MarkedYamlOwned>) -> String {
    match data {
        YamlDataOwned::Value(ScalarOwned::String(text))
        | YamlDataOwned::Representation(text, ..) => text.clone(),
        YamlDataOwned::Value(ScalarOwned::Boolean(value)) => value.to_string(),
        YamlDataOwned::Value(ScalarOwned::Integer(value)) => value.to_string(),
        YamlDataOwned::Value(ScalarOwned::FloatingPoint(value)) => value.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_know_their_lines_and_calls_have_two_forms() {
        let short = Node::parse("a:\n  b: !Ref X\n  c: !GetAtt [Y, Arn]\n").unwrap();
        let long = Node::parse(r#"{"a": {"b": {"Ref": "X"}, "c": {"Fn::GetAtt": ["Y", "Arn"]}}}"#)
            .unwrap();

        assert!(short == long);
        assert_eq!(short.at(&["a", "b"]).unwrap().line, 2);
        assert_eq!(short.at(&["a", "c"]).unwrap().line, 3);
        assert!(short.refers_to("X"));
        assert!(short.refers_to("Y"));
        assert!(!short.refers_to("Z"));
    }

    #[test]
    fn what_is_no_template_is_an_error() {
        assert!(Node::parse("").is_err());
        assert!(Node::parse("a: [").is_err());
    }
}
