//! Permissions that do not exist or are too wide.

use crate::doctor::callee::{Callee, without_placeholders};
use crate::doctor::known::Known;
use crate::doctor::template::{Resource, Template};
use crate::doctor::yaml::{Node, Value};
use crate::finding::{Finding, Rule};

/// Properties that restrict the caller: Lambda's "AddPermission".
const NARROW: [&str; 5] = [
    "SourceAccount",
    "SourceArn",
    "PrincipalOrgID",
    "FunctionUrlAuthType",
    "EventSourceToken",
];

/// The suffixes of service names.
const SUFFIXES: [&str; 3] = [".amazonaws.com", ".amazonaws.com.cn", ".${AWS::URLSuffix}"];

pub(super) fn check(template: &Template) -> Vec<Finding> {
    let mut findings = Vec::new();
    if template.functions().next().is_some() {
        actions(template, template.everything(), &mut findings);
    }
    findings.extend(wide(template));
    findings
}

/// Finds a common mistake: an action named after an API operation.
fn actions(template: &Template, node: &Node, findings: &mut Vec<Finding>) {
    match &node.value {
        Value::Scalar(text) if text.eq_ignore_ascii_case("lambda:InvokeWithResponseStream") => {
            findings.push(template.error(
                Rule::Permission,
                node.at,
                format!("there is no permission `{text}`"),
                "use `lambda:InvokeFunction`, which covers streaming",
            ));
        }
        // Next to the right action, the wrong one does no harm.
        Value::List(items) if items.iter().any(invokes) => {}
        _ => {
            for child in node.children() {
                actions(template, child, findings);
            }
        }
    }
}

fn invokes(action: &Node) -> bool {
    let action = action.scalar().unwrap_or_default().to_ascii_lowercase();
    ["lambda:invokefunction", "lambda:invoke*", "lambda:*", "*"].contains(&action.as_str())
}

/// Finds permissions for everybody, or for a service on behalf of any account.
fn wide(template: &Template) -> Vec<Finding> {
    template
        .resources("AWS::Lambda::Permission")
        .filter_map(|permission| {
            let function = permission.property("FunctionName")?;
            match template.callee(function) {
                Callee::Ours(_) => of_permission(template, permission),
                Callee::Other => None,
                Callee::Unknown(why) => {
                    // No note if the permission is fine whichever function it names.
                    of_permission(template, permission)?;
                    let name = permission.name;
                    let what = format!(
                        "cannot tell which function the permission `{name}` is for: it depends on {why}"
                    );
                    Some(template.note(Rule::Permission, function.at, what))
                }
            }
        })
        .collect()
}

/// Returns whether a value matches everybody: `*`, or an ARN that names neither an account nor a resource, such
/// as `arn:aws:s3:::*`.
fn is_of_anybody(value: &Node) -> bool {
    let text = match &value.value {
        Value::Scalar(text) => text.clone(),
        Value::Open(text) => without_placeholders(&text.to_string()),
        Value::List(_) | Value::Map(_) | Value::Call(..) => return false,
    };
    let parts: Vec<_> = text.splitn(6, ':').collect();
    match parts.as_slice() {
        ["*"] => true,
        ["arn", _, _, _, account, resource] => {
            matches!(*account, "" | "*") && resource.starts_with('*')
        }
        _ => false,
    }
}

fn of_permission(template: &Template, permission: Resource<'_>) -> Option<Finding> {
    let name = permission.name;
    let at = permission.at_of("Principal");
    let is_narrow = NARROW.into_iter().any(|key| {
        let value = permission.property(key);
        value.is_some_and(|value| !is_of_anybody(value))
    });
    if is_narrow || permission.boolean("InvokedViaFunctionUrl") == Known::Is(true) {
        return None;
    }
    let principal = permission.property("Principal")?.as_text()?;
    if principal.has_unknown() {
        let why = principal.why();
        let what = format!(
            "cannot tell whom `{name}` lets call the function: `Principal` depends on {why}"
        );
        return Some(template.note(Rule::Permission, at, what));
    }
    // An account, a role, or a service with the partition's own suffix.
    let principal = principal.to_string();
    if principal == "*" {
        return Some(template.error(
            Rule::Permission,
            at,
            format!("`{name}` lets anybody call the function"),
            "name the principal",
        ));
    }
    let is_service = SUFFIXES.iter().any(|suffix| principal.ends_with(suffix));
    is_service.then(|| {
        template.error(
            Rule::Permission,
            at,
            format!("`{name}` lets `{principal}` call the function for any account"),
            "name the caller with `SourceArn`, or its account with `SourceAccount`",
        )
    })
}
