//! The actions that the settings need of the function's role.

use aws_signing::Rule as Entry;
use bootstream_host::config::action_for_secret;

use crate::doctor::function::Function;
use crate::doctor::known::Known;
use crate::doctor::template::{Resource, Template};
use crate::doctor::text::{Piece, Text};
use crate::doctor::yaml::{At, Node, Value};
use crate::finding::{Finding, Rule};

/// Managed policies that only let a function write its logs and traces, or use its network.
const WITHOUT_CALLS: [&str; 4] = [
    "AWSLambdaBasicExecutionRole",
    "AWSLambdaVPCAccessExecutionRole",
    "AWSXRayDaemonWriteAccess",
    "AWSXrayWriteOnlyAccess",
];

/// Managed policies that allow nearly every action.
const OF_EVERYTHING: [&str; 2] = ["AdministratorAccess", "PowerUserAccess"];

pub(super) fn check(template: &Template) -> Vec<Finding> {
    let functions = template.functions();
    functions
        .flat_map(|(function, resource)| of_function(template, function, resource))
        .collect()
}

fn of_function(template: &Template, function: &Function, resource: Resource<'_>) -> Vec<Finding> {
    let needs = match needs(function) {
        Known::Is(needs) if !needs.is_empty() => needs,
        Known::Absent | Known::Is(_) => return Vec::new(),
        Known::Unknown(why) => {
            let what = format!(
                "cannot tell which AWS actions function `{}` needs: its settings depend on {why}",
                function.name
            );
            return vec![template.note(Rule::MissingAction, resource.at(), what)];
        }
    };
    let granted = Granted::to(template, resource);
    let needs = needs.iter();
    needs
        .filter_map(|need| of_need(template, &function.name, need, &granted))
        .collect()
}

/// An AWS call that the settings ask for.
struct Need {
    /// The setting, as the subject of a sentence.
    setting: String,
    /// Actions of which the role has to allow one.
    actions: Vec<String>,
}

fn needs(function: &Function) -> Known<Vec<Need>> {
    let settings = &function.settings;
    // The rule for variables reports secrets that are unknown.
    let sources = settings.sources.clone().is().unwrap_or_default();
    settings.aws_allow.clone().or(Vec::new()).map(|entries| {
        let calls = entries.iter().filter_map(|text| call(text));
        let fetches = sources.iter().filter_map(|source| fetch(source));
        calls.chain(fetches).collect()
    })
}

/// `bootstrap` and `bootstream package` report an entry that is not valid.
fn call(text: &str) -> Option<Need> {
    let entry: Entry = text.parse().ok()?;
    Some(Need {
        setting: format!("`aws.allow` has `{text}`"),
        actions: entry.iam_actions(),
    })
}

/// The host fetches these itself.
fn fetch(source: &str) -> Option<Need> {
    let action = action_for_secret(source)?;
    Some(Need {
        setting: format!("a secret comes from `{source}`"),
        actions: vec![action.to_owned()],
    })
}

fn of_need(template: &Template, function: &str, need: &Need, granted: &Granted) -> Option<Finding> {
    if need.actions.iter().any(|action| granted.allows(action)) {
        return None;
    }
    let (setting, actions) = (&need.setting, quoted(&need.actions));
    if let Some(why) = granted.unknown.first() {
        let what = format!(
            "cannot tell whether the role of function `{function}` allows {actions}, which it needs \
             because {setting}: it depends on {why}"
        );
        return Some(template.note(Rule::MissingAction, granted.at, what));
    }
    let what = format!("{setting}, but the role of function `{function}` does not allow {actions}");
    let fix = format!(
        "allow {actions} on the resources the handler needs in a policy of the function's role; if a \
         policy of the resource itself allows it, pass `--allow missing-action`"
    );
    let finding = template.error(Rule::MissingAction, granted.at, what, fix);
    Some(finding.into_warning())
}

fn quoted(actions: &[String]) -> String {
    let quoted: Vec<_> = actions.iter().map(|action| format!("`{action}`")).collect();
    quoted.join(" or ")
}

/// What the policies of a function's role allow.
#[derive(Debug, Default)]
struct Granted {
    /// Where the role, or the function's own list of policies, is.
    at: At,
    /// Patterns of actions, such as `dynamodb:Get*`.
    actions: Vec<String>,
    /// Names of policies whose content is elsewhere, such as `AmazonDynamoDBFullAccess`.
    policies: Vec<String>,
    /// What the rest depends on, as nouns.
    unknown: Vec<String>,
}

impl Granted {
    /// Reads the policies of a function: those of its role, or those from which SAM makes a role.
    fn to(template: &Template, function: Resource<'_>) -> Self {
        let mut granted = Self {
            at: function.at_of("Role"),
            ..Self::default()
        };
        match function.property("Role") {
            Some(role) => granted.add_role(template, role),
            None => {
                if let Some(policies) = function.property("Policies") {
                    granted.at = policies.at;
                    granted.add_policies(template, policies);
                }
                // SAM calls the role that it makes after the function.
                granted.add_attached(template, &format!("{}Role", function.name));
            }
        }
        granted
    }

    fn allows(&self, action: &str) -> bool {
        let service = action.split(':').next().unwrap_or_default();
        let names_service = |policy: &String| policy.to_ascii_lowercase().contains(service);
        self.actions.iter().any(|allowed| overlap(allowed, action))
            || self.policies.iter().any(names_service)
    }

    fn add_role(&mut self, template: &Template, role: &Node) {
        let name = reference(role).and_then(|name| template.resource(name));
        let Some(role) = name.filter(|it| it.kind() == "AWS::IAM::Role") else {
            let why = role.known().why().map(str::to_owned);
            self.unknown.push(
                why.unwrap_or_else(|| "its role, which the template does not declare".to_owned()),
            );
            return;
        };
        self.at = role.at();
        if let Some(policies) = role.property("Policies") {
            self.add_policies(template, policies);
        }
        if let Some(managed) = role.property("ManagedPolicyArns") {
            self.add_policies(template, managed);
        }
        self.add_attached(template, role.name);
    }

    /// Adds the policies that name a role, as the CDK writes them.
    fn add_attached(&mut self, template: &Template, role: &str) {
        for policy in template.all() {
            let roles = match policy.kind() {
                "AWS::IAM::Policy" | "AWS::IAM::ManagedPolicy" => policy.property("Roles"),
                "AWS::IAM::RolePolicy" => policy.property("RoleName"),
                _ => None,
            };
            if roles.is_some_and(|roles| roles.refers_to(role)) {
                self.add_documents(policy.property("PolicyDocument"));
            }
        }
    }

    /// Adds one policy or a list: documents, names and ARNs of managed policies, and SAM's policy templates.
    fn add_policies(&mut self, template: &Template, node: &Node) {
        match &node.value {
            Value::List(items) => items
                .iter()
                .for_each(|item| self.add_policies(template, item)),
            Value::Scalar(name) => self.add_managed(name),
            Value::Open(text) => self.add_open(template, node, text),
            Value::Map(_) if node.get("PolicyDocument").is_some() => {
                self.add_documents(node.get("PolicyDocument"));
            }
            Value::Map(_) if node.get("Statement").is_some() => self.add_documents(Some(node)),
            // A policy template of SAM's: its name says what it is for.
            Value::Map(entries) => self
                .policies
                .extend(entries.iter().map(|(name, _)| name.clone())),
            Value::Call(..) => {}
        }
    }

    fn add_open(&mut self, template: &Template, node: &Node, text: &Text) {
        let declared = reference(node).and_then(|name| template.resource(name));
        match declared {
            Some(policy) => self.add_documents(policy.property("PolicyDocument")),
            None if text.has_unknown() => self.unknown.push(text.why()),
            // The partition is open, the name is not.
            None => self.add_managed(&text.to_string()),
        }
    }

    fn add_managed(&mut self, arn: &str) {
        let name = arn.rsplit('/').next().unwrap_or(arn);
        if OF_EVERYTHING.contains(&name) {
            self.actions.push("*".to_owned());
        } else if !WITHOUT_CALLS.contains(&name) {
            self.policies.push(name.to_owned());
            self.unknown.push(format!("the managed policy `{name}`"));
        }
    }

    fn add_documents(&mut self, document: Option<&Node>) {
        let Some(statements) = document.and_then(|it| it.get("Statement")) else {
            return;
        };
        for statement in one_or_more(statements) {
            if let Value::Open(text) = &statement.value {
                self.unknown.push(text.why());
            }
            let denies = statement.get("Effect").and_then(Node::scalar) == Some("Deny");
            if let Some(actions) = statement.get("Action").filter(|_| !denies) {
                for action in one_or_more(actions) {
                    match action.known() {
                        Known::Is(action) => self.actions.push(action.to_owned()),
                        Known::Unknown(why) => self.unknown.push(why),
                        Known::Absent => {}
                    }
                }
            }
            if statement.get("NotAction").is_some() && !denies {
                self.unknown.push("a statement with `NotAction`".to_owned());
            }
        }
    }
}

/// Returns the items of a list, or the node itself.
fn one_or_more(node: &Node) -> &[Node] {
    match &node.value {
        Value::List(items) => items,
        Value::Scalar(_) | Value::Map(_) | Value::Call(..) | Value::Open(_) => {
            std::slice::from_ref(node)
        }
    }
}

/// Returns the resource that a `Ref` or `GetAtt` names.
fn reference(node: &Node) -> Option<&str> {
    let Value::Open(text) = &node.value else {
        return None;
    };
    text.pieces().iter().find_map(|piece| match piece {
        Piece::Reference { name, .. } => Some(name.as_str()),
        Piece::Literal(_) | Piece::Unknown(_) => None,
    })
}

/// Returns whether an action exists that matches both patterns. IAM ignores the case of actions.
fn overlap(one: &str, other: &str) -> bool {
    fn from(one: &[u8], other: &[u8]) -> bool {
        match (one, other) {
            ([], []) => true,
            ([b'*', rest @ ..], _) if from(rest, other) => true,
            (_, [b'*', rest @ ..]) if from(one, rest) => true,
            ([b'*', ..], [_, rest @ ..]) => from(one, rest),
            ([_, rest @ ..], [b'*', ..]) => from(rest, other),
            ([a, one @ ..], [b, other @ ..]) => {
                (a.eq_ignore_ascii_case(b) || *a == b'?' || *b == b'?') && from(one, other)
            }
            ([], _) | (_, []) => false,
        }
    }
    from(one.as_bytes(), other.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_overlap_if_an_action_matches_both() {
        for (one, other, expected) in [
            ("dynamodb:GetItem", "dynamodb:GetItem", true),
            ("dynamodb:getitem", "DynamoDB:GetItem", true),
            ("dynamodb:*", "dynamodb:GetItem", true),
            ("dynamodb:Get*", "dynamodb:*Item", true),
            ("dynamodb:Get*", "dynamodb:Put*", false),
            ("dynamodb:GetItem", "dynamodb:GetItems", false),
            ("*", "s3:GetObject", true),
            ("s3:Get?bject", "s3:GetObject", true),
            ("s3:*", "sqs:*", false),
            ("s3:", "s3:GetObject", false),
        ] {
            assert_eq!(overlap(one, other), expected, "{one} {other}");
            assert_eq!(overlap(other, one), expected, "{other} {one}");
        }
    }
}
