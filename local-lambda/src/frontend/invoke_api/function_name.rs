//! Function names: a plain name, a partial ARN or a full one, each with an optional qualifier.

use super::ApiError;

const LATEST: &str = "$LATEST";

/// A function and a version of it. Regions and accounts are ignored.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct FunctionName {
    pub(super) function: String,
    qualifier: Option<String>,
}

impl FunctionName {
    /// Reads a name and the separate `Qualifier`.
    ///
    /// # Errors
    ///
    /// One is not well-formed, or they contradict each other.
    pub(super) fn read(name: &str, qualifier: Option<String>) -> Result<Self, ApiError> {
        let invalid =
            || ApiError::invalid_parameter(format!("`{name}` is not the name of a function"));
        let parts: Vec<_> = name.split(':').collect();
        let (function, derived) = match parts.as_slice() {
            ["arn", _, "lambda", _, _, "function", rest @ ..]
            | [_, _, "function", rest @ ..]
            | [_, "function", rest @ ..]
            | ["function", rest @ ..]
                if !rest.is_empty() =>
            {
                named(rest).ok_or_else(invalid)?
            }
            rest => named(rest).ok_or_else(invalid)?,
        };
        if !is_word(function) {
            return Err(invalid());
        }
        let derived = derived.map(str::to_owned);
        let qualifier = match (derived, qualifier) {
            (Some(derived), Some(given)) if derived != given => {
                return Err(ApiError::invalid_parameter(
                    "The derived qualifier from the function name does not match the specified \
                     qualifier.",
                ));
            }
            (derived, given) => derived.or(given),
        };
        match qualifier {
            Some(qualifier) if qualifier != LATEST && !is_word(&qualifier) => Err(
                ApiError::invalid_parameter(format!("`{qualifier}` is not a qualifier")),
            ),
            qualifier => Ok(Self {
                function: function.to_owned(),
                qualifier,
            }),
        }
    }

    /// Returns the ARN for the handler's context.
    pub(super) fn arn(&self, function_arn: &str) -> String {
        match &self.qualifier {
            Some(qualifier) => format!("{function_arn}:{qualifier}"),
            None => function_arn.to_owned(),
        }
    }

    /// Returns the version that runs: a number stands for itself, an alias for the latest version.
    pub(super) fn version(&self) -> &str {
        self.qualifier
            .as_deref()
            .filter(|qualifier| qualifier.bytes().all(|byte| byte.is_ascii_digit()))
            .unwrap_or(LATEST)
    }
}

/// Splits `name` or `name:qualifier`.
fn named<'a>(parts: &[&'a str]) -> Option<(&'a str, Option<&'a str>)> {
    match parts {
        [name] => Some((name, None)),
        [name, qualifier] => Some((name, Some(qualifier))),
        _ => None,
    }
}

fn is_word(text: &str) -> bool {
    const LONGEST: usize = 140;
    (1..=LONGEST).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:f";

    #[test]
    fn a_function_has_many_names() {
        for (name, given, arn, version) in [
            ("f", None, ARN, "$LATEST"),
            ("f:live", None, &format!("{ARN}:live"), "$LATEST"),
            ("f", Some("7"), &format!("{ARN}:7"), "7"),
            ("function:f", None, ARN, "$LATEST"),
            ("123456789012:function:f", None, ARN, "$LATEST"),
            (
                "123456789012:function:f:2",
                Some("2"),
                &format!("{ARN}:2"),
                "2",
            ),
            (ARN, Some("$LATEST"), &format!("{ARN}:$LATEST"), "$LATEST"),
            (
                &format!("{ARN}:live"),
                None,
                &format!("{ARN}:live"),
                "$LATEST",
            ),
        ] {
            let read = FunctionName::read(name, given.map(str::to_owned)).expect(name);
            assert_eq!(read.function, "f", "{name}");
            assert_eq!(read.arn(ARN), arn, "{name}");
            assert_eq!(read.version(), version, "{name}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for (name, given) in [
            ("", None),
            ("a b", None),
            ("f:", None),
            ("f:a:b", None),
            ("f:live", Some("dev")),
            ("f", Some("a b")),
            ("arn:aws:s3:::bucket:x:y", None),
        ] {
            let error = FunctionName::read(name, given.map(str::to_owned)).unwrap_err();
            assert_eq!(error.name, "InvalidParameterValueException", "{name}");
        }
    }
}
