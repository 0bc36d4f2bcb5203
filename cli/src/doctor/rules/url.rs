//! Function URLs.

use crate::doctor::callee::Callee;
use crate::doctor::function::Function;
use crate::doctor::known::Known;
use crate::doctor::settings::Buffered;
use crate::doctor::template::{Resource, Template};
use crate::doctor::yaml::{At, Node, Value};
use crate::finding::{Finding, Rule};

const URL_ACTION: &str = "lambda:InvokeFunctionUrl";
const ACTION: &str = "lambda:InvokeFunction";

/// A function URL, and the function behind it.
struct Url<'a> {
    template: &'a Template,
    /// The name for messages.
    name: &'a str,
    at: At,
    mode: Option<&'a Node>,
    auth: Option<&'a Node>,
    function: &'a Function,
}

pub(super) fn check(template: &Template) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (function, resource) in template.functions() {
        if let Some(url) = resource.property("FunctionUrlConfig") {
            if let Value::Open(text) = &url.value {
                let what = format!(
                    "cannot tell whether function `{}` has a function URL: it depends on {}",
                    function.name,
                    text.why()
                );
                findings.push(template.note(Rule::InvokeMode, url.at, what));
                continue;
            }
            let url = Url {
                template,
                name: &function.name,
                at: url.at,
                mode: url.get("InvokeMode"),
                auth: url.get("AuthType"),
                function,
            };
            findings.extend(url.check());
        }
    }
    for url in template.resources("AWS::Lambda::Url") {
        let Some(target) = url.property("TargetFunctionArn") else {
            continue;
        };
        match template.callee(target) {
            Callee::Ours(function) => {
                let url = Url {
                    template,
                    name: url.name,
                    at: url.at(),
                    mode: url.property("InvokeMode"),
                    auth: url.property("AuthType"),
                    function,
                };
                findings.extend(url.check());
            }
            Callee::Other => {}
            Callee::Unknown(why) => {
                let name = url.name;
                let what = format!(
                    "cannot tell which function the URL `{name}` calls: it depends on {why}"
                );
                findings.push(template.note(Rule::InvokeMode, target.at, what));
            }
        }
    }
    findings.extend(permissions(template));
    findings
}

impl Url<'_> {
    fn check(&self) -> Vec<Finding> {
        let findings = [self.mode(), self.public(), self.vpc()];
        findings.into_iter().flatten().collect()
    }

    fn mode(&self) -> Option<Finding> {
        let name = self.name;
        let at = self.mode.map_or(self.at, |mode| mode.at);
        let found = Known::from(self.mode).and_then(Node::known).or("BUFFERED");
        let note = |what: String| Some(self.template.note(Rule::InvokeMode, at, what));
        match (found, &self.function.settings.buffered) {
            (Known::Is("RESPONSE_STREAM"), Known::Is(Buffered::Always)) => {
                let what = format!(
                    "nothing streams through the function URL of `{name}`: the setting \
                     `response.buffered` of function `{}` is `always`",
                    self.function.name
                );
                let fix = "set `response.buffered` to `auto`";
                let finding = self.template.error(Rule::InvokeMode, at, what, fix);
                Some(finding.into_warning())
            }
            (Known::Is("RESPONSE_STREAM"), _) | (_, Known::Is(Buffered::Always)) => None,
            (Known::Unknown(why), _) => note(format!(
                "cannot tell whether the function URL of `{name}` streams: `InvokeMode` depends on {why}"
            )),
            (_, Known::Unknown(why)) => note(format!(
                "cannot tell whether `{name}` is to be buffered: `response.buffered` depends on {why}"
            )),
            (Known::Is(found), _) => Some(self.template.error(
                Rule::InvokeMode,
                at,
                format!(
                    "the function URL of `{name}` has the mode `{found}`, which buffers the response"
                ),
                "set `InvokeMode: RESPONSE_STREAM`",
            )),
            (Known::Absent, _) => None,
        }
    }

    fn public(&self) -> Option<Finding> {
        let name = self.name;
        let at = self.auth.map_or(self.at, |auth| auth.at);
        match Known::from(self.auth).and_then(Node::known) {
            Known::Is("AWS_IAM") => None,
            Known::Unknown(why) => {
                let what = format!(
                    "cannot tell whether anybody may call the function URL of `{name}`: `AuthType` \
                     depends on {why}"
                );
                Some(self.template.note(Rule::PublicApi, at, what))
            }
            Known::Is(_) | Known::Absent => Some(self.template.error(
                Rule::PublicApi,
                at,
                format!("anybody may call the function URL of `{name}`"),
                "set `AuthType: AWS_IAM`, or accept it with `--allow public-api`",
            )),
        }
    }

    fn vpc(&self) -> Option<Finding> {
        let function = &self.function.name;
        if self.function.settings.buffered == Known::Is(Buffered::Always) {
            return None;
        }
        let vpc = self.template.resource(function)?.property("VpcConfig")?;
        if let Value::Open(text) = &vpc.value {
            let why = text.why();
            let what = format!(
                "cannot tell whether function `{function}` is in a VPC, where function URLs do not \
                 stream: `VpcConfig` depends on {why}"
            );
            return Some(self.template.note(Rule::UrlInVpc, vpc.at, what));
        }
        // Empty lists take a function out of a VPC.
        let subnets = vpc.get("SubnetIds");
        if subnets.is_some_and(|it| matches!(&it.value, Value::List(items) if items.is_empty())) {
            return None;
        }
        Some(self.template.error(
            Rule::UrlInVpc,
            vpc.at,
            format!("function `{function}` is in a VPC, where function URLs do not stream"),
            "take the function out of the VPC, or use a REST API in front of it",
        ))
    }
}

/// Callers of URLs made since October 2025 need two permissions: "Control access to Lambda function
/// URLs".
fn permissions(template: &Template) -> Vec<Finding> {
    let all: Vec<_> = template
        .resources("AWS::Lambda::Permission")
        .filter_map(|permission| {
            let function = template.callee(permission.property("FunctionName")?);
            Some((permission, function.ours()?))
        })
        .collect();
    let has = |one: Resource<'_>, of: &Function, action: &str| {
        all.iter().any(|(other, function)| {
            let gives = other.text("Action");
            (gives == Known::Is(action) || gives == Known::Is("lambda:*"))
                && function.name == of.name
                && other.property("Principal") == one.property("Principal")
        })
    };
    all.iter()
        .filter_map(|(permission, function)| {
            let by_url = permission.boolean("InvokedViaFunctionUrl") == Known::Is(true);
            let missing = match permission.text("Action").is()? {
                URL_ACTION => ACTION,
                ACTION if by_url => URL_ACTION,
                _ => return None,
            };
            (!has(*permission, function, missing)).then(|| {
                template.error(
                    Rule::UrlPermissions,
                    permission.at_of("Action"),
                    format!(
                        "`{}` grants only one of the two permissions a function URL needs; \
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
