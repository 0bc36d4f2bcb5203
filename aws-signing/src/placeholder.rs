//! The access key id that a handler sees.

use std::fmt;

/// RFC 4648's base32.
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Characters for 128 bits.
const DIGITS: usize = 26;

/// The access key id that a handler sees: `BOOTSTREAM` and 26 characters in base32.
///
/// Random, so that text from outside cannot ask for a signature.
#[derive(Clone, PartialEq, Eq)]
pub struct Placeholder(String);

impl Placeholder {
    /// Encodes 128 random bits.
    #[must_use]
    pub fn from_random(random: [u8; 16]) -> Self {
        let bits = u128::from_be_bytes(random);
        let mut text = "BOOTSTREAM".to_owned();
        for digit in 0..DIGITS {
            // The last digit holds three bits, padded with zeros.
            let value = match 128_usize.checked_sub(5 * (digit + 1)) {
                Some(shift) => (bits >> shift) & 31,
                None => (bits << (5 * DIGITS - 128)) & 31,
            };
            let character = usize::try_from(value).ok().and_then(|at| ALPHABET.get(at));
            text.push(char::from(*character.expect("five bits")));
        }
        Self(text)
    }

    /// Returns the access key id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `text` contains the placeholder as a word: not as a part of a longer run of letters and digits.
    pub(crate) fn is_in(&self, text: &[u8]) -> bool {
        let is_part = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let length = self.0.len();
        text.windows(length).enumerate().any(|(at, word)| {
            // Few bytes pass the first comparison.
            word.first() == self.0.as_bytes().first()
                && word == self.0.as_bytes()
                && !is_part(at.checked_sub(1).and_then(|before| text.get(before)))
                && !is_part(text.get(at + length))
        })
    }
}

impl fmt::Debug for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Placeholder").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_base32_of_all_128_bits() {
        let text = |random| Placeholder::from_random(random).as_str().to_owned();
        assert_eq!(text([0; 16]), format!("BOOTSTREAM{}", "A".repeat(26)));
        // Python: base64.b32encode(bytes(range(16)))
        let counting = std::array::from_fn(|at| u8::try_from(at).unwrap());
        assert_eq!(text(counting), "BOOTSTREAMAAAQEAYEAUDAOCAJBIFQYDIOB4");
        for bit in 0..128 {
            assert_ne!(text((1_u128 << bit).to_be_bytes()), text([0; 16]), "{bit}");
        }
    }

    #[test]
    fn only_the_whole_word_counts() {
        let placeholder = Placeholder::from_random([7; 16]);
        let text = placeholder.as_str();
        for (inside, found) in [
            (text.to_owned(), true),
            (format!("Credential={text}/2026"), true),
            (format!("a {text}"), true),
            (format!("{text}A"), false),
            (format!("0{text}"), false),
            (text.to_lowercase(), false),
            (text.replacen('B', "C", 1), false),
            (text.get(1..).unwrap().to_owned(), false),
            (format!("{text}A {text}"), true),
            (String::new(), false),
        ] {
            assert_eq!(placeholder.is_in(inside.as_bytes()), found, "{inside}");
        }
    }
}
