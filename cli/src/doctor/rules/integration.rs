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

/// How one kind of method spells what it says.
#[derive(Debug)]
pub(super) struct Spelling {
    mode: &'static str,
    /// The mode in which a response streams.
    streams: &'static str,
    uri: &'static str,
    timeout: &'static str,
}

/// A method of an OpenAPI document.
pub(super) const OPEN_API: Spelling = Spelling {
    mode: "responseTransferMode",
    streams: "STREAM",
    uri: "uri",
    timeout: "timeoutInMillis",
};

/// An `AWS::ApiGateway::Method`.
pub(super) const PLAIN_METHOD: Spelling = Spelling {
    mode: "ResponseTransferMode",
    streams: "STREAM",
    uri: "Uri",
    timeout: "TimeoutInMillis",
};

/// An event of a SAM function, for which SAM makes up the URI.
pub(super) const SAM_EVENT: Spelling = Spelling {
    mode: "ResponseTransferMode",
    streams: "RESPONSE_STREAM",
    uri: "Uri",
    timeout: "TimeoutInMillis",
};

/// What a method says about the function behind it.
pub(super) struct Integration<'a> {
    pub(super) template: &'a Template,
    /// The method, for people.
    pub(super) name: &'a str,
    pub(super) node: &'a Node,
    /// Where to point when something is missing.
    pub(super) line: usize,
    pub(super) spelling: Spelling,
}

impl Integration<'_> {
    /// Checks everything, for a method that names the function's URI itself.
    pub(super) fn check(&self) -> Vec<Finding> {
        let mut functions = self.template.functions();
        let called = functions.find(|function| self.node.refers_to(function.name));
        let mut findings = Vec::new();
        findings.extend(self.transfer_mode());
        findings.extend(self.uri());
        findings.extend(self.timeouts(called));
        findings
    }

    pub(super) fn transfer_mode(&self) -> Option<Finding> {
        let Spelling { mode, streams, .. } = self.spelling;
        let node = self.node.get(mode);
        let found = node.and_then(Node::scalar);
        (found != Some(streams)).then(|| {
            let found = found.map_or("no transfer mode".to_owned(), |mode| {
                format!("the transfer mode `{mode}`")
            });
            self.template.error(
                Rule::TransferMode,
                node.map_or(self.line, |node| node.line),
                format!("`{}` has {found}: the response is buffered", self.name),
                format!("set `{mode}: {streams}`"),
            )
        })
    }

    fn uri(&self) -> Option<Finding> {
        let uri = self.node.get(self.spelling.uri);
        let has = |fits: fn(&str) -> bool| {
            uri.is_some_and(|uri| uri.any(&|node| node.scalar().is_some_and(fits)))
        };
        let streams = has(|text| text.contains("2021-11-15/functions/"))
            && has(|text| text.ends_with("/response-streaming-invocations"));
        (!streams).then(|| {
            self.template.error(
                Rule::StreamingUri,
                uri.map_or(self.line, |uri| uri.line),
                format!("`{}` calls the function in a way that buffers", self.name),
                "use the URI `arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2021-11-15/\
                 functions/${FUNCTION.Arn}/response-streaming-invocations`",
            )
        })
    }

    /// The API must wait at least as long as the function works: a function whose caller is gone goes
    /// on, and is billed.
    pub(super) fn timeouts(&self, function: Option<Resource<'_>>) -> Vec<Finding> {
        let (name, key) = (self.name, self.spelling.timeout);
        let timeout = self.node.get(key);
        let line = timeout.map_or(self.line, |node| node.line);
        let error = |what, fix: String| self.template.error(Rule::TimeoutOrder, line, what, fix);
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
                format!("set `{key}` to 900000 or less"),
            ));
        }
        let Some(function) = function else {
            return findings;
        };
        let seconds = function.timeout_seconds();
        if millis < seconds * 1000.0 {
            findings.push(error(
                format!(
                    "`{name}` is cut after {millis} ms, but function `{}` goes on for up to \
                     {seconds} seconds, and is billed",
                    function.name
                ),
                format!("set `{key}` to at least the function's `Timeout`, in milliseconds"),
            ));
        }
        findings
    }
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
