//! Texts: what is between quotes.

use std::borrow::Cow;

use super::{Json, JsonError};

/// Bytes that are compared at once.
const BLOCK: usize = 8;

const INVALID_UTF_8: &str = "invalid UTF-8 in a string";
const LONE_SURROGATE: &str = "half of a surrogate pair in a string";

impl<'event> Json<'event> {
    /// Reads a text. It is borrowed unless it has escapes.
    pub(crate) fn text(&mut self) -> Result<Cow<'event, str>, JsonError> {
        self.expect(b'"')?;
        let plain = self.plain();
        if self.take(b'"') {
            let text = str::from_utf8(plain);
            return text
                .map(Cow::Borrowed)
                .map_err(|_| self.error(INVALID_UTF_8));
        }
        let mut text = plain.to_vec();
        while !self.take(b'"') {
            let character = self.character()?;
            text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            text.extend_from_slice(self.plain());
        }
        let text = String::from_utf8(text);
        text.map(Cow::Owned).map_err(|_| self.error(INVALID_UTF_8))
    }

    /// Passes over a text. Neither its encoding nor its surrogates are checked.
    pub(super) fn skip_text(&mut self) -> Result<(), JsonError> {
        self.expect(b'"')?;
        self.plain();
        while !self.take(b'"') {
            self.unit()?;
            self.plain();
        }
        Ok(())
    }

    /// Takes the bytes up to a quote, an escape, or a control character.
    fn plain(&mut self) -> &'event [u8] {
        let rest = self.rest();
        let plain = rest.get(..plain_bytes(rest)).unwrap_or(rest);
        self.at += plain.len();
        plain
    }

    /// Takes a character that is escaped.
    fn character(&mut self) -> Result<char, JsonError> {
        let high = u32::from(self.unit()?);
        let code = match high {
            0xd800..0xdc00 => {
                let low = u32::from(self.unit()?);
                if !(0xdc00..0xe000).contains(&low) {
                    return Err(self.error(LONE_SURROGATE));
                }
                0x1_0000 + ((high & 0x3ff) << 10 | low & 0x3ff)
            }
            code => code,
        };
        char::from_u32(code).ok_or_else(|| self.error(LONE_SURROGATE))
    }

    /// Takes an escape, which is one unit of UTF-16.
    fn unit(&mut self) -> Result<u16, JsonError> {
        if self.byte()? != b'\\' {
            return Err(self.error("a control character or half of a surrogate pair in a string"));
        }
        self.at += 1;
        let unit = match self.byte()? {
            byte @ (b'"' | b'\\' | b'/') => byte,
            b'b' => 0x8,
            b'f' => 0xc,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => return self.digits_of_unit(),
            _ => return Err(self.error("invalid escape")),
        };
        self.at += 1;
        Ok(unit.into())
    }

    /// Takes `u` and four hex digits.
    fn digits_of_unit(&mut self) -> Result<u16, JsonError> {
        let mut unit = 0;
        for _ in 0..4 {
            self.at += 1;
            let digit = char::from(self.byte()?).to_digit(16);
            let digit = digit.ok_or_else(|| self.error("invalid escape"))?;
            unit = unit << 4 | digit;
        }
        self.at += 1;
        Ok(u16::try_from(unit).unwrap_or_default())
    }
}

/// Returns how many bytes are before the first quote, backslash or control character.
fn plain_bytes(bytes: &[u8]) -> usize {
    let blocks = bytes.chunks_exact(BLOCK).map(<[u8; BLOCK]>::try_from);
    let in_blocks = blocks.take_while(|block| block.is_ok_and(is_plain)).count() * BLOCK;
    let rest = bytes.get(in_blocks..).unwrap_or_default().iter();
    in_blocks
        + rest
            .take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20))
            .count()
}

/// Returns whether none of the bytes ends a plain text. Compares all of them at once.
///
/// `x - 1 & !x` has the highest bit of the lowest byte that is 0:
/// <https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord>.
fn is_plain(block: [u8; BLOCK]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let block = u64::from_le_bytes(block);
    let has_zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let is_control = block.wrapping_sub(ONES * 0x20) & !block;
    let is_quote = has_zero(block ^ (ONES * u64::from(b'"')));
    let is_backslash = has_zero(block ^ (ONES * u64::from(b'\\')));
    (is_control | is_quote | is_backslash) & (ONES << 7) == 0
}
