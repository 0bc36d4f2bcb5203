//! The rules of the host for a head and for a content type.

use lambda_protocol::limits::PRELUDE_LIMIT_BYTES;
use lambda_protocol::prelude::Prelude;
use lambda_protocol::{InvalidHead, raw_content_type};

use crate::{Head, StreamError};

/// Rejects the heads that the host rejects.
pub(super) fn check(head: &Head) -> Result<(), StreamError> {
    let Head {
        status,
        headers,
        cookies,
    } = head.clone();
    match Prelude::encode(status, headers, cookies) {
        Ok(_) => Ok(()),
        Err(InvalidHead::Status(status)) => Err(StreamError::InvalidStatus(status)),
        Err(InvalidHead::Header(reason)) => Err(StreamError::InvalidHeader(reason)),
        Err(InvalidHead::TooLarge { actual_bytes }) => Err(StreamError::HeadTooLarge {
            actual_bytes: as_u64(actual_bytes),
            limit_bytes: as_u64(PRELUDE_LIMIT_BYTES),
        }),
    }
}

/// Rejects the content types of raw streams that the host rejects.
pub(super) fn check_content_type(content_type: &str) -> Result<(), StreamError> {
    match raw_content_type(content_type) {
        Ok(_) => Ok(()),
        Err(reason) => Err(StreamError::InvalidHeader(reason)),
    }
}

fn as_u64(size: usize) -> u64 {
    size.try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use lambda_protocol::prelude::Prelude;

    use super::check;
    use crate::{Head, StreamError};

    /// The size of a head over the limit, as reported in its error.
    fn encoded_bytes(head: Head) -> usize {
        let padded = head.header("padding", "a".repeat(PADDING_BYTES));
        let Err(StreamError::HeadTooLarge { actual_bytes, .. }) = check(&padded) else {
            panic!("{PADDING_BYTES} bytes are over the limit");
        };
        let padding_bytes = PADDING_BYTES + r#","padding":"""#.len();
        usize::try_from(actual_bytes).unwrap() - padding_bytes
    }

    const PADDING_BYTES: usize = 16_000;

    #[test]
    fn the_size_is_that_of_the_prelude() {
        let json = r#"{"statusCode":200,"headers":{"x-a":"1, 2","y":"z"},"multiValueHeaders":{"x-a":["1","2"]},"cookies":["a=1","b=2"]}"#;
        let head = Head::new(200)
            .header("x-a", "1")
            .header("y", "z")
            .header("X-A", "2")
            .header("Set-Cookie", "a=1")
            .cookie("b=2");

        assert_eq!(encoded_bytes(head), json.len() + 8);
    }

    /// The host writes the list of cookies even if it is empty.
    #[test]
    fn the_size_counts_an_empty_list_of_cookies() {
        let json = r#"{"statusCode":200,"headers":{"x":""},"cookies":[]}"#;

        assert_eq!(
            encoded_bytes(Head::new(200).header("x", "")),
            json.len() + 8
        );
    }

    #[test]
    fn a_head_without_cookies_has_the_limit_of_the_host() {
        let overhead = r#"{"statusCode":200,"headers":{"x":""},"cookies":[]}"#.len() + 8;
        let is_accepted = |bytes: usize| {
            let text = "a".repeat(bytes - overhead);
            let recorded = check(&Head::new(200).header("x", text.clone())).is_ok();
            let headers = vec![("x".to_owned(), text)];
            assert_eq!(recorded, Prelude::encode(200, headers, vec![]).is_ok());
            recorded
        };

        assert!(is_accepted(16_000));
        for bytes in 16_001..=16_013 {
            assert!(!is_accepted(bytes), "{bytes}");
        }
    }

    /// The host rejects them, so the recording must too.
    #[test]
    fn a_content_length_is_one_number() {
        let length = |value: &str| Head::new(200).header("Content-Length", value);

        assert_eq!(check(&length("5")), Ok(()));
        for head in [
            length("x"),
            length("-1"),
            length("5").header("content-length", "5"),
        ] {
            let error = check(&head).unwrap_err().to_string();
            assert!(error.contains("`content-length`"), "{error}");
        }
    }

    #[test]
    fn the_limit_is_exact() {
        let overhead = encoded_bytes(Head::new(200).header("x", ""));
        let fits = Head::new(200).header("x", "a".repeat(16_000 - overhead));
        let is_too_large = Head::new(200).header("x", "a".repeat(16_001 - overhead));

        assert_eq!(check(&fits), Ok(()));
        assert_eq!(
            check(&is_too_large),
            Err(StreamError::HeadTooLarge {
                actual_bytes: 16_001,
                limit_bytes: 16_000
            })
        );
    }

    #[test]
    fn what_is_not_http_is_refused() {
        for status in [0, 99, 600] {
            assert_eq!(
                check(&Head::new(status)),
                Err(StreamError::InvalidStatus(status))
            );
        }
        let cases = [
            (
                Head::new(200).header("a b", "x"),
                "`a b` is not a valid header name",
            ),
            (
                Head::new(200).header("", "x"),
                "`` is not a valid header name",
            ),
            (
                Head::new(200).header("X", "a\r\nb: c"),
                "the value of header `x` contains the control character U+000D",
            ),
            (
                Head::new(200).cookie("a\0"),
                "the value of header `set-cookie` contains the control character U+0000",
            ),
        ];
        for (head, reason) in cases {
            assert_eq!(
                check(&head),
                Err(StreamError::InvalidHeader(reason.to_owned()))
            );
        }
        let allowed = Head::new(200).header("x", "tab\tand \u{e9}\u{20ac}");
        assert_eq!(check(&allowed), Ok(()));
    }
}
