//! Function URLs.

use crate::doctor::template::{Resource, Template};
use crate::doctor::yaml::Node;
use crate::finding::{Finding, Rule};

const URL_ACTION: &str = "lambda:InvokeFunctionUrl";
const ACTION: &str = "lambda:InvokeFunction";

pub(super) fn check(template: &Template) -> Vec<Finding> {
    let mut findings = Vec::new();
    for function in template.functions() {
        if let Some(url) = function.property("FunctionUrlConfig") {
            findings.extend(settings(template, function.name, url, url.line));
            findings.extend(vpc(template, function));
        }
        for url in template.resources("AWS::Lambda::Url") {
            let target = url.property("TargetFunctionArn");
            if target.is_some_and(|target| target.refers_to(function.name)) {
                findings.extend(vpc(template, function));
            }
        }
    }
    for url in template.resources("AWS::Lambda::Url") {
        findings.extend(mode(
            template,
            url.name,
            url.property("InvokeMode"),
            url.line(),
        ));
        findings.extend(public(
            template,
            url.name,
            url.property("AuthType"),
            url.line(),
        ));
    }
    findings.extend(permissions(template));
    findings
}

fn settings(template: &Template, name: &str, url: &Node, line: usize) -> Vec<Finding> {
    let mode = mode(template, name, url.get("InvokeMode"), line);
    let public = public(template, name, url.get("AuthType"), line);
    mode.into_iter().chain(public).collect()
}

fn mode(template: &Template, name: &str, mode: Option<&Node>, line: usize) -> Option<Finding> {
    let found = mode.and_then(Node::scalar);
    (found != Some("RESPONSE_STREAM")).then(|| {
        template.error(
            Rule::InvokeMode,
            mode.map_or(line, |mode| mode.line),
            format!(
                "the function URL of `{name}` has the mode `{}`, which buffers the response",
                found.unwrap_or("BUFFERED")
            ),
            "set `InvokeMode: RESPONSE_STREAM`",
        )
    })
}

fn public(template: &Template, name: &str, auth: Option<&Node>, line: usize) -> Option<Finding> {
    (auth.and_then(Node::scalar) != Some("AWS_IAM")).then(|| {
        template.error(
            Rule::PublicApi,
            auth.map_or(line, |auth| auth.line),
            format!("anybody may call the function URL of `{name}`"),
            "set `AuthType: AWS_IAM`, or accept it with `--allow public-api`",
        )
    })
}

fn vpc(template: &Template, function: Resource<'_>) -> Option<Finding> {
    let vpc = function.property("VpcConfig")?;
    Some(template.error(
        Rule::UrlInVpc,
        vpc.line,
        format!(
            "function `{}` is in a VPC, where function URLs do not stream",
            function.name
        ),
        "take the function out of the VPC, or use a REST API in front of it",
    ))
}

/// Callers of URLs made since October 2025 need two permissions: "Control access to Lambda function
/// URLs".
fn permissions(template: &Template) -> Vec<Finding> {
    let all: Vec<_> = template.resources("AWS::Lambda::Permission").collect();
    let has = |one: Resource<'_>, action: &str| {
        all.iter().any(|other| {
            other.text("Action") == Some(action)
                && ["Principal", "FunctionName"]
                    .into_iter()
                    .all(|name| other.property(name) == one.property(name))
        })
    };
    all.iter()
        .filter_map(|permission| {
            let by_url = permission.text("InvokedViaFunctionUrl") == Some("true");
            let missing = match permission.text("Action")? {
                URL_ACTION => ACTION,
                ACTION if by_url => URL_ACTION,
                _ => return None,
            };
            (!has(*permission, missing)).then(|| {
                template.error(
                    Rule::UrlPermissions,
                    permission.line_of("Action"),
                    format!(
                        "`{}` lets a caller of the function URL do one of two things it needs; \
                         `{missing}` is missing",
                        permission.name
                    ),
                    format!(
                        "add an `AWS::Lambda::Permission` with `Action: {missing}` for the same \
                         principal and function"
                    ),
                )
            })
        })
        .collect()
}
