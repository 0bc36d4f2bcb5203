//! Variables of the function.

use std::env::VarError;

use crate::Error;

/// Returns the value of a variable of the function.
///
/// A handler has the variables that `pass-env` of `bootstream.toml` names, and placeholders for those
/// that `secrets` names. [`std::env::var`] reads the same ones, but its errors do not name the variable.
///
/// ```
/// let error = bootstream::env("TABLE_NAME").unwrap_err();
///
/// assert_eq!(
///     error.to_string(),
///     "the handler has no variable `TABLE_NAME`: set it for the function, and name it in `pass-env` of \
///      bootstream.toml"
/// );
/// ```
///
/// # Errors
///
/// When the handler has no such variable, or its value is not UTF-8. The error names the variable and
/// never shows the value.
pub fn env(name: &str) -> Result<String, Error> {
    variable(name).map_err(|error| match error {
        VarError::NotPresent => format!(
            "the handler has no variable `{name}`: set it for the function, and name it in `pass-env` of \
             bootstream.toml"
        ).into(),
        VarError::NotUnicode(_) => {
            format!("the value of the variable `{name}` is not UTF-8").into()
        }
    })
}

/// Returns the variable, in a test the one that the test has set.
pub(crate) fn variable(name: &str) -> Result<String, VarError> {
    #[cfg(not(target_arch = "wasm32"))]
    if let Some(of_test) = crate::testing::of_test(name) {
        return of_test.ok_or(VarError::NotPresent);
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "the rule is for the host; a handler has only the variables that it may see"
    )]
    std::env::var(name)
}

#[cfg(test)]
mod tests {
    use super::env;

    #[test]
    fn a_variable_that_is_set_is_read() {
        // Cargo sets it for every test.
        assert_eq!(env("CARGO_PKG_NAME").unwrap(), "bootstream");
    }

    #[test]
    fn one_that_is_missing_is_named_with_the_setting_that_passes_it() {
        let error = env("NO_SUCH_VARIABLE").unwrap_err().to_string();

        assert!(error.contains("no variable `NO_SUCH_VARIABLE`"), "{error}");
        assert!(error.contains("`pass-env`"), "{error}");
    }
}
