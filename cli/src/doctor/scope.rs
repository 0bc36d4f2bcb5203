//! The values behind a template's intrinsic functions: parameters, mappings and conditions.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::known::Known;
use super::yaml::{At, Node, Value};

/// Deepest nesting of conditions: bounds the stack, far beyond real templates.
const DEPTH: usize = 200;

/// Values of parameters by name, in place of their defaults.
pub(crate) type Given = BTreeMap<String, Known<String>>;

/// The values of a template's parameters, its mappings and its conditions.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    parameters: BTreeMap<String, Node>,
    mappings: BTreeMap<String, Node>,
    conditions: BTreeMap<String, Node>,
    /// The result of each evaluated condition; `None` during the evaluation, which breaks cycles.
    decided: RefCell<BTreeMap<String, Option<bool>>>,
    /// Number of conditions being evaluated.
    depth: Cell<usize>,
}

impl Scope {
    /// Creates a scope from the defaults in an unresolved template and the given values.
    pub(crate) fn new(root: &Node, given: &Given) -> Self {
        let section = |name: &str| {
            let entries = root.get(name).into_iter().flat_map(Node::entries);
            entries.map(|(name, node)| (name.to_owned(), node.clone()))
        };
        let parameters = section("Parameters")
            .map(|(name, declared)| {
                let value = parameter(&name, &declared, given.get(&name));
                (name, value)
            })
            .collect();
        Self {
            parameters,
            mappings: section("Mappings").collect(),
            conditions: section("Conditions").collect(),
            decided: RefCell::default(),
            depth: Cell::new(0),
        }
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&Node> {
        self.parameters.get(name)
    }

    pub(crate) fn mapping(&self, name: &str) -> Option<&Node> {
        self.mappings.get(name)
    }

    /// Returns whether a condition of the template holds. `None` if only the deployment knows.
    pub(crate) fn holds(&self, name: &str) -> Option<bool> {
        let node = self.conditions.get(name)?;
        if let Some(decided) = self.decided.borrow().get(name) {
            return *decided;
        }
        let depth = self.depth.get();
        if depth >= DEPTH {
            return None;
        }
        self.decided.borrow_mut().insert(name.to_owned(), None);
        self.depth.set(depth + 1);
        let holds = self.truth(node);
        self.depth.set(depth);
        self.decided.borrow_mut().insert(name.to_owned(), holds);
        holds
    }

    fn truth(&self, node: &Node) -> Option<bool> {
        let (function, argument) = match &node.value {
            Value::Call(function, argument) => (function.as_str(), argument.as_ref()),
            Value::Map(_) => ("Condition", node.get("Condition")?),
            Value::Scalar(_) | Value::List(_) | Value::Open(_) => return None,
        };
        let items = argument.items();
        match function {
            "Equals" => {
                let [one, other] = items else { return None };
                equal(&self.resolve(one)?, &self.resolve(other)?)
            }
            "Not" => Some(!self.truth(items.first()?)?),
            "And" => self.fold(items, false),
            "Or" => self.fold(items, true),
            "Condition" => self.holds(argument.scalar()?),
            _ => None,
        }
    }

    /// Returns `decisive` if one of the conditions is, and its opposite if all are that.
    fn fold(&self, items: &[Node], decisive: bool) -> Option<bool> {
        let truths: Vec<_> = items.iter().map(|item| self.truth(item)).collect();
        if truths.contains(&Some(decisive)) {
            return Some(decisive);
        }
        (!truths.contains(&None)).then_some(!decisive)
    }
}

/// Returns whether two resolved values are equal. `None` if only the deployment knows.
fn equal(one: &Node, other: &Node) -> Option<bool> {
    let open = |node: &Node| node.any(&|node| matches!(node.value, Value::Open(_)));
    (!open(one) && !open(other)).then(|| one == other)
}

fn parameter(name: &str, declared: &Node, given: Option<&Known<String>>) -> Node {
    let at = declared.at;
    let kind = declared.get("Type").and_then(Node::scalar).unwrap_or("");
    // The given value and the default are names in the Parameter Store.
    if kind.starts_with("AWS::SSM::Parameter::Value") {
        let why = format!("the parameter `{name}`, whose value Systems Manager has");
        return Node::unknown(at, why);
    }
    match given {
        Some(Known::Is(text)) => return value(at, kind, text),
        Some(Known::Unknown(why)) => return Node::unknown(at, why.as_str()),
        Some(Known::Absent) | None => {}
    }
    match declared.get("Default") {
        Some(default) => match default.scalar() {
            Some(text) => super::intrinsics::with_references(&value(at, kind, text)),
            None => super::intrinsics::without_calls(default),
        },
        None => {
            let why = format!("the parameter `{name}`, which has no default (`-p {name}=...`)");
            Node::unknown(at, why)
        }
    }
}

fn value(at: At, kind: &str, text: &str) -> Node {
    if kind != "CommaDelimitedList" && !kind.starts_with("List<") {
        return Node::text(at, text);
    }
    let items = text.split(',').map(|item| Node::text(at, item.trim()));
    Node {
        at,
        value: Value::List(items.collect()),
    }
}
