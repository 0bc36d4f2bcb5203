//! Secrets that the guest can use but never see.

use std::fmt;

use artifact::hex;
use http::{HeaderMap, HeaderValue};

use super::target::{Destination, Target};

/// Random bytes in a placeholder: as hard to guess as a key, so that untrusted text cannot contain one.
const PLACEHOLDER_BYTES: usize = 16;

/// One secret. Its `Debug` form omits the value.
#[derive(Clone)]
pub(crate) struct Secret {
    pub(crate) name: String,
    /// The value that the guest sees.
    pub(crate) placeholder: String,
    value: String,
    pub(crate) targets: Vec<Target>,
}

/// A request has a placeholder, and its host may not receive the value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Withheld<'a> {
    pub(crate) name: &'a str,
}

impl Secret {
    /// Creates a secret. Returns `None` if `value` is not a valid header value.
    pub(crate) fn new(name: &str, value: String, targets: Vec<Target>) -> Option<Self> {
        HeaderValue::from_str(&value).ok()?;
        Some(Self {
            name: name.to_owned(),
            placeholder: placeholder(name),
            value,
            targets,
        })
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret")
            .field("name", &self.name)
            .field("targets", &self.targets)
            .finish_non_exhaustive()
    }
}

fn placeholder(name: &str) -> String {
    let mut random = [0; PLACEHOLDER_BYTES];
    getrandom::fill(&mut random).expect("Linux has random bytes");
    format!("bootstream-secret-{name}-{}", hex(&random))
}

/// Replaces placeholders with their secrets, in the values of `headers` only.
///
/// # Errors
///
/// When a host may not receive the value of a placeholder. Then nothing is changed.
pub(crate) fn fill_in<'a>(
    secrets: &'a [Secret],
    headers: &mut HeaderMap,
    destination: &Destination,
) -> Result<(), Withheld<'a>> {
    for secret in secrets {
        let used = headers.values().any(|value| holds(value, secret));
        if used && !secret.targets.iter().any(|it| it.covers(destination)) {
            return Err(Withheld { name: &secret.name });
        }
    }
    for value in headers.values_mut() {
        for secret in secrets {
            if holds(value, secret) {
                *value = filled(value, secret);
            }
        }
    }
    Ok(())
}

fn holds(value: &HeaderValue, secret: &Secret) -> bool {
    find(value.as_bytes(), &secret.placeholder).is_some()
}

/// Returns the position of `placeholder`. A header's value need not be UTF-8, but a placeholder in it is.
fn find(value: &[u8], placeholder: &str) -> Option<usize> {
    value
        .windows(placeholder.len())
        .position(|part| part == placeholder.as_bytes())
}

/// Returns `value` with each placeholder replaced by the secret.
fn filled(value: &HeaderValue, secret: &Secret) -> HeaderValue {
    let (mut rest, mut bytes) = (value.as_bytes(), Vec::new());
    while let Some(at) = find(rest, &secret.placeholder) {
        let (before, after) = rest.split_at(at);
        bytes.extend_from_slice(before);
        bytes.extend_from_slice(secret.value.as_bytes());
        rest = after.get(secret.placeholder.len()..).unwrap_or_default();
    }
    bytes.extend_from_slice(rest);
    let mut filled = HeaderValue::from_bytes(&bytes).expect("parts of two header values");
    filled.set_sensitive(true);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        let targets = vec!["api.example".parse().unwrap()];
        Secret::new("KEY", "s3cret".to_owned(), targets).unwrap()
    }

    fn to(uri: &str) -> Destination {
        Destination::of(&uri.parse().unwrap()).unwrap()
    }

    fn authorization(secret: &Secret) -> HeaderMap {
        let value = format!("Bearer {}", secret.placeholder);
        let mut headers = HeaderMap::new();
        headers.insert("authorization", value.parse().unwrap());
        headers
    }

    #[test]
    fn a_placeholder_becomes_the_value_on_its_way_to_its_host_only() {
        let secrets = [secret()];
        let mut headers = authorization(&secrets[0]);

        let withheld = fill_in(&secrets, &mut headers, &to("https://other.example/"));
        assert_eq!(withheld, Err(Withheld { name: "KEY" }));
        let clear = fill_in(&secrets, &mut headers, &to("http://api.example/"));
        assert_eq!(clear, Err(Withheld { name: "KEY" }));
        assert_eq!(headers, authorization(&secrets[0]));

        fill_in(&secrets, &mut headers, &to("https://api.example/")).unwrap();
        assert_eq!(headers["authorization"], "Bearer s3cret");
        assert!(headers["authorization"].is_sensitive());
    }

    #[test]
    fn a_placeholder_is_found_in_a_value_that_is_no_text() {
        let secrets = [secret()];
        let placeholder = secrets[0].placeholder.as_bytes();
        let value = [b"\xff", placeholder, b"\t\xc3", placeholder, placeholder].concat();
        let mut headers = HeaderMap::new();
        headers.insert("x", HeaderValue::from_bytes(&value).unwrap());

        fill_in(&secrets, &mut headers, &to("https://api.example/")).unwrap();

        assert_eq!(headers["x"].as_bytes(), b"\xffs3cret\t\xc3s3crets3cret");
        assert!(headers["x"].is_sensitive());
    }

    #[test]
    fn other_requests_are_left_alone() {
        let mut headers = HeaderMap::new();
        headers.insert("x", HeaderValue::from_static("bootstream-secret-KEY-"));
        let before = headers.clone();
        fill_in(&[secret()], &mut headers, &to("https://other.example/")).unwrap();
        assert_eq!(headers, before);
    }

    #[test]
    fn placeholders_differ_and_show_nothing_of_the_value() {
        let (one, other) = (secret(), secret());
        assert_ne!(one.placeholder, other.placeholder);
        for shown in [format!("{one:?}"), one.placeholder.clone()] {
            assert!(!shown.contains("s3cret"), "{shown}");
        }
    }

    #[test]
    fn a_value_that_no_header_can_hold_is_no_secret() {
        assert!(Secret::new("KEY", "a\nb".to_owned(), Vec::new()).is_none());
    }
}
