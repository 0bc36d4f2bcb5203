//! Checks the integration of one method of a REST API.
//!
//! Source of the numbers: API Gateway's "Stream the integration response for your proxy
//! integrations" and "Amazon API Gateway quotas".

use crate::doctor::callee::Callee;
use crate::doctor::function::Function;
use crate::doctor::known::Known;
use crate::doctor::settings::Buffered;
use crate::doctor::template::Template;
use crate::doctor::yaml::{At, Node};
use crate::finding::{Finding, Rule};

/// API Gateway's default timeout of an integration, in milliseconds.
const DEFAULT_TIMEOUT: f64 = 29_000.0;

/// Longest timeout of an integration that streams, in milliseconds.
const LONGEST_TIMEOUT: f64 = 900_000.0;

/// How one kind of method spells its properties.
#[derive(Clone, Copy, Debug)]
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

/// An event of a SAM function, for which SAM generates the URI.
pub(super) const SAM_EVENT: Spelling = Spelling {
    mode: "ResponseTransferMode",
    streams: "RESPONSE_STREAM",
    uri: "Uri",
    timeout: "TimeoutInMillis",
};

/// A method, and the function behind it.
pub(super) struct Integration<'a> {
    pub(super) template: &'a Template,
    /// The name of the method, for messages.
    pub(super) name: &'a str,
    pub(super) node: &'a Node,
    /// The place to report when a property is missing.
    pub(super) at: At,
    pub(super) spelling: Spelling,
    /// The function that it calls.
    pub(super) function: &'a Function,
}

/// Returns the function that a method calls, if it is one of this runtime's, or a note that it is
/// unknown.
pub(super) fn called<'a>(
    template: &'a Template,
    name: &str,
    node: &Node,
    spelling: Spelling,
) -> Result<Option<&'a Function>, Finding> {
    let uri = match node.lookup(spelling.uri) {
        Known::Is(uri) => uri,
        Known::Absent => return Ok(None),
        // Reported for the whole integration.
        Known::Unknown(_) => return Ok(None),
    };
    match template.callee(uri) {
        Callee::Ours(function) => Ok(Some(function)),
        Callee::Other => Ok(None),
        Callee::Unknown(why) => Err(unknown_callee(template, name, uri.at, &why)),
    }
}

fn unknown_callee(template: &Template, name: &str, at: At, why: &str) -> Finding {
    let what = format!("cannot tell which function `{name}` calls: it depends on {why}");
    template.note(Rule::TransferMode, at, what)
}

impl Integration<'_> {
    /// Checks everything, for a method that names the function's URI itself.
    pub(super) fn check(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        findings.extend(self.transfer_mode());
        if !self.is_buffered_on_purpose() {
            findings.extend(self.uri());
        }
        findings.extend(self.timeouts());
        findings
    }

    fn mode(&self) -> Known<&str> {
        self.node.text_at(self.spelling.mode)
    }

    /// Returns whether both host and method are set to buffer.
    fn is_buffered_on_purpose(&self) -> bool {
        self.function.settings.buffered == Known::Is(Buffered::Always)
            && self.mode() != Known::Is(self.spelling.streams)
    }

    pub(super) fn transfer_mode(&self) -> Option<Finding> {
        let Spelling { mode, streams, .. } = self.spelling;
        let (name, buffered) = (self.name, &self.function.settings.buffered);
        let at = self.node.get(mode).map_or(self.at, |node| node.at);
        let error = |what: String, fix: String| {
            Some(self.template.error(Rule::TransferMode, at, what, fix))
        };
        let note = |what: String| Some(self.template.note(Rule::TransferMode, at, what));
        match (self.mode(), buffered) {
            (Known::Is(found), Known::Is(Buffered::Always)) if found == streams => error(
                format!(
                    "nothing streams through `{name}`: the setting `response.buffered` of function \
                     `{}` is `always`",
                    self.function.name
                ),
                "set `response.buffered` to `auto`".to_owned(),
            )
            .map(Finding::into_warning),
            (_, Known::Is(Buffered::Always)) => None,
            (Known::Is(found), _) if found == streams => None,
            (Known::Unknown(why), _) => note(format!(
                "cannot tell whether `{name}` streams: `{mode}` depends on {why}"
            )),
            (_, Known::Unknown(why)) => note(format!(
                "cannot tell whether `{name}` is to be buffered: `response.buffered` depends on {why}"
            )),
            (Known::Is(found), _) => error(
                format!("`{name}` has the transfer mode `{found}`: the response is buffered"),
                format!("set `{mode}: {streams}`"),
            ),
            (Known::Absent, _) => error(
                format!("`{name}` has no transfer mode: the response is buffered"),
                format!("set `{mode}: {streams}`"),
            ),
        }
    }

    fn uri(&self) -> Option<Finding> {
        let uri = self.node.get(self.spelling.uri);
        let streams = uri.and_then(Node::as_text).is_some_and(|text| {
            let text = text.to_string();
            text.contains("2021-11-15/functions/")
                && text.ends_with("/response-streaming-invocations")
        });
        (!streams).then(|| {
            self.template.error(
                Rule::StreamingUri,
                uri.map_or(self.at, |uri| uri.at),
                format!("`{}` uses the buffering invocation URI", self.name),
                "use the URI `arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2021-11-15/\
                 functions/${FUNCTION.Arn}/response-streaming-invocations`",
            )
        })
    }

    /// The API must wait at least as long as the function runs: a function whose caller has left
    /// continues, and is billed.
    pub(super) fn timeouts(&self) -> Vec<Finding> {
        let (name, key) = (self.name, self.spelling.timeout);
        let at = self.node.get(key).map_or(self.at, |node| node.at);
        let error = |what, fix: String| self.template.error(Rule::TimeoutOrder, at, what, fix);
        let millis = match self.node.number_at(key) {
            Known::Is(millis) => millis,
            Known::Absent => DEFAULT_TIMEOUT,
            Known::Unknown(why) => {
                let what = format!("cannot tell when `{name}` is cut: `{key}` depends on {why}");
                return vec![self.template.note(Rule::TimeoutOrder, at, what)];
            }
        };
        let mut findings = Vec::new();
        if !(50.0..=LONGEST_TIMEOUT).contains(&millis) {
            findings.push(error(
                format!("`{name}` has a timeout of {millis} ms; API Gateway takes 50 to 900000"),
                format!("set `{key}` to 900000 or less"),
            ));
        }
        let function = &self.function.name;
        let resource = self.template.resource(function);
        // The rule for functions reports an unknown timeout.
        let Some(Known::Is(seconds)) = resource.map(|it| it.timeout_seconds()) else {
            return findings;
        };
        if millis < seconds * 1000.0 {
            findings.push(error(
                format!(
                    "`{name}` is cut after {millis} ms, but function `{function}` goes on for up to \
                     {seconds} seconds, and is billed"
                ),
                format!("set `{key}` to at least the function's `Timeout`, in milliseconds"),
            ));
        }
        findings
    }
}

/// Checks whether callers must authenticate.
pub(super) fn public(
    template: &Template,
    at: At,
    name: &str,
    is_authorized: &Known<bool>,
) -> Option<Finding> {
    match is_authorized {
        Known::Is(true) => None,
        Known::Unknown(why) => {
            let what =
                format!("cannot tell whether anybody may call `{name}`: it depends on {why}");
            Some(template.note(Rule::PublicApi, at, what))
        }
        Known::Is(false) | Known::Absent => Some(template.error(
            Rule::PublicApi,
            at,
            format!("anybody may call `{name}`"),
            "set `x-amazon-apigateway-auth: {type: AWS_IAM}` (in SAM events `Auth: {Authorizer: \
             AWS_IAM}`), or accept it with `--allow public-api`",
        )),
    }
}
