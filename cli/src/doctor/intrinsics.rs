//! Parameters and conditions put into a template, as far as they can be known before it is deployed.

use std::collections::BTreeMap;

use super::yaml::{Node, Value};

/// How deep conditions may refer to conditions. AWS refuses circles; so does this.
const DEPTH: usize = 32;

/// The values of a template's parameters, and its conditions.
#[derive(Debug)]
pub(crate) struct Scope<'a> {
    parameters: BTreeMap<&'a str, &'a str>,
    conditions: Option<&'a Node>,
}

impl<'a> Scope<'a> {
    /// Takes the defaults of a template, and `overrides` in the place of some.
    pub(crate) fn new(root: &'a Node, overrides: &'a [(String, String)]) -> Self {
        let defaults = root.get("Parameters").into_iter().flat_map(Node::entries);
        let mut parameters: BTreeMap<_, _> = defaults
            .filter_map(|(name, node)| Some((name, node.get("Default")?.scalar()?)))
            .collect();
        parameters.extend(
            overrides
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        );
        Self {
            parameters,
            conditions: root.get("Conditions"),
        }
    }

    /// Whether a condition of the template holds. One that is not there, or that depends on what is
    /// known only later, does.
    pub(crate) fn holds(&self, name: &str) -> bool {
        self.condition(name, DEPTH).unwrap_or(true)
    }

    fn condition(&self, name: &str, depth: usize) -> Option<bool> {
        self.truth(self.conditions?.get(name)?, depth.checked_sub(1)?)
    }

    fn truth(&self, node: &Node, depth: usize) -> Option<bool> {
        let (function, argument) = match &node.value {
            Value::Call(function, argument) => (function.as_str(), argument.as_ref()),
            Value::Map(_) => ("Condition", node.get("Condition")?),
            Value::Scalar(_) | Value::List(_) => return None,
        };
        let mut items = argument.items().iter();
        match function {
            "Equals" => {
                let one = self.resolve(items.next()?)?;
                let other = self.resolve(items.next()?)?;
                Some(one.scalar()? == other.scalar()?)
            }
            "Not" => Some(!self.truth(items.next()?, depth)?),
            "And" => items.try_fold(true, |all, item| Some(all & self.truth(item, depth)?)),
            "Or" => items.try_fold(false, |any, item| Some(any | self.truth(item, depth)?)),
            "Condition" => self.condition(argument.scalar()?, depth),
            _ => None,
        }
    }

    /// Puts the values in. Nothing is left of `AWS::NoValue`; what is unknown stays a call.
    pub(crate) fn resolve(&self, node: &Node) -> Option<Node> {
        let value = match &node.value {
            Value::Scalar(_) => return Some(node.clone()),
            Value::List(items) => {
                Value::List(items.iter().filter_map(|item| self.resolve(item)).collect())
            }
            Value::Map(entries) => Value::Map(
                entries
                    .iter()
                    .filter_map(|(name, node)| Some((name.clone(), self.resolve(node)?)))
                    .collect(),
            ),
            Value::Call(function, argument) => return self.call(node, function, argument),
        };
        Some(Node {
            line: node.line,
            value,
        })
    }

    fn call(&self, node: &Node, function: &str, argument: &Node) -> Option<Node> {
        let scalar = |text: String| Node {
            line: node.line,
            value: Value::Scalar(text),
        };
        let known = match function {
            "Ref" if argument.scalar() == Some("AWS::NoValue") => return None,
            "Ref" => argument
                .scalar()
                .and_then(|name| self.parameters.get(name))
                .map(|value| scalar((*value).to_owned())),
            "If" => return self.branch(argument),
            "Sub" => {
                let text = argument.items().first().and_then(Node::scalar);
                return Some(self.substitute(node, text.unwrap_or_default()));
            }
            "Join" => self.join(argument).map(scalar),
            _ => None,
        };
        known.or_else(|| {
            Some(Node {
                line: node.line,
                value: Value::Call(function.to_owned(), Box::new(self.resolve(argument)?)),
            })
        })
    }

    fn branch(&self, argument: &Node) -> Option<Node> {
        let [condition, then, otherwise] = argument.items() else {
            return None;
        };
        let taken = if self.holds(condition.scalar()?) {
            then
        } else {
            otherwise
        };
        self.resolve(taken)
    }

    fn substitute(&self, node: &Node, text: &str) -> Node {
        let text = self
            .parameters
            .iter()
            .fold(text.to_owned(), |text, (name, value)| {
                text.replace(&format!("${{{name}}}"), value)
            });
        let plain = Node {
            line: node.line,
            value: Value::Scalar(text.clone()),
        };
        if !text.contains("${") {
            return plain;
        }
        Node {
            line: node.line,
            value: Value::Call("Sub".to_owned(), Box::new(plain)),
        }
    }

    fn join(&self, argument: &Node) -> Option<String> {
        let [separator, items] = argument.items() else {
            return None;
        };
        let items: Option<Vec<_>> = self
            .resolve(items)?
            .items()
            .iter()
            .map(|item| item.scalar().map(str::to_owned))
            .collect();
        Some(items?.join(separator.scalar()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "
Parameters:
  Key: {Default: ''}
  Origin: {Default: 'https://a'}
Conditions:
  HasKey: !Not [!Equals [!Ref Key, '']]
  Both: !And [!Condition HasKey, !Not [!Equals [!Ref Origin, '']]]
  Circle: !Not [!Condition Circle]
Use:
  key: !If [HasKey, !Ref Key, !Ref AWS::NoValue]
  both: !If [Both, yes, no]
  text: !Sub '${Origin}/${AWS::Region}'
  plain: !Sub '${Origin}/x'
  later: !Ref Function
";

    fn used(overrides: &[(String, String)]) -> Node {
        let root = Node::parse(TEMPLATE).unwrap();
        let scope = Scope::new(&root, overrides);
        scope.resolve(root.get("Use").unwrap()).unwrap()
    }

    #[test]
    fn defaults_decide_conditions() {
        let used = used(&[]);

        assert!(used.get("key").is_none());
        assert_eq!(used.get("both").unwrap().scalar(), Some("no"));
        assert_eq!(used.get("plain").unwrap().scalar(), Some("https://a/x"));
        assert!(used.get("text").unwrap().refers_to("AWS::Region"));
        assert!(used.get("later").unwrap().refers_to("Function"));
    }

    #[test]
    fn overrides_decide_instead() {
        let used = used(&[("Key".to_owned(), "arn".to_owned())]);

        assert_eq!(used.get("key").unwrap().scalar(), Some("arn"));
        assert_eq!(used.get("both").unwrap().scalar(), Some("yes"));
    }

    #[test]
    fn a_circle_of_conditions_ends() {
        let root = Node::parse(TEMPLATE).unwrap();

        assert!(Scope::new(&root, &[]).holds("Circle"));
    }
}
