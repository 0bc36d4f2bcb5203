//! Where the value of a secret is kept, if it is not a variable.

use std::fmt;
use std::str::FromStr;

/// The expected form, for errors.
pub(crate) const EXPECTED: &str = "`ssm:/path/to/parameter` or `secretsmanager:name`, and `#key` behind it for a value in a JSON document";

/// Longest name of a parameter or a secret, in bytes: an ARN of Parameter Store.
const NAME_LIMIT_BYTES: usize = 2048;

/// A service that keeps values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Store {
    /// Parameter Store of Systems Manager.
    Parameter,
    /// Secrets Manager.
    Secret,
}

/// A value in a store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Source {
    pub(crate) store: Store,
    /// Its name or ARN.
    pub(crate) name: String,
    /// The member of the JSON document that is the value. `None`: the whole is.
    pub(crate) json_key: Option<String>,
}

/// A text that is not a source.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {EXPECTED}")]
pub(crate) struct InvalidSource;

impl Store {
    /// The host prefix of its service, which is also its name in the settings.
    pub(crate) fn service(self) -> &'static str {
        match self {
            Self::Parameter => "ssm",
            Self::Secret => "secretsmanager",
        }
    }

    /// The IAM action that reads a value.
    pub(crate) fn action(self) -> &'static str {
        match self {
            Self::Parameter => "ssm:GetParameter",
            Self::Secret => "secretsmanager:GetSecretValue",
        }
    }
}

impl FromStr for Source {
    type Err = InvalidSource;

    fn from_str(text: &str) -> Result<Self, InvalidSource> {
        let (service, rest) = text.split_once(':').ok_or(InvalidSource)?;
        let stores = [Store::Parameter, Store::Secret];
        let store = stores.into_iter().find(|it| it.service() == service);
        let (name, json_key) = match rest.split_once('#') {
            Some((name, key)) => (name, Some(key)),
            None => (rest, None),
        };
        // A colon is in an ARN, and before the version of a parameter.
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=.@!:-".contains(&byte);
        let is_name = (1..=NAME_LIMIT_BYTES).contains(&name.len()) && name.bytes().all(is_allowed);
        let is_key = json_key.is_none_or(|key| !key.is_empty() && !key.contains(char::is_control));
        if !is_name || !is_key {
            return Err(InvalidSource);
        }
        Ok(Self {
            store: store.ok_or(InvalidSource)?,
            name: name.to_owned(),
            json_key: json_key.map(ToOwned::to_owned),
        })
    }
}

/// As written in the settings.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.store.service(), self.name)?;
        match &self.json_key {
            Some(key) => write!(f, "#{key}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_a_store_a_name_and_maybe_a_member() {
        for (text, store, name, json_key) in [
            ("ssm:/prod/key", Store::Parameter, "/prod/key", None),
            ("ssm:key:3", Store::Parameter, "key:3", None),
            (
                "ssm:arn:aws:ssm:eu-west-1:1:parameter/prod/key",
                Store::Parameter,
                "arn:aws:ssm:eu-west-1:1:parameter/prod/key",
                None,
            ),
            ("secretsmanager:prod/db@x", Store::Secret, "prod/db@x", None),
            (
                "secretsmanager:prod/db#password",
                Store::Secret,
                "prod/db",
                Some("password"),
            ),
        ] {
            let source: Source = text.parse().unwrap();
            assert_eq!(source.store, store);
            assert_eq!(source.name, name);
            assert_eq!(source.json_key.as_deref(), json_key);
            assert_eq!(source.to_string(), text);
        }
    }

    #[test]
    fn other_texts_are_no_source() {
        for text in [
            "",
            "ssm",
            "ssm:",
            "ssm:#key",
            "ssm:/a#",
            "ssm:/a b",
            "ssm:/a\n",
            "SSM:/a",
            "s3:/a",
            "/prod/key",
            "ssm:/\u{e9}",
        ] {
            assert_eq!(text.parse::<Source>(), Err(InvalidSource), "{text}");
        }
        let long = format!("ssm:{}", "a".repeat(NAME_LIMIT_BYTES + 1));
        assert_eq!(long.parse::<Source>(), Err(InvalidSource));
    }
}
