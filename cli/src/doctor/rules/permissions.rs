//! Permissions: those that do not exist, and those that are too wide.

use crate::doctor::template::Template;
use crate::doctor::yaml::{Node, Value};
use crate::finding::{Finding, Rule};

pub(super) fn check(template: &Template) -> Vec<Finding> {
    let mut findings = Vec::new();
    actions(template, template.everything(), &mut findings);
    findings.extend(wide(template));
    findings
}

/// Looks for an action that is often written, because there is an API operation of that name.
fn actions(template: &Template, node: &Node, findings: &mut Vec<Finding>) {
    match &node.value {
        Value::Scalar(text) if text.eq_ignore_ascii_case("lambda:InvokeWithResponseStream") => {
            findings.push(template.error(
                Rule::Permission,
                node.line,
                format!("there is no permission `{text}`"),
                "use `lambda:InvokeFunction`, which covers streaming",
            ));
        }
        Value::Scalar(_) => {}
        Value::List(items) => items
            .iter()
            .for_each(|item| actions(template, item, findings)),
        Value::Map(entries) => entries
            .iter()
            .for_each(|(_, node)| actions(template, node, findings)),
        Value::Call(_, argument) => actions(template, argument, findings),
    }
}

/// A service that may call the function for anybody's API, or everybody.
fn wide(template: &Template) -> Vec<Finding> {
    template
        .resources("AWS::Lambda::Permission")
        .filter_map(|permission| {
            let principal = permission.text("Principal")?;
            let source = permission.property("SourceArn");
            let source_is_wide = source.is_none_or(|source| source.scalar() == Some("*"));
            let service = principal.ends_with(".amazonaws.com");
            let line = permission.line_of("Principal");
            if service && source_is_wide {
                return Some(template.error(
                    Rule::Permission,
                    line,
                    format!(
                        "`{}` lets `{principal}` call the function for any account",
                        permission.name
                    ),
                    "name the caller with `SourceArn`",
                ));
            }
            let for_url = permission.text("FunctionUrlAuthType") == Some("NONE")
                || permission.text("InvokedViaFunctionUrl") == Some("true");
            (principal == "*" && !for_url).then(|| {
                template.error(
                    Rule::Permission,
                    line,
                    format!("`{}` lets anybody call the function", permission.name),
                    "name the principal",
                )
            })
        })
        .collect()
}
