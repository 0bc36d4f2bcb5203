//! What one method of a REST API says about its function.
//!
//! Source of the numbers: API Gateway's "Stream the integration response for your proxy
//! integrations" and "Amazon API Gateway quotas".

use crate::doctor::template::{Resource, Template};
use crate::doctor::yaml::Node;
use crate::finding::{Finding, Rule};

/// What API Gateway waits for an integration if it is told nothing, in milliseconds.
const DEFAULT_TIMEOUT: f64 = 29_000.0;

/// The longest it waits for one that streams, in milliseconds.
const LONGEST_TIMEOUT: f64 = 900_000.0;

pub(super) fn transfer_mode(
    template: &Template,
    name: &str,
    mode: Option<&Node>,
    wanted: &str,
    line: usize,
) -> Option<Finding> {
    let found = mode.and_then(Node::scalar);
    (found != Some(wanted)).then(|| {
        let found = found.map_or("no transfer mode".to_owned(), |mode| {
            format!("the transfer mode `{mode}`")
        });
        let key = if wanted == "STREAM" {
            "responseTransferMode"
        } else {
            "ResponseTransferMode"
        };
        template.error(
            Rule::TransferMode,
            mode.map_or(line, |mode| mode.line),
            format!("`{name}` has {found}: the response is buffered"),
            format!("set `{key}: {wanted}`"),
        )
    })
}

pub(super) fn uri(
    template: &Template,
    name: &str,
    uri: Option<&Node>,
    line: usize,
) -> Option<Finding> {
    let has = |fits: fn(&str) -> bool| {
        uri.is_some_and(|uri| uri.any(&|node| node.scalar().is_some_and(fits)))
    };
    let streams = has(|text| text.contains("2021-11-15/functions/"))
        && has(|text| text.ends_with("/response-streaming-invocations"));
    (!streams).then(|| {
        template.error(
            Rule::StreamingUri,
            uri.map_or(line, |uri| uri.line),
            format!("`{name}` calls the function in a way that buffers"),
            "use the URI `arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2021-11-15/\
             functions/${FUNCTION.Arn}/response-streaming-invocations`",
        )
    })
}

pub(super) fn public(template: &Template, line: usize, name: &str) -> Finding {
    template.error(
        Rule::PublicApi,
        line,
        format!("anybody may call `{name}`"),
        "set `x-amazon-apigateway-auth: {type: AWS_IAM}` (in SAM events `Auth: {Authorizer: AWS_IAM}`), \
         or accept it with `--allow public-api`",
    )
}

/// The API must wait at least as long as the function works: a function whose caller is gone goes on,
/// and is billed.
pub(super) fn timeouts(
    template: &Template,
    name: &str,
    timeout: Option<&Node>,
    function: Option<Resource<'_>>,
    line: usize,
) -> Vec<Finding> {
    let line = timeout.map_or(line, |node| node.line);
    let error = |what, fix: &str| template.error(Rule::TimeoutOrder, line, what, fix);
    let millis = match timeout.map(Node::number) {
        Some(Some(millis)) => millis,
        // Known only when it is deployed.
        Some(None) => return Vec::new(),
        None => DEFAULT_TIMEOUT,
    };
    let mut findings = Vec::new();
    if !(50.0..=LONGEST_TIMEOUT).contains(&millis) {
        findings.push(error(
            format!("`{name}` has a timeout of {millis} ms; API Gateway takes 50 to 900000"),
            "set `timeoutInMillis` to 900000 or less",
        ));
    }
    let Some(function) = function else {
        return findings;
    };
    let seconds = function.timeout_seconds();
    if millis < seconds * 1000.0 {
        findings.push(error(
            format!(
                "`{name}` is cut after {millis} ms, but function `{}` goes on for up to {seconds} \
                 seconds, and is billed",
                function.name
            ),
            "set the API's timeout to at least the function's `Timeout`, in milliseconds",
        ));
    }
    findings
}
