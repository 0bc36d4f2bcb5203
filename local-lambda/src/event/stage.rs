//! The stage of an API: `$default`, or one with a name.

use std::str::FromStr;

/// The name of an HTTP API's stage that is not part of the path.
const DEFAULT: &str = "$default";

/// The stage of the local REST API, which always has a name.
const REST: &str = "local";

/// A stage. Every REST API has one; with an HTTP API, a named stage is part of the path.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Stage(Option<String>);

impl Stage {
    pub(crate) fn of_http_api(&self) -> &str {
        self.0.as_deref().unwrap_or(DEFAULT)
    }

    pub(crate) fn of_rest_api(&self) -> &str {
        self.0.as_deref().unwrap_or(REST)
    }

    /// Returns the path as an HTTP API passes it on.
    pub(crate) fn in_front_of(&self, path: &str) -> String {
        match &self.0 {
            Some(name) => format!("/{name}{path}"),
            None => path.to_owned(),
        }
    }
}

impl FromStr for Stage {
    type Err = String;

    /// Reads a name of at most 128 letters, digits, `-` and `_`:
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html>.
    fn from_str(text: &str) -> Result<Self, String> {
        const LONGEST: usize = 128;
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if text == DEFAULT {
            Ok(Self(None))
        } else if (1..=LONGEST).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(Some(text.to_owned())))
        } else {
            Err(format!(
                "write {DEFAULT}, or at most {LONGEST} letters, digits, `-` and `_`"
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_has_a_name_or_none() {
        let named: Stage = "my-stage_1".parse().unwrap();
        assert_eq!(named.in_front_of("/a"), "/my-stage_1/a");
        assert_eq!(named.of_http_api(), named.of_rest_api());

        let default: Stage = "$default".parse().unwrap();
        assert_eq!(default, Stage::default());
        assert_eq!(default.in_front_of("/a"), "/a");
        assert_eq!(default.of_http_api(), "$default");

        for wrong in ["", "a/b", "$prod", "a b", &"x".repeat(129)] {
            assert!(wrong.parse::<Stage>().is_err(), "{wrong}");
        }
    }
}
