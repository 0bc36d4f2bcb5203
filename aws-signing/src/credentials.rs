//! An access key.

use std::fmt;

use http::HeaderValue;
use zeroize::Zeroizing;

/// An access key. Its `Debug` form has no values, and its memory is overwritten when it is dropped.
#[derive(Clone)]
pub struct Credentials {
    key_id: Zeroizing<String>,
    secret: Zeroizing<String>,
    token: Option<Zeroizing<String>>,
}

/// A part of an access key cannot be used. The text names the part, without its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {0} of the credentials is empty or has invalid characters")]
pub struct InvalidCredentials(&'static str);

impl Credentials {
    /// Creates credentials. An empty token is ignored.
    ///
    /// # Errors
    ///
    /// When the key id or the secret is empty, or a part has characters that its place does not permit.
    pub fn new(
        key_id: String,
        secret: String,
        token: Option<String>,
    ) -> Result<Self, InvalidCredentials> {
        let key_id = Zeroizing::new(key_id);
        let secret = Zeroizing::new(secret);
        let token = token.filter(|token| !token.is_empty()).map(Zeroizing::new);
        // The key id stands between `=` and `/`.
        if key_id.is_empty()
            || !key_id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            return Err(InvalidCredentials("access key id"));
        }
        if secret.is_empty() || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidCredentials("secret access key"));
        }
        if token
            .as_ref()
            .is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic()))
        {
            return Err(InvalidCredentials("session token"));
        }
        Ok(Self {
            key_id,
            secret,
            token,
        })
    }

    pub(crate) fn key_id(&self) -> &str {
        &self.key_id
    }

    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }

    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_ref().map(|token| token.as_str())
    }

    /// The session token as a header.
    pub(crate) fn token_value(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(self.token()?).expect("checked when created");
        value.set_sensitive(true);
        Some(value)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(
        key_id: &str,
        secret: &str,
        token: Option<&str>,
    ) -> Result<Credentials, InvalidCredentials> {
        Credentials::new(key_id.into(), secret.into(), token.map(Into::into))
    }

    #[test]
    fn a_part_that_cannot_be_sent_is_named_and_not_shown() {
        for (key_id, secret, token, part) in [
            ("", "s", None, "access key id"),
            ("AK/ID", "s", None, "access key id"),
            ("AK\nID", "s", None, "access key id"),
            ("AKID", "", None, "secret access key"),
            ("AKID", "bad value", None, "secret access key"),
            ("AKID", "s", Some("to\r\nken"), "session token"),
            ("AKID", "s", Some("t\u{e9}"), "session token"),
        ] {
            let error = new(key_id, secret, token).unwrap_err().to_string();
            assert!(error.starts_with(&format!("the {part} of")), "{error}");
            assert!(!error.contains("bad value"), "{error}");
        }
    }

    #[test]
    fn values_are_in_no_debug_form() {
        let credentials = new("AKIDEXAMPLE", "s3cret", Some("t0ken")).unwrap();
        let mut debug = format!("{credentials:?}");
        debug.push_str(&format!("{:?}", credentials.token_value()));
        for value in ["AKIDEXAMPLE", "s3cret", "t0ken"] {
            assert!(!debug.contains(value), "{debug}");
        }
    }

    #[test]
    fn an_empty_token_is_ignored() {
        assert_eq!(new("AKID", "s", Some("")).unwrap().token(), None);
    }
}
