//! Credentials in answers.
//!
//! Services repeat parts of a request that they reject. S3 answers a wrong signature with the canonical
//! request, as text and as a dump in hexadecimal digits.

use std::fmt;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use zeroize::Zeroizing;

use crate::credentials::Credentials;
use crate::hash::hex;
use crate::uri;

/// Overwrites credentials in an answer by as many `*`, for answers of status 400 and above.
///
/// A body goes through [`Redactor::push`] and [`Redactor::finish`], a header through [`Redactor::redact`].
#[derive(Clone)]
pub struct Redactor {
    needles: Vec<Zeroizing<Vec<u8>>>,
    /// The end of the body so far, which can be the start of a needle.
    held: Zeroizing<Vec<u8>>,
    /// Bytes at the start of `held` that belong to a needle already.
    covered: usize,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").finish_non_exhaustive()
    }
}

impl Redactor {
    /// Looks for the credentials, and for the signature in `signed`, the headers of the request that was sent.
    #[must_use]
    pub fn new(credentials: &Credentials, signed: &HeaderMap) -> Self {
        let authorization = signed.get(AUTHORIZATION).and_then(|it| it.to_str().ok());
        let signature = authorization.and_then(|it| it.rsplit_once("Signature="));
        let values = [
            Some(credentials.key_id()),
            Some(credentials.secret()),
            credentials.token(),
            signature.map(|(_, signature)| signature),
        ];
        let values = values
            .into_iter()
            .flatten()
            .filter(|value| !value.is_empty());
        Self {
            needles: values.flat_map(forms).collect(),
            held: Zeroizing::default(),
            covered: 0,
        }
    }

    /// Returns what can be passed on after this chunk. The rest is held until it is known.
    #[must_use]
    pub fn push(&mut self, chunk: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(chunk);
        self.pass(false)
    }

    /// Returns what is held, at the end of the body.
    #[must_use]
    pub fn finish(&mut self) -> Vec<u8> {
        self.pass(true)
    }

    /// Redacts a whole text, such as the value of a header.
    #[must_use]
    pub fn redact(&self, text: &[u8]) -> Vec<u8> {
        let mut whole = self.clone();
        whole.held = Zeroizing::new(text.to_vec());
        whole.covered = 0;
        whole.pass(true)
    }

    fn pass(&mut self, is_end: bool) -> Vec<u8> {
        let mut passed = Vec::with_capacity(self.held.len());
        for at in 0..self.held.len() {
            let rest = self.held.get(at..).unwrap_or_default();
            let found = self.find_at(rest);
            if found.is_started && !is_end {
                break;
            }
            self.covered = self.covered.max(at + found.length);
            let byte = rest.first().copied().unwrap_or_default();
            passed.push(if at < self.covered { b'*' } else { byte });
        }
        let count = passed.len();
        self.held.drain(..count);
        self.covered = self.covered.saturating_sub(count);
        passed
    }

    fn find_at(&self, rest: &[u8]) -> Found {
        let mut found = Found::default();
        for needle in self
            .needles
            .iter()
            .filter(|needle| needle.first() == rest.first())
        {
            if rest.starts_with(needle) {
                found.length = found.length.max(needle.len());
            } else if needle.starts_with(rest) {
                found.is_started = true;
            }
        }
        found
    }
}

/// The needles at a position.
#[derive(Default)]
struct Found {
    /// Length of the longest that is there, or 0.
    length: usize,
    /// Whether one can be there when more bytes follow.
    is_started: bool,
}

/// Returns the forms in which services repeat a value.
fn forms(value: &str) -> Vec<Zeroizing<Vec<u8>>> {
    let bytes = value.as_bytes();
    let dump = hex(bytes);
    let pairs: Vec<&str> = (0..bytes.len())
        .filter_map(|at| dump.get(2 * at..2 * at + 2))
        .collect();
    let spaced = pairs.join(" ");
    let escaped = uri::encoded(bytes);
    let mut forms = vec![
        value.to_owned(),
        spaced.to_uppercase(),
        spaced,
        dump.to_uppercase(),
        dump,
        value.replace('/', "\\/"),
        // As JSON writers for the web escape them: Gson, and that of .NET.
        value.replace('=', "\\u003d"),
        value.replace('+', "\\u002B"),
        lower_escapes(&escaped),
        escaped.replace('%', "%25"),
        escaped,
    ];
    forms.sort_unstable();
    forms.dedup();
    forms
        .into_iter()
        .map(|form| Zeroizing::new(form.into_bytes()))
        .collect()
}

/// Writes the digits of escapes in lower case.
fn lower_escapes(text: &str) -> String {
    let mut parts = text.split('%');
    let mut lower = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        lower.push('%');
        lower.push_str(&digits.to_lowercase());
        lower.push_str(rest);
    }
    lower
}

#[cfg(test)]
mod tests;
