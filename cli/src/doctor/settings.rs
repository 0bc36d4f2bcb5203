//! The settings of a function that its template must match.
//!
//! Reads only the keys it needs: `bootstrap` and `bootstream package` check the whole file.

use toml::{Table, Value};

use super::known::Known;
use super::yaml::Node;

/// When the host sends a whole document instead of a stream: `response.buffered`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Buffered {
    /// If the front end requires it.
    Auto,
    Always,
    Never,
}

/// The settings in `bootstream.toml` and in the variables that override it.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) buffered: Known<Buffered>,
    /// Variables without which the host does not start.
    pub(crate) secrets: Known<Vec<String>>,
    /// Variables that the handler may see.
    pub(crate) pass_env: Known<Vec<String>>,
    /// The AWS calls that the handler may make.
    pub(crate) aws_allow: Known<Vec<String>>,
    /// Where secrets that are not variables come from, such as `ssm:/prod/key`.
    pub(crate) sources: Known<Vec<String>>,
}

impl Settings {
    /// Combines the text of `bootstream.toml` with a function's variables, which override it.
    pub(crate) fn read(file: Option<&str>, variables: Known<&Node>) -> Self {
        let file: Table = file.and_then(|text| text.parse().ok()).unwrap_or_default();
        let why = variables.why().map(str::to_owned);
        // If the variables are unknown, they are assumed not to set the lists: the rule for variables
        // reports that.
        let variables = variables.is();
        let variable = |name: &str| Known::from(variables).and_then(|node| node.text_at(name));
        let list = |name: &str, of_file: Vec<String>| variable(name).map(split).or(of_file);
        let in_file = file
            .get("response")
            .and_then(|table| table.get("buffered"))
            .and_then(Value::as_str);
        let buffered = match variable("BOOTSTREAM_RESPONSE_BUFFERED") {
            Known::Absent => match why {
                Some(why) => Known::Unknown(why),
                None => Known::Is(in_file.unwrap_or_default()),
            },
            other => other,
        };
        let secrets = list("BOOTSTREAM_SECRETS", secrets(file.get("secrets")));
        Self {
            buffered: buffered.map(|text| match text.trim() {
                "always" => Buffered::Always,
                "never" => Buffered::Never,
                _ => Buffered::Auto,
            }),
            sources: secrets.clone().map(|secrets| sources(&secrets)),
            secrets: secrets.map(|secrets| names(&secrets)),
            pass_env: list("BOOTSTREAM_PASS_ENV", texts(file.get("pass-env"))),
            aws_allow: list(
                "BOOTSTREAM_AWS_ALLOW",
                texts(file.get("aws").and_then(|table| table.get("allow"))),
            ),
        }
    }
}

fn split(text: &str) -> Vec<String> {
    let items = text.split(',').map(str::trim);
    let items = items.filter(|item| !item.is_empty());
    items.map(str::to_owned).collect()
}

/// Returns the names of secrets that are variables, each once, from `NAME@host` and `NAME:body@host`. Those with an
/// item `NAME=SOURCE` come from a store.
fn names(secrets: &[String]) -> Vec<String> {
    let split = |secret: &str| {
        let at = secret.find(['@', ':', '=']).unwrap_or(secret.len());
        let (name, rest) = secret.split_at(at);
        (name.to_owned(), rest.starts_with('='))
    };
    let all: Vec<_> = secrets.iter().map(|secret| split(secret)).collect();
    let mut names: Vec<String> = Vec::new();
    for (name, _) in &all {
        let is_stored = all.iter().any(|(other, from)| *from && other == name);
        if !is_stored && !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// Returns the sources of secrets, from `NAME=SOURCE`.
fn sources(secrets: &[String]) -> Vec<String> {
    let sources = secrets.iter().filter_map(|secret| secret.split_once('='));
    sources.map(|(_, source)| source.to_owned()).collect()
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    let items = items.filter_map(Value::as_str);
    items.map(str::to_owned).collect()
}

/// Reads a table of names, or a list of `NAME@host`.
fn secrets(value: Option<&Value>) -> Vec<String> {
    let item = |(name, value): (&String, &Value)| match value.get("from") {
        Some(from) => format!("{name}={}", from.as_str().unwrap_or_default()),
        None => name.clone(),
    };
    match value {
        Some(Value::Table(table)) => table.iter().map(item).collect(),
        other => texts(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(file: &str, variables: &str) -> Settings {
        let variables = Node::parse(variables, 0).unwrap();
        Settings::read(Some(file), Known::Is(&variables))
    }

    fn is(names: &[&str]) -> Known<Vec<String>> {
        Known::Is(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn variables_take_back_what_the_file_says() {
        let file = "pass-env = ['A']\n[secrets]\nK = ['h']\nS = { hosts = ['h'], from = 'ssm:/s' }\n[response]\nbuffered = 'always'";
        let of_file = settings(file, "{}");
        assert_eq!(of_file.secrets, is(&["K"]));
        assert_eq!(of_file.sources, is(&["ssm:/s"]));
        assert_eq!(of_file.pass_env, is(&["A"]));
        assert_eq!(of_file.buffered, Known::Is(Buffered::Always));

        let variables = "{BOOTSTREAM_SECRETS: 'X@h, Y:body@h, X@i, S@h, S=ssm:/s', BOOTSTREAM_PASS_ENV: '', \
                         BOOTSTREAM_RESPONSE_BUFFERED: never}";
        let of_variables = settings(file, variables);
        assert_eq!(of_variables.secrets, is(&["X", "Y"]));
        assert_eq!(of_variables.sources, is(&["ssm:/s"]));
        assert_eq!(of_variables.pass_env, is(&[]));
        assert_eq!(of_variables.buffered, Known::Is(Buffered::Never));
    }

    #[test]
    fn without_a_file_the_defaults_hold() {
        let none = Settings::read(None, Known::Absent);
        assert_eq!(none.buffered, Known::Is(Buffered::Auto));
        assert_eq!(none.secrets, is(&[]));
        assert_eq!(none.pass_env, is(&[]));
    }

    #[test]
    fn what_variables_may_say_that_nobody_knows_is_unknown() {
        let file = "[response]\nbuffered = 'always'\n[secrets]\nK = ['h']\n";
        let all = Settings::read(Some(file), Known::Unknown("`!ImportValue e`".to_owned()));
        assert_eq!(all.buffered.why(), Some("`!ImportValue e`"));
        assert_eq!(all.secrets, is(&["K"]));
    }
}
