//! A template, in the form for the rules.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::expand::Expander;
use super::files::Files;
use super::function::{Function, Kind, kind};
use super::globals;
use super::known::Known;
use super::parts;
use super::scope::{Given, Scope};
use super::yaml::{At, Node, Value};
use crate::files;
use crate::finding::{Finding, Place, Rule};

/// The prefix of this runtime's settings as variables of a function.
const VARIABLE_PREFIX: &str = "BOOTSTREAM_";

/// The types of functions.
const FUNCTIONS: [&str; 2] = ["AWS::Serverless::Function", "AWS::Lambda::Function"];

/// The types of layers.
const LAYERS: [&str; 2] = ["AWS::Serverless::LayerVersion", "AWS::Lambda::LayerVersion"];

/// A template with its parameters resolved.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) files: Files,
    /// Unresolved, with loops and included files expanded.
    written: Node,
    /// Resolved, with SAM's globals merged, and without resources whose condition does not hold.
    root: Node,
    /// All functions, of any runtime.
    functions: Vec<(String, Kind)>,
    /// The nested stacks that were read, by their resources.
    nested: Vec<(String, Self)>,
    /// Notes about unread parts.
    notes: Vec<Finding>,
}

/// A resource of a template.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resource<'a> {
    pub(crate) name: &'a str,
    node: &'a Node,
}

impl Template {
    /// Reads a template and its nested stacks. `parameters` override its defaults.
    ///
    /// # Errors
    ///
    /// The file cannot be read or is not a template. The error names it.
    pub(crate) fn read(path: &Path, parameters: &[(String, String)]) -> Result<Self> {
        let given = parameters
            .iter()
            .map(|(name, value)| (name.clone(), Known::Is(value.clone())));
        Self::read_within(path, &given.collect(), &parts::Outer::default())
    }

    /// Reads a nested template.
    pub(super) fn read_within(
        path: &Path,
        given: &Given,
        outer: &parts::Outer<'_>,
    ) -> Result<Self> {
        let name = path.display();
        let text = files::read_text(path)?;
        let raw = Node::parse(&text, 0).with_context(|| format!("`{name}` is not YAML or JSON"))?;
        if let Some(other) = parts::other_document(&raw) {
            bail!("`{name}` is {other}");
        }
        let mut files = Files::new(path);
        let (raw, mut unread) = expand(&parts::with_root_include(raw), given, &mut files);
        if raw.get("Resources").is_none() {
            bail!("`{name}` is not a template: it has no `Resources`");
        }
        let scope = Scope::new(&raw, given);
        let root = scope
            .resolve(&raw)
            .with_context(|| format!("`{name}` has no content"))?;
        let mut root = globals::applied(only_with(root, &scope));
        unread.extend(parts::macros(&root));
        unread.extend(parts::read_definitions(&mut root, &scope, &mut files));
        let mut template = Self {
            files,
            written: raw,
            root,
            functions: Vec::new(),
            nested: Vec::new(),
            notes: Vec::new(),
        };
        let notes = unread
            .into_iter()
            .map(|(at, what, why)| template.note(Rule::Template, at, format!("{what}: {why}")));
        template.notes = notes.collect();
        template.functions = template.kinds();
        let (nested, notes) = parts::read_stacks(&template, outer);
        template.nested = nested;
        template.notes.extend(notes);
        Ok(template)
    }

    /// Yields the resources of a type, in order.
    pub(crate) fn resources(&self, kind: &str) -> impl Iterator<Item = Resource<'_>> {
        self.all().filter(move |resource| resource.kind() == kind)
    }

    /// Yields all resources, in order.
    pub(crate) fn all(&self) -> impl Iterator<Item = Resource<'_>> {
        let section = self.root.get("Resources").into_iter();
        section
            .flat_map(Node::entries)
            .map(|(name, node)| Resource { name, node })
    }

    pub(crate) fn resource(&self, name: &str) -> Option<Resource<'_>> {
        self.all().find(|resource| resource.name == name)
    }

    /// Yields the functions of this runtime.
    pub(crate) fn functions(&self) -> impl Iterator<Item = (&Function, Resource<'_>)> {
        self.functions.iter().filter_map(|(name, kind)| match kind {
            Kind::Ours(function) => Some((function.as_ref(), self.resource(name)?)),
            Kind::Foreign | Kind::Unknown(_) => None,
        })
    }

    /// Returns the runtime of a function; `None` if the resource is not a function.
    pub(crate) fn kind_of(&self, resource: &str) -> Option<&Kind> {
        let found = self.functions.iter().find(|(name, _)| name == resource);
        found.map(|(_, kind)| kind)
    }

    /// All functions, of any runtime.
    pub(crate) fn kinds_of_functions(&self) -> impl Iterator<Item = (&str, &Kind)> {
        self.functions
            .iter()
            .map(|(name, kind)| (name.as_str(), kind))
    }

    /// Returns whether this template, or a stack in it, has a function of this runtime.
    pub(crate) fn is_ours(&self) -> bool {
        self.functions().next().is_some() || self.nested.iter().any(|(_, it)| it.is_ours())
    }

    /// Returns the layers of this template that a function uses.
    pub(crate) fn layers<'a>(&'a self, function: Resource<'a>) -> Vec<Resource<'a>> {
        let Some(used) = function.property("Layers") else {
            return Vec::new();
        };
        self.all()
            .filter(|layer| LAYERS.contains(&layer.kind()) && used.refers_to(layer.name))
            .collect()
    }

    pub(crate) fn nested(&self) -> &[(String, Self)] {
        &self.nested
    }

    /// Notes about unread parts.
    pub(crate) fn notes(&self) -> &[Finding] {
        &self.notes
    }

    /// Returns whether a note reports a place as unread.
    pub(crate) fn is_unread(&self, at: At) -> bool {
        let place = self.place(at);
        self.notes.iter().any(|note| note.place == place)
    }

    /// Returns a value of the template's outputs.
    pub(crate) fn output(&self, name: &str) -> Option<&Node> {
        self.root.at(&["Outputs", name, "Value"])
    }

    /// All resources.
    pub(crate) fn everything(&self) -> &Node {
        self.root.get("Resources").unwrap_or(&self.root)
    }

    /// Returns SAM's `Globals` for a kind of resource.
    pub(crate) fn globals(&self, kind: &str) -> Option<&Node> {
        self.root.at(&["Globals", kind])
    }

    /// Returns whether a property of a resource depends on a parameter.
    pub(crate) fn depends_on_parameters(&self, resource: &str, property: &str) -> bool {
        let path = ["Resources", resource, "Properties", property];
        let Some(node) = self.written.at(&path) else {
            return false;
        };
        self.written
            .get("Parameters")
            .into_iter()
            .flat_map(Node::entries)
            .any(|(parameter, _)| node.names(parameter))
            || node.any(&|node| matches!(&node.value, Value::Call(name, _) if name == "If"))
    }

    /// Creates an error at a line of this template.
    pub(crate) fn error(
        &self,
        rule: Rule,
        at: At,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) -> Finding {
        Finding::error(rule, self.place(at), what, fix)
    }

    /// Creates a note at a line of this template: what cannot be judged.
    pub(crate) fn note(&self, rule: Rule, at: At, what: impl Into<String>) -> Finding {
        Finding::note(rule, self.place(at), what)
    }

    pub(crate) fn place(&self, at: At) -> Place {
        Place {
            file: self.files.path(at.file).to_owned(),
            line: Some(at.line),
        }
    }

    /// The template's own file.
    pub(crate) fn path(&self) -> PathBuf {
        self.files.path(0).to_owned()
    }

    fn kinds(&self) -> Vec<(String, Kind)> {
        let functions = self
            .all()
            .filter(|resource| FUNCTIONS.contains(&resource.kind()));
        functions
            .map(|function| {
                let layers = self.layers(function);
                let is_told = self.is_told(function);
                let kind = kind(&self.files, function, &layers, is_told);
                (function.name.to_owned(), kind)
            })
            .collect()
    }

    /// Returns whether the template has a setting of this runtime for a function, whatever its value.
    fn is_told(&self, function: Resource<'_>) -> bool {
        let own = ["Resources", function.name, "Properties", "Environment"];
        let own = self.written.at(&own);
        let is_sam = function.kind() == "AWS::Serverless::Function";
        let of_all = self.written.at(&["Globals", "Function", "Environment"]);
        let mut all = own.into_iter().chain(of_all.filter(|_| is_sam));
        // Even inside an `Fn::If`.
        all.any(|environment| {
            environment.any(&|node| {
                let mut names = node.entries().map(|(name, _)| name);
                names.any(|name| name.starts_with(VARIABLE_PREFIX))
            })
        })
    }

    /// Returns whether the template declares a resource, even if its condition does not hold.
    pub(crate) fn declares(&self, resource: &str) -> bool {
        self.written.at(&["Resources", resource]).is_some()
    }
}

impl<'a> Resource<'a> {
    pub(crate) fn at(&self) -> At {
        self.node.at
    }

    pub(crate) fn kind(&self) -> &'a str {
        let kind = self.node.get("Type").and_then(Node::scalar);
        kind.unwrap_or_default()
    }

    /// Returns a property, or its value in SAM's `Globals`.
    pub(crate) fn property(&self, name: &str) -> Option<&'a Node> {
        self.node.at(&["Properties", name])
    }

    /// All properties.
    pub(crate) fn properties(&self) -> Option<&'a Node> {
        self.node.get("Properties")
    }

    pub(crate) fn metadata(&self, name: &str) -> Option<&'a Node> {
        self.node.at(&["Metadata", name])
    }

    pub(crate) fn boolean(&self, name: &str) -> Known<bool> {
        Known::from(self.property(name)).and_then(Node::boolean)
    }

    pub(crate) fn text(&self, name: &str) -> Known<&'a str> {
        Known::from(self.property(name)).and_then(Node::known)
    }

    /// Returns the place of a property, or of the resource if it lacks the property.
    pub(crate) fn at_of(&self, name: &str) -> At {
        self.property(name).map_or(self.at(), |node| node.at)
    }

    /// The variables of a function.
    pub(crate) fn variables(&self) -> Known<&'a Node> {
        Known::from(self.property("Environment")).and_then(|node| node.lookup("Variables"))
    }

    /// Returns the timeout of this function, in seconds. Lambda's default is 3.
    pub(crate) fn timeout_seconds(&self) -> Known<f64> {
        let properties = Known::from(self.properties());
        let timeout = properties.and_then(|node| node.number_at("Timeout"));
        timeout.or(3.0)
    }
}

/// The place of an unread part, what was not done with it, and why, as sentences.
pub(super) type Unread = (At, String, String);

/// Expands loops and included files, which may contain conditions and mappings.
fn expand(raw: &Node, given: &Given, files: &mut Files) -> (Node, Vec<Unread>) {
    let scope = Scope::new(raw, given);
    let mut expander = Expander::new(&scope, files);
    let root = expander.expand(raw);
    let unread = std::mem::take(&mut expander.unread);
    (root, unread)
}

/// Drops resources whose condition does not hold.
fn only_with(mut root: Node, scope: &Scope) -> Node {
    let resources = root.get_mut("Resources").map(|node| &mut node.value);
    if let Some(Value::Map(resources)) = resources {
        resources.retain(|(_, node)| {
            let condition = node.get("Condition").and_then(Node::scalar);
            condition.is_none_or(|condition| scope.holds(condition) != Some(false))
        });
    }
    root
}
