//! Templates as nodes with line numbers, in YAML or in JSON.

use anyhow::{Result, bail};
use saphyr::{MarkedYamlOwned, ScalarOwned, YamlDataOwned};

use super::known::Known;
use super::lenient;
use super::text::{Piece, Text};

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) at: At,
    pub(crate) value: Value,
}

/// A place in a template or in a file that is a part of it.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct At {
    /// Which of the template's files.
    pub(crate) file: usize,
    /// Counted from 1.
    pub(crate) line: usize,
}

/// The kinds of values that CloudFormation distinguishes: to it, `60` and `'60'` are the same.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Scalar(String),
    List(Vec<Node>),
    /// In the order of the file.
    Map(Vec<(String, Node)>),
    /// An intrinsic function, without `Fn::`, and its argument. Only in an unresolved template.
    Call(String, Box<Node>),
    /// The partly unknown result of a call. Only in a resolved template.
    Open(Text),
}

/// The key of maps to merge into the one that has it.
const MERGE: &str = "<<";

impl Node {
    /// Parses a template, or a part of one: `file` says which.
    ///
    /// # Errors
    ///
    /// It is not YAML, or is empty. The error names line and column.
    pub(crate) fn parse(text: &str, file: usize) -> Result<Self> {
        let mut documents = lenient::load(text)?;
        if documents.is_empty() {
            bail!("is empty");
        }
        Ok(from_yaml(documents.swap_remove(0), file))
    }

    pub(crate) fn text(at: At, text: impl Into<String>) -> Self {
        let value = Value::Scalar(text.into());
        Self { at, value }
    }

    /// Creates a node of a text, of which a part may be unknown.
    pub(crate) fn of_text(at: At, text: Text) -> Self {
        let value = match text.literal() {
            Some(literal) => Value::Scalar(literal.to_owned()),
            None => Value::Open(text),
        };
        Self { at, value }
    }

    /// Creates a node that only the deployment knows. `why` is a noun.
    pub(crate) fn unknown(at: At, why: impl Into<String>) -> Self {
        let value = Value::Open(Text::of(Piece::Unknown(why.into())));
        Self { at, value }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entries()
            .find(|(name, _)| *name == key)
            .map(|(_, node)| node)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        let mut entries = self.entries_mut();
        entries.find(|(name, _)| *name == key).map(|(_, node)| node)
    }

    /// Adds an entry to a map; does nothing to anything else.
    pub(crate) fn push(&mut self, key: &str, node: Self) {
        if let Value::Map(entries) = &mut self.value {
            entries.push((key.to_owned(), node));
        }
    }

    fn is_map(&self) -> bool {
        matches!(self.value, Value::Map(_))
    }

    /// Follows keys downwards.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    pub(crate) fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text) => Some(text),
            Value::List(_) | Value::Map(_) | Value::Call(..) | Value::Open(_) => None,
        }
    }

    /// Returns the text of a resolved node.
    pub(crate) fn known(&self) -> Known<&str> {
        match &self.value {
            Value::Scalar(text) => Known::Is(text),
            Value::Open(text) => Known::Unknown(text.why()),
            Value::List(_) | Value::Map(_) | Value::Call(..) => {
                Known::Unknown("a value of an unexpected kind".to_owned())
            }
        }
    }

    /// Returns a resolved text, of which a part may be unknown. `None` for a list or a map.
    pub(crate) fn as_text(&self) -> Option<Text> {
        match &self.value {
            Value::Scalar(text) => Some(Text::of(Piece::Literal(text.clone()))),
            Value::Open(text) => Some(text.clone()),
            Value::List(_) | Value::Map(_) | Value::Call(..) => None,
        }
    }

    /// Returns the value of a key in a resolved map.
    pub(crate) fn lookup(&self, key: &str) -> Known<&Self> {
        match &self.value {
            Value::Open(text) => Known::Unknown(text.why()),
            Value::Scalar(_) | Value::List(_) | Value::Map(_) | Value::Call(..) => {
                self.get(key).into()
            }
        }
    }

    /// Returns the text of a key in a resolved map.
    pub(crate) fn text_at(&self, key: &str) -> Known<&str> {
        self.lookup(key).and_then(Self::known)
    }

    /// Returns the number of a key in a resolved map.
    pub(crate) fn number_at(&self, key: &str) -> Known<f64> {
        self.text_at(key).and_then(number)
    }

    /// Returns the elements of a list, or the node itself: many properties take either.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            Value::Scalar(_) | Value::Map(_) | Value::Call(..) | Value::Open(_) => {
                std::slice::from_ref(self)
            }
        }
    }

    /// Yields the entries of a map; none for anything else.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, &Self)> {
        let entries: &[(String, Self)] = match &self.value {
            Value::Map(entries) => entries,
            Value::Scalar(_) | Value::List(_) | Value::Call(..) | Value::Open(_) => &[],
        };
        entries.iter().map(|(name, node)| (name.as_str(), node))
    }

    pub(crate) fn entries_mut(&mut self) -> impl Iterator<Item = (&str, &mut Self)> {
        let entries: &mut [(String, Self)] = match &mut self.value {
            Value::Map(entries) => entries,
            Value::Scalar(_) | Value::List(_) | Value::Call(..) | Value::Open(_) => &mut [],
        };
        entries.iter_mut().map(|(name, node)| (name.as_str(), node))
    }

    /// Returns whether a resolved node may be absent in the deployment.
    pub(crate) fn may_be_absent(&self) -> bool {
        matches!(&self.value, Value::Open(text) if text.may_be_absent)
    }

    /// Returns the boolean of a resolved node, in the spellings of YAML 1.1, which the tools of AWS read.
    pub(crate) fn boolean(&self) -> Known<bool> {
        self.known()
            .and_then(|text| match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "y" => Known::Is(true),
                "false" | "no" | "off" | "n" => Known::Is(false),
                _ => Known::Unknown(format!("`{text}`, which is neither true nor false")),
            })
    }

    /// Returns whether this node or any node in it fulfils a condition.
    pub(crate) fn any(&self, condition: &dyn Fn(&Self) -> bool) -> bool {
        condition(self) || self.children().iter().any(|child| child.any(condition))
    }

    /// Returns the nodes directly in this one.
    pub(crate) fn children(&self) -> Vec<&Self> {
        match &self.value {
            Value::Scalar(_) | Value::Open(_) => Vec::new(),
            Value::List(items) => items.iter().collect(),
            Value::Map(entries) => entries.iter().map(|(_, node)| node).collect(),
            Value::Call(_, argument) => vec![argument],
        }
    }

    /// Replaces the elements of a list or a map. Those for which `change` returns `None` are dropped.
    pub(crate) fn with_children(&self, change: impl Fn(&Self) -> Option<Self>) -> Self {
        let value = match &self.value {
            Value::List(items) => Value::List(items.iter().filter_map(change).collect()),
            Value::Map(entries) => {
                let entries = entries.iter();
                let entries =
                    entries.filter_map(|(name, node)| Some((name.clone(), change(node)?)));
                Value::Map(entries.collect())
            }
            other => other.clone(),
        };
        Self { at: self.at, value }
    }

    /// Returns whether an unresolved node names a parameter or a resource.
    pub(crate) fn names(&self, name: &str) -> bool {
        self.any(&|node| match &node.value {
            Value::Call(function, argument) => {
                let argument = argument.items().first().and_then(Self::scalar);
                let argument = argument.unwrap_or("");
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
            Value::Scalar(_) | Value::List(_) | Value::Map(_) | Value::Open(_) => false,
        })
    }

    /// Returns whether a resolved node refers to a resource, by `Ref`, `GetAtt`, `Sub` or an equivalent.
    pub(crate) fn refers_to(&self, resource: &str) -> bool {
        self.any(&|node| match &node.value {
            Value::Open(text) => text
                .pieces()
                .iter()
                .any(|piece| matches!(piece, Piece::Reference { name, .. } if name == resource)),
            Value::Scalar(_) | Value::List(_) | Value::Map(_) | Value::Call(..) => false,
        })
    }

    /// Returns the nodes at the end of a path of keys, in which `*` stands for each element or entry.
    pub(crate) fn all_at(&self, path: &[&str]) -> Vec<&Self> {
        let Some((key, rest)) = path.split_first() else {
            return vec![self];
        };
        let next: Vec<&Self> = match &self.value {
            Value::List(items) if *key == "*" => items.iter().collect(),
            Value::Map(entries) if *key == "*" => entries.iter().map(|(_, node)| node).collect(),
            _ => self.get(key).into_iter().collect(),
        };
        next.into_iter()
            .flat_map(|node| node.all_at(rest))
            .collect()
    }
}

fn number(text: &str) -> Known<f64> {
    text.trim().parse().map_or_else(
        |_| Known::Unknown(format!("`{text}`, which is not a number")),
        Known::Is,
    )
}

/// Values are equal wherever they are.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

fn from_yaml(yaml: MarkedYamlOwned, file: usize) -> Node {
    let line = yaml.span.start.line();
    let at = At { file, line };
    let value = match yaml.data {
        YamlDataOwned::Sequence(items) => {
            let items = items.into_iter().map(|item| from_yaml(item, file));
            Value::List(items.collect())
        }
        YamlDataOwned::Mapping(entries) => map(merged(
            entries
                .into_iter()
                .map(|(key, node)| {
                    // Readers look for the line of the key.
                    let line = key.span.start.line();
                    let node = from_yaml(node, file);
                    let at = At { file, line };
                    (text(&key.data), Node { at, ..node })
                })
                .collect(),
        )),
        YamlDataOwned::Tagged(tag, node) => {
            let node = from_yaml(*node, file);
            return Node {
                at: if line == 0 { node.at } else { at },
                value: Value::Call(tag.suffix, Box::new(node)),
            };
        }
        scalar => Value::Scalar(text(&scalar)),
    };
    Node { at, value }
}

/// Resolves merge keys: YAML's "Merge Key Language-Independent Type". A map's own entries win, then those of
/// the earlier maps.
fn merged(entries: Vec<(String, Node)>) -> Vec<(String, Node)> {
    let (merges, mut all): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .partition(|(name, node)| name == MERGE && node.items().iter().all(Node::is_map));
    for (_, node) in merges {
        for (name, node) in node.items().iter().flat_map(Node::entries) {
            if !all.iter().any(|(own, _)| own == name) {
                all.push((name.to_owned(), node.clone()));
            }
        }
    }
    all
}

/// Returns a map, or a call if it is the long form of one: a map with one key, `Ref` or `Fn::...`.
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
        let short = Node::parse("a:\n  b: !Ref X\n  c: !GetAtt [Y, Arn]\n", 0).unwrap();
        let long = Node::parse(
            r#"{"a": {"b": {"Ref": "X"}, "c": {"Fn::GetAtt": ["Y", "Arn"]}}}"#,
            0,
        )
        .unwrap();

        assert!(short == long);
        assert_eq!(short.at(&["a", "b"]).unwrap().at.line, 2);
        assert_eq!(short.at(&["a", "c"]).unwrap().at.line, 3);
        assert!(short.names("X"));
        assert!(short.names("Y"));
        assert!(!short.names("Z"));
    }

    #[test]
    fn merge_keys_are_put_in_behind_a_map_s_own_entries() {
        let text = "base: &b {a: 1, b: 2}\nmore: &m {b: 3, c: 4}\none: {<<: *b, b: 5}\n\
                    two:\n  <<: [*m, *b]\n  d: 6\nthree: {<<: !Ref x}\n";
        let node = Node::parse(text, 0).unwrap();
        for (path, value) in [
            (["one", "a"], Known::Is("1")),
            (["one", "b"], Known::Is("5")),
            (["two", "a"], Known::Is("1")),
            (["two", "b"], Known::Is("3")),
            (["two", "c"], Known::Is("4")),
            (["two", "d"], Known::Is("6")),
        ] {
            assert_eq!(node.at(&path).unwrap().known(), value, "{path:?}");
        }
        assert!(node.at(&["one", "<<"]).is_none());
        assert!(node.at(&["three", "<<"]).is_some(), "it is not a map");
    }

    #[test]
    fn truth_values_are_those_of_yaml_1_1() {
        let node = Node::parse(
            "[true, yes, On, 'True', Y, false, no, OFF, 'False', n, 1, x]",
            0,
        )
        .unwrap();
        let (yes, rest) = node.items().split_at(5);
        let (no, other) = rest.split_at(5);
        assert!(yes.iter().all(|it| it.boolean() == Known::Is(true)));
        assert!(no.iter().all(|it| it.boolean() == Known::Is(false)));
        assert!(other.iter().all(|it| it.boolean().why().is_some()));
    }

    #[test]
    fn what_is_no_template_is_an_error() {
        assert!(Node::parse("", 0).is_err());
        assert!(Node::parse("a: [", 0).is_err());
    }
}
