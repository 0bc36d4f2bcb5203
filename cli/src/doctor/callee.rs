//! Resolves a URI, an ARN or a name to a function.

use super::function::{Function, Kind};
use super::template::Template;
use super::text::{Piece, Text, UNKNOWN};
use super::yaml::Node;

/// Longest chain of aliases and outputs.
const DEPTH: usize = 8;

/// The target of a call.
#[derive(Clone, Debug)]
pub(crate) enum Callee<'a> {
    /// A function of this runtime.
    Ours(&'a Function),
    /// Another function, something that is not a function, or a function with an unknown runtime: the
    /// rule for functions reports that once, instead of once per caller.
    Other,
    /// What it depends on, as a noun.
    Unknown(String),
}

impl<'a> Callee<'a> {
    pub(crate) fn ours(self) -> Option<&'a Function> {
        match self {
            Self::Ours(function) => Some(function),
            Self::Other | Self::Unknown(_) => None,
        }
    }
}

impl Template {
    /// Finds the target of a resolved node: `Ref` and `GetAtt`, the URI of an integration, an ARN with
    /// or without a version or an alias, or a name, however it was put together.
    pub(crate) fn callee(&self, node: &Node) -> Callee<'_> {
        self.callee_within(node, DEPTH)
    }

    /// Returns the functions of this runtime that are named anywhere in a resolved node, such as the
    /// definition of a state machine.
    pub(crate) fn functions_in(&self, node: &Node) -> Vec<&Function> {
        if let Some(text) = node.as_text() {
            return self.functions_of(&text);
        }
        let children = node.children().into_iter();
        children
            .flat_map(|child| self.functions_in(child))
            .collect()
    }

    fn functions_of(&self, text: &Text) -> Vec<&Function> {
        let by_reference = text.pieces().iter().filter_map(|piece| match piece {
            Piece::Reference { name, attribute } => {
                self.callee_by_reference(name, attribute.as_deref(), DEPTH)
            }
            Piece::Literal(_) | Piece::Unknown(_) => None,
        });
        let shown = text.to_string();
        let named = shown.split(":function:").skip(1);
        let by_name = named.map(|after| self.callee_by_name(until_end(after)));
        let all = by_reference.chain(by_name);
        all.filter_map(Callee::ours).collect()
    }

    fn callee_within(&self, node: &Node, depth: usize) -> Callee<'_> {
        let Some(depth) = depth.checked_sub(1) else {
            return Callee::Other;
        };
        let text = node.as_text();
        text.map_or(Callee::Other, |text| self.callee_of(&text, depth))
    }

    fn callee_of(&self, text: &Text, depth: usize) -> Callee<'_> {
        for piece in text.pieces() {
            let Piece::Reference { name, attribute } = piece else {
                continue;
            };
            if let Some(callee) = self.callee_by_reference(name, attribute.as_deref(), depth) {
                return callee;
            }
        }
        let shown = text.to_string();
        match function_name(&shown) {
            Some(name) if name.contains("${stageVariables.") => {
                Callee::Unknown("a variable of the stage".to_owned())
            }
            Some(name) if name.contains(UNKNOWN) => Callee::Unknown(text.why()),
            Some(name) => match (self.callee_by_name(name), self.stranger(text)) {
                (Callee::Other, Some(why)) => Callee::Unknown(why),
                (callee, _) => callee,
            },
            // An ARN that is built elsewhere.
            None if text.has_unknown() => Callee::Unknown(text.why()),
            None => self.stranger(text).map_or(Callee::Other, Callee::Unknown),
        }
    }

    fn callee_by_reference(
        &self,
        name: &str,
        attribute: Option<&str>,
        depth: usize,
    ) -> Option<Callee<'_>> {
        if let Some(kind) = self.kind_of(name) {
            return Some(callee(kind));
        }
        let Some(resource) = self.resource(name) else {
            return Some(callee(self.published(name)?));
        };
        match resource.kind() {
            "AWS::Lambda::Alias" | "AWS::Lambda::Version" => resource
                .property("FunctionName")
                .map(|node| self.callee_within(node, depth)),
            "AWS::CloudFormation::Stack" | "AWS::Serverless::Application" => {
                let stack = self.nested().iter().find(|(stack, _)| stack == name);
                let output = attribute.and_then(|it| it.strip_prefix("Outputs."));
                let found = stack.zip(output).and_then(|((_, stack), output)| {
                    let node = stack.output(output)?;
                    Some(stack.callee_within(node, depth))
                });
                Some(
                    found.unwrap_or_else(|| {
                        Callee::Unknown(format!("an output of the stack `{name}`"))
                    }),
                )
            }
            _ => None,
        }
    }

    /// Returns the function of an alias or a version that SAM generates for `AutoPublishAlias`: "AWS
    /// CloudFormation resources generated when you specify AutoPublishAlias".
    fn published(&self, name: &str) -> Option<&Kind> {
        let mut functions = self.kinds_of_functions();
        let (_, kind) = functions.find(|(function, _)| {
            let made = name.strip_prefix(function);
            let is_made = |it: &str| it.starts_with("Alias") || it.starts_with("Version");
            let resource = self.resource(function);
            made.is_some_and(is_made)
                && resource.is_some_and(|it| it.property("AutoPublishAlias").is_some())
        })?;
        Some(kind)
    }

    /// Returns what a text names but the template does not declare, such as the output of a macro.
    fn stranger(&self, text: &Text) -> Option<String> {
        let mut pieces = text.pieces().iter();
        pieces.find_map(|piece| match piece {
            Piece::Reference { name, .. } if !name.contains("::") && !self.declares(name) => {
                Some(format!("`{name}`, which the template does not declare"))
            }
            Piece::Literal(_) | Piece::Reference { .. } | Piece::Unknown(_) => None,
        })
    }

    /// Finds a function by its own name, which may contain the name of the stack.
    fn callee_by_name(&self, name: &str) -> Callee<'_> {
        let found = self.kinds_of_functions().find(|(resource, _)| {
            let own = self.resource(resource);
            let own = own.and_then(|resource| resource.property("FunctionName"));
            let own = own.and_then(Node::as_text);
            own.is_some_and(|own| !own.has_unknown() && own.to_string() == name)
        });
        found.map_or(Callee::Other, |(_, kind)| callee(kind))
    }
}

fn callee(kind: &Kind) -> Callee<'_> {
    match kind {
        Kind::Ours(function) => Callee::Ours(function),
        Kind::Foreign | Kind::Unknown(_) => Callee::Other,
    }
}

/// Returns the name in a function's ARN, with or without an API's URI around it; the text itself if it
/// can be a name.
fn function_name(text: &str) -> Option<&str> {
    if let Some((_, after)) = text.split_once(":function:") {
        return Some(until_end(after));
    }
    let outside = without_placeholders(text);
    // A name with a version or an alias.
    if outside.matches(':').count() == 1 && !outside.contains('/') {
        return Some(until_end(text));
    }
    let is_name = !outside.contains(':') && !outside.contains('/') && text != UNKNOWN;
    is_name.then_some(text)
}

/// Returns the text before the `:` of a version or the `/` of a path, skipping placeholders.
fn until_end(text: &str) -> &str {
    let mut inside = false;
    let end = text.find(|c| {
        match c {
            '{' => inside = true,
            '}' => inside = false,
            _ => {}
        }
        !inside && !is_of_name(c) && c != '}'
    });
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// Returns whether a name may contain the character, including a placeholder's `$` and `{`.
fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_${".contains(c)
}

/// Returns a text without its `${...}`.
pub(super) fn without_placeholders(text: &str) -> String {
    let mut inside = false;
    let outside = text.chars().filter(|c| {
        match c {
            '{' => inside = true,
            '}' => inside = false,
            _ => {}
        }
        !inside
    });
    outside.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_each_form() {
        for (text, name) in [
            ("stream", Some("stream")),
            ("${AWS::StackName}-stream", Some("${AWS::StackName}-stream")),
            (
                "arn:aws:lambda:eu-central-1:1:function:stream",
                Some("stream"),
            ),
            (
                "arn:aws:lambda:${AWS::Region}:1:function:stream:live",
                Some("stream"),
            ),
            (
                "arn:aws:apigateway:x:lambda:path/2015-03-31/functions/\
                 arn:aws:lambda:x:1:function:${AWS::StackName}-a/invocations",
                Some("${AWS::StackName}-a"),
            ),
            ("arn:aws:apigateway:x:s3:path/files", None),
            ("stream:live", Some("stream")),
            ("123456789012:function:stream", Some("stream")),
            ("https://example.com/", None),
            (UNKNOWN, None),
        ] {
            assert_eq!(function_name(text), name, "{text}");
        }
    }
}
