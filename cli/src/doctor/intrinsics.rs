//! Resolves intrinsic functions, as far as possible before the deployment.
//!
//! Source: CloudFormation's "Intrinsic function reference".

use super::scope::Scope;
use super::text::{Piece, Text};
use super::yaml::{At, Node, Value};

/// The prefix of a dynamic reference, such as `{{resolve:ssm:name}}`.
const DYNAMIC: &str = "{{resolve:";

impl Scope {
    /// Replaces calls by their values and drops `AWS::NoValue`. Unknown values become open.
    pub(crate) fn resolve(&self, node: &Node) -> Option<Node> {
        match &node.value {
            Value::Scalar(_) | Value::Open(_) => Some(with_references(node)),
            Value::List(_) | Value::Map(_) => Some(node.with_children(|child| self.resolve(child))),
            Value::Call(function, argument) => self.call(node.at, function, argument),
        }
    }

    fn call(&self, at: At, function: &str, argument: &Node) -> Option<Node> {
        let known = match function {
            "Ref" if argument.scalar() == Some("AWS::NoValue") => return None,
            "If" => return self.branch(at, argument),
            // The rules search the argument, so the encoding does not matter.
            "ToJsonString" => return self.resolve(argument),
            "Ref" => self
                .resolve(argument)
                .and_then(|it| Some(self.reference(at, it.scalar()?))),
            "GetAtt" => self.attribute(at, argument),
            "Sub" => self.substitute(at, argument),
            "Join" => self.join(at, argument),
            "Select" => self.select(argument),
            "Split" => self.split(at, argument),
            "FindInMap" => self.find_in_map(argument),
            "Length" => self.length(at, argument),
            _ => None,
        };
        let known = known.map(|known| Node { at, ..known });
        Some(known.unwrap_or_else(|| Node::unknown(at, shown(function, argument))))
    }

    fn reference(&self, at: At, name: &str) -> Node {
        if let Some(value) = self.parameter(name) {
            return value.clone();
        }
        Node::of_text(at, Text::of(Piece::reference(name)))
    }

    fn attribute(&self, at: At, argument: &Node) -> Option<Node> {
        let mut path = Vec::new();
        for item in argument.items() {
            path.push(self.resolve(item)?.scalar()?.to_owned());
        }
        Some(Node::of_text(
            at,
            Text::of(Piece::reference(&path.join("."))),
        ))
    }

    /// Resolves to one of two values. If only the deployment knows which, the result is known only if
    /// both are the same.
    fn branch(&self, at: At, argument: &Node) -> Option<Node> {
        let [condition, then, otherwise] = argument.items() else {
            return Some(Node::unknown(at, shown("If", argument)));
        };
        let name = condition.scalar().unwrap_or_default();
        match self.holds(name) {
            Some(true) => self.resolve(then),
            Some(false) => self.resolve(otherwise),
            None => {
                let [one, other] = [then, otherwise].map(|node| self.resolve(node));
                if one == other {
                    return one;
                }
                let may_be_absent = [one, other]
                    .iter()
                    .any(|it| it.as_ref().is_none_or(Node::may_be_absent));
                let mut text = Text::of(Piece::Unknown(format!("the condition `{name}`")));
                text.may_be_absent = may_be_absent;
                let value = Value::Open(text);
                Some(Node { at, value })
            }
        }
    }

    fn substitute(&self, at: At, argument: &Node) -> Option<Node> {
        let mut items = argument.items().iter();
        let template = items.next()?.scalar()?;
        let own = items.next();
        let mut text = Text::default();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, after)) = after.split_once('}') else {
                break;
            };
            text.push(Piece::Literal(before.to_owned()));
            match name.strip_prefix('!') {
                Some(literal) => text.push(Piece::Literal(format!("${{{literal}}}"))),
                None => text.extend(self.variable(at, name.trim(), own)),
            }
            rest = after;
        }
        text.push(Piece::Literal(rest.to_owned()));
        let node = Node::of_text(at, text);
        Some(with_references(&node))
    }

    fn variable(&self, at: At, name: &str, own: Option<&Node>) -> Text {
        let own = own.and_then(|own| own.get(name));
        let value = match own {
            Some(node) => self.resolve(node),
            None => Some(self.reference(at, name)),
        };
        let value = value.unwrap_or_else(|| Node::text(at, ""));
        value
            .as_text()
            .unwrap_or_else(|| Text::of(Piece::Unknown(format!("`${{{name}}}`"))))
    }

    fn join(&self, at: At, argument: &Node) -> Option<Node> {
        let [separator, items] = argument.items() else {
            return None;
        };
        let items = self.resolve(items)?;
        // The list is unknown before the deployment.
        if let Value::Open(text) = &items.value {
            return Some(Node::unknown(at, text.why()));
        }
        let separator = self.resolve(separator)?;
        let separator = separator.scalar()?;
        let mut text = Text::default();
        for (index, item) in items.items().iter().enumerate() {
            if index > 0 {
                text.push(Piece::Literal(separator.to_owned()));
            }
            text.extend(item.as_text()?);
        }
        Some(Node::of_text(at, text))
    }

    fn select(&self, argument: &Node) -> Option<Node> {
        let [index, list] = argument.items() else {
            return None;
        };
        let index: usize = self.resolve(index)?.scalar()?.trim().parse().ok()?;
        let list = self.resolve(list)?;
        match &list.value {
            Value::List(items) => items.get(index).cloned(),
            Value::Open(text) => Some(Node::unknown(list.at, text.why())),
            Value::Scalar(_) | Value::Map(_) | Value::Call(..) => None,
        }
    }

    fn split(&self, at: At, argument: &Node) -> Option<Node> {
        let [separator, text] = argument.items() else {
            return None;
        };
        let (separator, text) = (self.resolve(separator)?, self.resolve(text)?);
        if let Value::Open(text) = &text.value {
            return Some(Node::unknown(at, text.why()));
        }
        let parts = text.scalar()?.split(separator.scalar()?);
        Some(Node {
            at,
            value: Value::List(parts.map(|part| Node::text(at, part)).collect()),
        })
    }

    fn length(&self, at: At, argument: &Node) -> Option<Node> {
        match self.resolve(argument)?.value {
            Value::List(items) => Some(Node::text(at, items.len().to_string())),
            Value::Open(text) => Some(Node::unknown(at, text.why())),
            Value::Scalar(_) | Value::Map(_) | Value::Call(..) => None,
        }
    }

    /// Resolves a value of a mapping. If the key is unknown, the result is known only if all candidates
    /// are the same.
    fn find_in_map(&self, argument: &Node) -> Option<Node> {
        let [map, first, second, more @ ..] = argument.items() else {
            return None;
        };
        let map = self.mapping(self.resolve(map)?.scalar()?);
        let keys = [self.resolve(first)?, self.resolve(second)?];
        let [first, second] = &keys;
        let fits = |key: &Node, name: &str| key.scalar().is_none_or(|key| key == name);
        let default = more.first().and_then(|node| node.get("DefaultValue"));
        let default = default.and_then(|node| self.resolve(node));
        let mut candidates: Vec<Node> = map
            .into_iter()
            .flat_map(Node::entries)
            .filter(|(name, _)| fits(first, name))
            .flat_map(|(_, row)| row.entries())
            .filter(|(name, _)| fits(second, name))
            .map(|(_, node)| without_calls(node))
            .collect();
        let open = keys.iter().find_map(|key| match &key.value {
            Value::Open(text) => Some(text.why()),
            _ => None,
        });
        if open.is_some() || candidates.is_empty() {
            candidates.extend(default);
        }
        let one = candidates.pop()?;
        match open {
            Some(why) if candidates.iter().any(|other| *other != one) => {
                Some(Node::unknown(one.at, why))
            }
            _ => Some(one),
        }
    }
}

/// Marks dynamic references in a text, which CloudFormation resolves, as unknown.
pub(super) fn with_references(node: &Node) -> Node {
    let Some(text) = node.scalar().filter(|text| text.contains(DYNAMIC)) else {
        return node.clone();
    };
    let mut pieces = Text::default();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(DYNAMIC) {
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        pieces.push(Piece::Literal(before.to_owned()));
        pieces.push(Piece::Unknown(format!("`{DYNAMIC}{name}}}}}`")));
        rest = after;
    }
    pieces.push(Piece::Literal(rest.to_owned()));
    Node::of_text(node.at, pieces)
}

/// Removes calls where CloudFormation allows none: in mappings, and in the default of a parameter.
pub(super) fn without_calls(node: &Node) -> Node {
    match &node.value {
        Value::Scalar(_) | Value::Open(_) => with_references(node),
        Value::List(_) | Value::Map(_) => node.with_children(|child| Some(without_calls(child))),
        Value::Call(function, argument) => Node::unknown(node.at, shown(function, argument)),
    }
}

/// Formats a call as a noun, in its short form.
fn shown(function: &str, argument: &Node) -> String {
    let items: Vec<_> = argument.items().iter().filter_map(Node::scalar).collect();
    match items.as_slice() {
        [] => format!("`!{function}`"),
        [one] => format!("`!{function} {one}`"),
        all => format!("`!{function} [{}]`", all.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::known::Known;
    use super::super::scope::Given;
    use super::*;

    const TEMPLATE: &str = "
Parameters:
  Key: {Type: String, Default: ''}
  Origin: {Type: String, Default: 'https://a'}
  Names: {Type: CommaDelimitedList, Default: 'one, two'}
  Open: {Type: String}
  Stored: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /name}
Mappings:
  Of:
    dev: {seconds: 30, same: yes}
    prod: {seconds: 120, same: yes}
Conditions:
  HasKey: !Not [!Equals [!Ref Key, '']]
  Both: !And [!Condition HasKey, !Not [!Equals [!Ref Origin, '']]]
  Circle: !Not [!Condition Circle]
  Through: !Equals [!If [Through, a, b], a]
  Regional: !Equals [!Ref AWS::Region, eu-central-1]
  Decided: !And [!Condition Regional, !Condition HasKey]
Use:
  key: !If [HasKey, !Ref Key, !Ref AWS::NoValue]
  both: !If [Both, yes, no]
  text: !Sub '${Origin}/${AWS::Region}'
  plain: !Sub '${Origin}/x'
  own: !Sub ['${Origin}-${it}-${!Kept}', {it: !Ref Key}]
  later: !Ref Function
  joined: !Join [':', [a, !GetAtt Function.Arn, !Ref Origin]]
  item: !Select [1, !Ref Names]
  part: !Select [0, !Split ['/', 'b/c']]
  count: !Length [a, b, c]
  mapped: !FindInMap [Of, prod, seconds]
  missing: !FindInMap [Of, test, seconds, {DefaultValue: 7}]
  same: !FindInMap [Of, !Ref AWS::Region, same]
  differs: !FindInMap [Of, !Ref AWS::Region, seconds]
  imported: !ImportValue shared
  open: !Ref Open
  stored: !Ref Stored
  secret: 'a-{{resolve:ssm:/x}}'
  regional: !If [Regional, a, b]
  either: !If [Regional, a, a]
  decided: !If [Decided, a, b]
";

    fn used(given: &[(&str, &str)]) -> Node {
        let root = Node::parse(TEMPLATE, 0).unwrap();
        let given: Given = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Known::Is((*value).to_owned())))
            .collect();
        let scope = Scope::new(&root, &given);
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
        assert_eq!(used.get("decided").unwrap().scalar(), Some("b"));
    }

    #[test]
    fn overrides_decide_instead() {
        let used = used(&[("Key", "arn"), ("Open", "given"), ("Stored", "/other")]);

        assert_eq!(used.get("key").unwrap().scalar(), Some("arn"));
        assert_eq!(used.get("both").unwrap().scalar(), Some("yes"));
        assert_eq!(used.get("open").unwrap().scalar(), Some("given"));
        assert_eq!(used.get("stored").unwrap().scalar(), None, "a name");
    }

    #[test]
    fn what_the_template_has_is_computed() {
        let used = used(&[]);

        for (key, value) in [
            ("own", "https://a--${Kept}"),
            ("item", "two"),
            ("part", "b"),
            ("count", "3"),
            ("mapped", "120"),
            ("missing", "7"),
            ("same", "yes"),
            ("either", "a"),
        ] {
            assert_eq!(used.text_at(key), Known::Is(value), "{key}");
        }
        let joined = used.get("joined").unwrap();
        assert!(joined.refers_to("Function"));
        let Value::Open(text) = &joined.value else {
            panic!("{joined:?}")
        };
        assert_eq!(text.to_string(), "a:${Function.Arn}:https://a");
    }

    #[test]
    fn what_only_the_deployment_knows_is_unknown_and_says_why() {
        let used = used(&[]);

        for (key, why) in [
            ("differs", "`${AWS::Region}`"),
            ("imported", "`!ImportValue shared`"),
            (
                "open",
                "the parameter `Open`, which has no default (`-p Open=...`)",
            ),
            (
                "stored",
                "the parameter `Stored`, whose value Systems Manager has",
            ),
            ("secret", "`{{resolve:ssm:/x}}`"),
            ("regional", "the condition `Regional`"),
        ] {
            assert_eq!(used.text_at(key).why(), Some(why), "{key}");
        }
        assert_eq!(used.text_at("nowhere"), Known::Absent);
    }

    fn used_in(template: &str) -> Known<String> {
        let root = Node::parse(template, 0).unwrap();
        let scope = Scope::new(&root, &Given::new());
        let used = scope.resolve(root.get("Use").unwrap()).unwrap();
        used.known().map(str::to_owned)
    }

    #[test]
    fn functions_in_mappings_and_defaults_are_unknown() {
        for template in [
            "Mappings: {M: {a: {b: !FindInMap [M, a, b]}}}\nUse: !FindInMap [M, a, b]\n",
            "Parameters: {P: {Default: !Ref P}}\nUse: !Ref P\n",
        ] {
            assert!(used_in(template).why().is_some(), "{template}");
        }
    }

    #[test]
    fn conditions_that_use_each_other_are_decided_once() {
        let mut template = "Conditions:\n  C0: !Equals [!Ref AWS::Region, x]\n".to_owned();
        for number in 1..100 {
            let below = number - 1;
            let both = format!("  C{number}: !And [!Condition C{below}, !Condition C{below}]\n");
            template.push_str(&both);
        }
        template.push_str("  C: !And [!Condition C, !Condition C]\n");
        for name in ["C", "C99"] {
            let used = used_in(&format!("{template}Use: !If [{name}, a, b]\n"));
            assert_eq!(used.why(), Some(format!("the condition `{name}`").as_str()));
        }
    }

    #[test]
    fn a_long_chain_of_conditions_ends() {
        let mut template = "Conditions:\n  C0: !Equals [a, a]\n".to_owned();
        for number in 1..50_000 {
            let below = number - 1;
            template.push_str(&format!("  C{number}: !Not [!Condition C{below}]\n"));
        }
        let used = used_in(&format!("{template}Use: !If [C49999, a, b]\n"));
        assert!(used.why().is_some());
    }

    #[test]
    fn a_circle_of_conditions_ends() {
        let root = Node::parse(TEMPLATE, 0).unwrap();
        let scope = Scope::new(&root, &Given::new());

        assert_eq!(scope.holds("Circle"), None);
        assert_eq!(scope.holds("Through"), None);
    }
}
