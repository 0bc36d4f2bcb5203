//! A template, as the rules see it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::intrinsics::Scope;
use super::yaml::{Node, Value};
use crate::finding::{Finding, Place, Rule};

/// A template with its parameters put in.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) path: PathBuf,
    /// As it is written.
    raw: Node,
    /// With parameters and conditions put in, and without resources whose condition does not hold.
    root: Node,
}

/// A resource of a template.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resource<'a> {
    pub(crate) name: &'a str,
    node: &'a Node,
    /// What SAM's `Globals` say about resources of this kind.
    globals: Option<&'a Node>,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is no template. The error names it.
    pub(crate) fn read(path: &Path, parameters: &[(String, String)]) -> Result<Self> {
        let name = path.display();
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read `{name}`"))?;
        let raw = Node::parse(&text).with_context(|| format!("`{name}` is not YAML or JSON"))?;
        if raw.get("Resources").is_none() {
            bail!("`{name}` is no template: it has no `Resources`");
        }
        let scope = Scope::new(&raw, parameters);
        let root = scope
            .resolve(&raw)
            .with_context(|| format!("`{name}` has no content"))?;
        let root = only_with(root, &scope);
        Ok(Self {
            path: path.to_owned(),
            raw,
            root,
        })
    }

    /// The resources of a type, in order.
    pub(crate) fn resources(&self, kind: &str) -> impl Iterator<Item = Resource<'_>> {
        let globals = kind
            .strip_prefix("AWS::Serverless::")
            .and_then(|kind| self.root.at(&["Globals", kind]));
        self.root
            .get("Resources")
            .into_iter()
            .flat_map(Node::entries)
            .filter(move |(_, node)| node.get("Type").and_then(Node::scalar) == Some(kind))
            .map(move |(name, node)| Resource {
                name,
                node,
                globals,
            })
    }

    /// The functions that `bootstrap` may be the runtime of.
    pub(crate) fn functions(&self) -> impl Iterator<Item = Resource<'_>> {
        ["AWS::Serverless::Function", "AWS::Lambda::Function"]
            .into_iter()
            .flat_map(|kind| self.resources(kind))
            .filter(|function| {
                function
                    .text("Runtime")
                    .is_none_or(|runtime| runtime.starts_with("provided"))
            })
    }

    /// All resources.
    pub(crate) fn everything(&self) -> &Node {
        self.root.get("Resources").unwrap_or(&self.root)
    }

    /// SAM's `Globals` for a kind of resource.
    pub(crate) fn globals(&self, kind: &str) -> Option<&Node> {
        self.root.at(&["Globals", kind])
    }

    /// Whether a property of a resource depends on a parameter.
    pub(crate) fn depends_on_parameters(&self, resource: &str, property: &str) -> bool {
        let path = ["Resources", resource, "Properties", property];
        let Some(node) = self.raw.at(&path) else {
            return false;
        };
        self.raw
            .get("Parameters")
            .into_iter()
            .flat_map(Node::entries)
            .any(|(parameter, _)| node.refers_to(parameter))
            || node.any(&|node| matches!(&node.value, Value::Call(name, _) if name == "If"))
    }

    /// An error at a line of this template.
    pub(crate) fn error(
        &self,
        rule: Rule,
        line: usize,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) -> Finding {
        let place = Place {
            file: self.path.clone(),
            line: Some(line),
        };
        Finding::error(rule, place, what, fix)
    }

    /// A file that the template names, relative to it.
    pub(crate) fn beside(&self, path: &str) -> PathBuf {
        match self.path.parent() {
            Some(folder) => folder.join(path),
            None => PathBuf::from(path),
        }
    }
}

impl<'a> Resource<'a> {
    pub(crate) fn line(&self) -> usize {
        self.node.line
    }

    /// A property, or what `Globals` say in its place.
    pub(crate) fn property(&self, name: &str) -> Option<&'a Node> {
        self.node
            .at(&["Properties", name])
            .or_else(|| self.globals?.get(name))
    }

    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        self.property(name)?.scalar()
    }

    /// The line of a property, or of the resource if it lacks it.
    pub(crate) fn line_of(&self, name: &str) -> usize {
        self.property(name).map_or(self.line(), |node| node.line)
    }

    /// The longest an invocation of this function may take, in seconds. Lambda's default is 3.
    pub(crate) fn timeout_seconds(&self) -> f64 {
        self.property("Timeout")
            .and_then(Node::number)
            .unwrap_or(3.0)
    }
}

/// Drops resources whose condition does not hold.
fn only_with(mut root: Node, scope: &Scope<'_>) -> Node {
    if let Value::Map(sections) = &mut root.value {
        for (name, section) in sections {
            if let ("Resources", Value::Map(resources)) = (name.as_str(), &mut section.value) {
                resources.retain(|(_, node)| {
                    let condition = node.get("Condition").and_then(Node::scalar);
                    condition.is_none_or(|condition| scope.holds(condition))
                });
            }
        }
    }
    root
}
